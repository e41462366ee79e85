"""Stages that fail are known to all processes.

Revision ID: 0016
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the table."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
