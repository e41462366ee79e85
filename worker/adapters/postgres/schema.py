"""The database's schema: whether it is the one that this program works with, and bringing it there.

The look takes a plain query; alembic, a third of what the program would import, only comes in to migrate.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from importlib import resources

import asyncpg

from worker.adapters.postgres.database import Database
from worker.runtime.errors import SchemaVersionError

_MIGRATION = re.compile(r"m(\d{4})_\w+\.py")


async def migrate(dsn: str, tell: Callable[[str], None] = lambda _: None) -> tuple[str | None, str]:
    """Bring the schema up to date, one process at a time; return the versions before and after.

    `tell` is told who holds a lock that is waited for.
    """
    head, before = newest(), await version(dsn)
    if before is not None and before > head:
        raise _other(before)
    if before != head:
        from worker.adapters.postgres import migrating  # noqa: PLC0415 — see above

        before = await migrating.upgrade(dsn, tell=tell)
    return before, head


async def check_version(dsn: str) -> None:
    """Raise `SchemaVersionError` where the schema is not the one that this program works with."""
    found = await version(dsn)
    if found is None:
        raise SchemaVersionError("the database has no schema yet: run `rostering migrate`")
    if found != newest():
        raise _other(found)


async def check_still(dsn: str) -> None:
    """Raise `SchemaVersionError` where the schema has become one of another version; not where it is gone."""
    found = await version(dsn)
    if found is not None and found != newest():
        raise _other(found)


def _other(found: str) -> SchemaVersionError:
    return SchemaVersionError(
        f"the database's schema is version {found}, this program needs {newest()}: "
        "run `rostering migrate` with the newer of the two"
    )


def newest() -> str:
    """Return the version that this program works with: that of its last migration."""
    files = resources.files("worker.adapters.postgres.migrations.versions").iterdir()
    return max(found[1] for file in files if (found := _MIGRATION.fullmatch(file.name)))


async def version(dsn: str) -> str | None:
    """Return the version of the database's schema; None where it has none. Raises `StoreUnavailable`."""
    database = Database(dsn, name="rostering/schema", size=1)
    try:
        async with database.connection() as connection:
            try:
                found: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
            except asyncpg.UndefinedTableError:
                return None
            return found
    finally:
        await database.close()
