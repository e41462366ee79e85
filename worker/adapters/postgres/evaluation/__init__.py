"""adapters of postgres of evaluation."""
