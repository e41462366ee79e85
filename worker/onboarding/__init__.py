"""Onboarding: from the invitation of a district to its first assessment."""
