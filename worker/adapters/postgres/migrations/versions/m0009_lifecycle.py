"""The way of a district, from the day it is chosen to its first assessment.

Revision ID: 0009
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add states, moves, and the links to connect by."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
