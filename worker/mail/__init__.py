"""E-mails to districts: composed from templates, sent once, and read when they come back."""
