"""The schema.

Revision ID: 0001
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
