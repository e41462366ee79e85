"""Reviews that tell a district what to do: people's decisions, history, suggestions.

Revision ID: 0003
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add holds, approvals, ends of policies, the history of commits, and suggestions."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
