"""domain of alerts."""
