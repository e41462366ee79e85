"""domain of review."""
