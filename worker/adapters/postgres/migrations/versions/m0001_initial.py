"""The first schema.

Revision ID: 0001
"""

from __future__ import annotations

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    script = Path(__file__).with_suffix(".sql").read_text()
    connection = op.get_bind().connection.dbapi_connection
    connection.run_async(lambda driver: driver.execute(script))


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
