"""Users, sessions, failed log-ins, and the audit log."""
