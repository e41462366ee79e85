"""Alerts leave from the database: a row for each, which the relay and every channel read.

Revision ID: 0011
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Add the alerts, and carry over those that wait."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
