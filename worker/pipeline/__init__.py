"""The stages of the pipeline, one a file; they meet in the store and on the broker, never in a call."""
