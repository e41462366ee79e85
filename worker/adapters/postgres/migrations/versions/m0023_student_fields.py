"""Of students only the fields are kept that something asks for.

Revision ID: 0023
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add what is known of the fields that are kept."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
