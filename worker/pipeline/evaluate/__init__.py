"""Evaluate: the preflight of one district at a time, and the decision that follows."""
