"""People who log in: users, sessions, and who looked at what.

Revision ID: 0005
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add what access needs."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
