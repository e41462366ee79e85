"""Buckets of failed log-ins are told by a key, and cannot be aimed at.

Revision ID: 0019
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Add the key."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
