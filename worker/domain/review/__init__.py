"""What a review says: its causes, its suggestions, sections as it tells them."""
