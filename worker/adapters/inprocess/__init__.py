"""adapters of inprocess."""
