"""A district's onboarding from the day it is chosen to its first assessment."""
