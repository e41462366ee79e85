"""E-mails to the administration teams of districts.

Revision ID: 0008
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Add the table of mails."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
