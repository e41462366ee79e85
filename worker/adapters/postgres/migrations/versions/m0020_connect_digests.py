"""Of connect links a digest is kept, and no e-mail that has left holds one.

Revision ID: 0020
"""

from __future__ import annotations

from worker.adapters.postgres.migrations.scripts import run_beside

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Keep digests, and take the tokens away."""
    run_beside(__file__)


def downgrade() -> None:
    """Migrations go forward only."""
    raise NotImplementedError
