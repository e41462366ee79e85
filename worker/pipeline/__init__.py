"""The pipeline: poll, ingest, evaluate, relay. They meet in the store and on the broker, never in a call."""
