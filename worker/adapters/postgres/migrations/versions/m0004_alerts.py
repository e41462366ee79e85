"""Alerts that are delivered: incidents with a memory, a lane of their own, deliveries.

Revision ID: 0004
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add what alerts need."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
