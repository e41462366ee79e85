"""The broker's interface, and events on their way to it."""
