"""Of two versions of a record the one changed last stays.

Revision ID: 0018
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Keep when each version of a record was changed."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
