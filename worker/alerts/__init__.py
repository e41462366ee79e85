"""Alerts: incidents are inspected, and alerts delivered to channels."""
