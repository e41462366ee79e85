"""adapters of postgres of relay."""
