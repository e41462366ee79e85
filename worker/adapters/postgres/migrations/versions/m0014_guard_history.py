"""What recent commits moved, for guards that count over hours; filters with confirmed figures.

Revision ID: 0014
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the history of guards, and confirmations of filters."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
