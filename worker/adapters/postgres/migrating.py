"""Bringing the database's schema up to date, with alembic; see `worker.adapters.postgres.schema`."""

from __future__ import annotations

from importlib import resources
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from worker.adapters.postgres.errors import translated
from worker.errors import StoreUnavailable

_LOCK: Final = 7305177190153
"""Key of the advisory lock under which one process at a time migrates; any number that is ours alone."""


async def upgrade(dsn: str, to: str = "head") -> str | None:
    """Run the migrations that are missing up to one, one process at a time; return the version before."""

    def work(connection: Connection) -> str | None:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        before = MigrationContext.configure(connection).get_current_revision()
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        return before

    engine = _engine(dsn)
    try:
        with translated():
            async with engine.begin() as connection:
                return await connection.run_sync(work)
    except DBAPIError as error:
        raise StoreUnavailable(f"PostgreSQL: {type(error.orig).__name__}") from None
    finally:
        await engine.dispose()


def alembic_config() -> Config:
    """Return where alembic finds the migrations."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("worker.adapters.postgres.migrations")))
    config.set_main_option("path_separator", "os")
    return config


def _engine(dsn: str) -> AsyncEngine:
    # SQLAlchemy wants its own scheme, and leaves host=<socket folder> to the driver.
    scheme, _, rest = dsn.partition("://")
    return create_async_engine(f"postgresql+asyncpg://{rest}" if scheme else dsn, pool_size=1)
