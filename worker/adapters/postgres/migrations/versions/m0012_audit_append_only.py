"""The audit can only be added to.

Revision ID: 0012
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Refuse changes and deletions of what was written."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
