"""What a review says: its causes, its suggestions, the table of sections."""
