"""Clever as a live source: connections, baselines, incidents.

Revision ID: 0002
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add the tables of the source, and to each district the floor of its feed."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
