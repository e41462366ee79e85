"""domain of access."""
