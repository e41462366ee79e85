"""domain of messages."""
