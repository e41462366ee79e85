"""pipeline of evaluate."""
