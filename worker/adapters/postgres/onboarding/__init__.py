"""adapters of postgres of onboarding."""
