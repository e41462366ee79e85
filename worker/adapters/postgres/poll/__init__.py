"""adapters of postgres of poll."""
