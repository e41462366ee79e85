"""What pages show at once: coverage by school and grade.

Revision ID: 0007
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add what pages need."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
