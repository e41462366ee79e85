"""adapters of rabbitmq."""
