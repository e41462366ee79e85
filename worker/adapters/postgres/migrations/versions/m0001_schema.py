"""The schema.

Revision ID: 0001
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_sql_of

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    run_sql_of(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
