"""Mail servers and mailboxes: SMTP out, IMAP in, and what messages are made of."""
