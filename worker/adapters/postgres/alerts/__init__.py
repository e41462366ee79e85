"""Incidents, alerts, and their deliveries to channels."""
