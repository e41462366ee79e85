"""The inbox, and the quarantine of districts."""
