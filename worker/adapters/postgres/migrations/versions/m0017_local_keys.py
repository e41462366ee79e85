"""A console without users is opened by links that are good once.

Revision ID: 0017
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Add the links, and the sessions they are exchanged for."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
