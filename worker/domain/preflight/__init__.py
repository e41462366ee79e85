"""domain of preflight."""
