"""Events from before a purge are refused.

Revision ID: 0021
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Remember until when a purged district's events are refused."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
