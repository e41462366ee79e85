"""The stages of the pipeline, one a file. They never call each other: they meet in the store and the broker."""
