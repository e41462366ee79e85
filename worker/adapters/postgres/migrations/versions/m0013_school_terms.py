"""Which terms the sections of each school name.

Revision ID: 0013
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Add the counts of sections by school and term."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
