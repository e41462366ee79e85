"""The broker inside the process, with files in place of queues."""
