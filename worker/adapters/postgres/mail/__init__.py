"""adapters of postgres of mail."""
