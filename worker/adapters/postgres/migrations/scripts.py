"""Running a migration's SQL file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, cast

from alembic import op

if TYPE_CHECKING:
    from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection


def run_sql_of(module: str) -> None:
    """Run the SQL file that stands beside a migration's module."""
    script = Path(module).with_suffix(".sql").read_text()
    connection = op.get_bind().connection.dbapi_connection
    # Straight to the driver, which takes a script of many statements; SQLAlchemy takes one at a time.
    cast("AsyncAdapt_asyncpg_connection", connection).run_async(lambda driver: driver.execute(script))
