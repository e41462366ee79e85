"""Students who were erased do not come back.

Revision ID: 0024
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add the table of erased students."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
