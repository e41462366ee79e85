"""The steps, one a module, each with its SQL beside it."""
