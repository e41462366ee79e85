"""Ingest: events are read, stored and acknowledged; what cannot be read goes to the dead letters."""
