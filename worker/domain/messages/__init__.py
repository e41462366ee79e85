"""The messages that are published: commits and reviews."""
