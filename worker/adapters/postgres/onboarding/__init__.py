"""Districts in onboarding: where each is, its moves, its connect links."""
