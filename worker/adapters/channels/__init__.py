"""Channels that alerts are delivered to, one technology a file."""
