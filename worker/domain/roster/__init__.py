"""domain of roster."""
