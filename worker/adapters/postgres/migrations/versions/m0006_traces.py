"""Trace contexts of events, kept from the inbox to the batch.

Revision ID: 0006
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add what traces need."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
