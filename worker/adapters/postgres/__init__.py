"""PostgreSQL: the one store, external or embedded."""
