"""The history of guards says what students were after a commit as well.

Revision ID: 0022
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Add what commits made of students."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
