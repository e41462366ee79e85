"""E-mails to districts: values, quiet hours, reports of servers."""
