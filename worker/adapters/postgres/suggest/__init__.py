"""What the search of section filters reads, and the suggestions that are kept."""
