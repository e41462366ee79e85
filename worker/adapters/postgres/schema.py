"""The database's schema: bring it up to date, or say that it is not."""

from __future__ import annotations

from importlib import resources
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from worker.adapters.postgres.database import translated
from worker.errors import SchemaVersionError, StoreUnavailable

_LOCK: Final = 7305177190153
"""Key of the advisory lock under which one process at a time migrates; any number that is ours alone."""


async def migrate(dsn: str) -> tuple[str | None, str]:
    """Bring the schema up to date, one process at a time; return the versions before and after."""

    def work(connection: Connection) -> tuple[str | None, str]:
        connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        before = _version(connection)
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before, _head()

    engine = _engine(dsn)
    try:
        with translated():
            async with engine.begin() as connection:
                return await connection.run_sync(work)
    except DBAPIError as error:
        raise StoreUnavailable(f"PostgreSQL: {type(error.orig).__name__}") from None
    finally:
        await engine.dispose()


async def check_version(dsn: str) -> None:
    """Raise `SchemaVersionError` where the schema is not the one that this program works with."""
    engine = _engine(dsn)
    try:
        with translated():
            async with engine.connect() as connection:
                found = await connection.run_sync(_version)
    except DBAPIError as error:
        raise StoreUnavailable(f"PostgreSQL: {type(error.orig).__name__}") from None
    finally:
        await engine.dispose()
    if found is None:
        raise SchemaVersionError("the database has no schema yet: run `rostering migrate`")
    if found != _head():
        raise SchemaVersionError(
            f"the database's schema is version {found}, this program works with {_head()}: "
            "run `rostering migrate` of the newer of the two"
        )


def _engine(dsn: str) -> AsyncEngine:
    # SQLAlchemy wants its own scheme, and leaves host=<socket folder> to the driver.
    scheme, _, rest = dsn.partition("://")
    return create_async_engine(f"postgresql+asyncpg://{rest}" if scheme else dsn, pool_size=1)


def _version(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _head() -> str:
    head = ScriptDirectory.from_config(_config()).get_current_head()
    assert head is not None  # noqa: S101 — the package ships its migrations
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(resources.files("worker.adapters.postgres.migrations")))
    config.set_main_option("path_separator", "os")
    return config
