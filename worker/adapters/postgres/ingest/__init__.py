"""adapters of postgres of ingest."""
