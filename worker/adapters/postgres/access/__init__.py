"""adapters of postgres of access."""
