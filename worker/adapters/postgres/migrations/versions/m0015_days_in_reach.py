"""Days of windows and launches are near enough to be reckoned with.

Revision ID: 0015
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Take away what cannot be meant, and refuse it from now on."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
