"""One technology a folder or a file: each answers to a port of the room that uses it."""
