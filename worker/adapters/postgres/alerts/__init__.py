"""adapters of postgres of alerts."""
