"""A district's way from the day it is chosen to its first assessment."""
