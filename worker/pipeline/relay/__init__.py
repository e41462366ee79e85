"""pipeline of relay."""
