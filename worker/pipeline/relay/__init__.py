"""Relay: decisions leave the outbox for the broker, in order."""
