"""The outbox, with the leases under which it is published."""
