"""Incidents: what is one, how it is detected, and what an alert says."""
