"""adapters of postgres of suggest."""
