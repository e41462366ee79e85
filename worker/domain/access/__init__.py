"""Users of the console, and the delay after failed log-ins."""
