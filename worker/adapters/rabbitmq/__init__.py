"""RabbitMQ: the broker, its topology and rights, and dead letters."""
