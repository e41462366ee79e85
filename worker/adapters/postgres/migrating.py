"""Bringing the database's schema up to date, with alembic; see `worker.adapters.postgres.schema`.

All of it is one transaction, which waits for a lock for seconds only: whoever waits for a table holds up
everybody who comes after. Then it gives everything back, says who was in the way, and tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from importlib import resources
from typing import Final

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import NullPool

from worker.adapters.postgres.connector import Connector
from worker.adapters.postgres.errors import translated
from worker.adapters.postgres.watched import WatchedConnection
from worker.runtime.errors import SettingsError, StoreUnavailable

_LOCK: Final = 7305177190153
"""Key of the advisory lock under which one process at a time migrates; any number that is ours alone."""
LOCK_SECONDS: Final = 3.0
"""How long an attempt waits for a lock."""
PAUSE_SECONDS: Final = 2.0
GIVE_UP_SECONDS: Final = 600.0
LOOK_SECONDS: Final = 1.0

_BLOCKING: Final = """
    SELECT pid, application_name, coalesce(client_addr::text, 'this machine') AS client,
        to_char(xact_start AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS since
    FROM pg_stat_activity WHERE pid = ANY (pg_blocking_pids($1)) ORDER BY pid"""

Tell = Callable[[str], None]


async def upgrade(
    dsn: str, to: str = "head", *, tell: Tell = lambda _: None, give_up: float = GIVE_UP_SECONDS
) -> str | None:
    """Run the migrations that are missing up to one, one process at a time; return the version before.

    `tell` is told in one line who holds a lock that is waited for. Raises `StoreUnavailable` where one is
    held for longer than `give_up` seconds, and `SettingsError`.
    """
    connector = Connector(dsn, name="rostering/migrate", statement_seconds=None, lock_seconds=LOCK_SECONDS)
    end = asyncio.get_running_loop().time() + give_up
    waiting = _LockWaiting(connector, tell)
    while True:
        try:
            with translated():
                return await _attempt(waiting, to)
        except _LockHeld:
            if asyncio.get_running_loop().time() > end:
                raise StoreUnavailable(
                    f"the schema could not be migrated for {give_up:g} seconds: {waiting.last}"
                ) from None
        await asyncio.sleep(PAUSE_SECONDS)


async def _attempt(waiting: _LockWaiting, to: str) -> str | None:
    def work(connection: Connection) -> str | None:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        before = MigrationContext.configure(connection).get_current_revision()
        config = alembic_config()
        config.attributes["connection"] = connection
        command.upgrade(config, to)
        return before

    engine = _engine(waiting)
    try:
        async with engine.begin() as connection, waiting.watched():
            return await connection.run_sync(work)
    except (DBAPIError, asyncpg.PostgresError) as error:
        raise _meant(error) from None
    finally:
        await engine.dispose()


class _LockHeld(Exception):
    """A lock was not to be had in time."""


class _LockWaiting:
    """Says who is in the way, each time that it is somebody else."""

    def __init__(self, connector: Connector, tell: Tell) -> None:
        self._connector = connector
        self._tell = tell
        self._migrating: WatchedConnection | None = None
        self.last = "a lock was not available"

    async def open(self) -> WatchedConnection:
        """Open the connection that migrates."""
        self._migrating = await self._connector.open()
        return self._migrating

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Look at what the migration waits for while the context is open."""
        looking = asyncio.create_task(self._look())
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            backend = self._migrating.backend if self._migrating else None
            # Who cannot be asked is asked again; the migration does without.
            with suppress(StoreUnavailable, SettingsError), translated():
                if backend is not None:
                    self._say(await self._blocking(backend))

    async def _blocking(self, backend: int) -> list[asyncpg.Record]:
        connection = await self._connector.open()
        try:
            return await connection.fetch(_BLOCKING, backend)
        finally:
            connection.terminate()

    def _say(self, rows: list[asyncpg.Record]) -> None:
        if not rows:
            return
        names = [
            f"process {row['pid']} ({row['application_name'] or 'no name'}, from {row['client']}) has "
            f"held one since {row['since'] or 'an unknown time'}"
            for row in rows
        ]
        said = f"waiting for a lock: {'; '.join(names)}"
        if said != self.last:
            self._tell(said)
        self.last = said


def _meant(error: DBAPIError | asyncpg.PostgresError) -> Exception:
    """Return what an error of the driver means here, unwrapped."""
    driver: Exception = error
    if isinstance(error, DBAPIError):
        cause = error.orig.__cause__ if error.orig is not None else None
        if not isinstance(cause, Exception):
            return StoreUnavailable(f"PostgreSQL: {type(error.orig).__name__}")
        driver = cause
    if isinstance(driver, asyncpg.LockNotAvailableError | asyncpg.DeadlockDetectedError):
        return _LockHeld()
    if isinstance(driver, asyncpg.InsufficientPrivilegeError):
        return SettingsError("ROSTERING_DATABASE_URL: its user may not change the schema (42501)")
    return driver


def alembic_config() -> Config:
    """Return where alembic finds the migrations."""
    config = Config()
    config.set_main_option("script_location", str(resources.files("worker.adapters.postgres.migrations")))
    config.set_main_option("path_separator", "os")
    return config


def _engine(waiting: _LockWaiting) -> AsyncEngine:
    return create_async_engine(
        "postgresql+asyncpg://",  # the connection is made as everywhere else, from the whole URL
        poolclass=NullPool,
        connect_args={
            "async_creator_fn": waiting.open,
            # A statement with a name would stay behind at a pooler.
            "prepared_statement_cache_size": 0,
            "prepared_statement_name_func": lambda: "",
        },
    )
