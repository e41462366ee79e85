"""adapters of postgres of operations."""
