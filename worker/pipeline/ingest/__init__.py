"""pipeline of ingest."""
