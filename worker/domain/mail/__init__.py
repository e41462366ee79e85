"""domain of mail."""
