"""E-mails to districts, and what people do with them."""
