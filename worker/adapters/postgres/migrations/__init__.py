"""The database's schema, as numbered steps forward; run by alembic."""
