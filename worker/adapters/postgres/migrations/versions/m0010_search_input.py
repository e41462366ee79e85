"""What suggestions of section filters were computed from.

Revision ID: 0010
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Add the number of the batch that last changed what a search reads."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
