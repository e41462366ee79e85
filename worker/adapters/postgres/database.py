"""Connections: a pool, transactions that try again after a deadlock, and errors in our own terms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast
from weakref import WeakSet

import asyncpg
import orjson
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from worker.adapters.postgres.connector import Connector, Pooling
from worker.adapters.postgres.errors import translated
from worker.adapters.postgres.watched import USUAL, WatchedConnection, WatchTimes
from worker.runtime.errors import SettingsError, StoreContended, StoreUnavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Result = TypeVar("Result")

CLOSE_SECONDS: Final = 5.0
"""How long giving back or closing a connection may take; one that takes longer is cut."""

_ELSEWHERE: Final = (
    OSError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.exceptions.ReadOnlySQLTransactionError,
)
"""What says that this server is not, or no longer, the one to work with: another may stand at its address."""


class Database:
    """A pool of connections to one database."""

    def __init__(
        self,
        dsn: str,
        *,
        name: str,
        size: int,
        direct: str | None = None,
        times: WatchTimes = USUAL,
    ) -> None:
        self._connector = Connector(dsn, name=name, times=times)
        self._sessions = self._connector
        if direct is not None:
            self._sessions = Connector(
                direct, name=name, setting="ROSTERING_DATABASE_DIRECT_URL", times=times
            )
        for connector in (self._connector, self._sessions):
            connector.on_dark = self.expire
        self._size = size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()
        self._open_ones: WeakSet[WatchedConnection] = WeakSet()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; `StoreUnavailable` where there is none to be had, or it breaks."""
        with translated():
            pool = await self._open()
            connection = await pool.acquire(timeout=self._connector.seconds)
            watched = cast("WatchedConnection", connection).lend()
            try:
                yield connection
            except _ELSEWHERE:
                self.expire()
                raise
            finally:
                watched.is_lent = False
                await self._give_back(pool, connection, watched)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Connection]:
        """Lend a connection inside a transaction, committed when the context is left well."""
        async with self.connection() as connection, connection.transaction():
            yield connection

    async def in_transaction(self, work: Callable[[Connection], Awaitable[Result]]) -> Result:
        """Do `work` in a transaction, again from the start where another one got in its way."""
        attempts = AsyncRetrying(
            retry=retry_if_exception_type(StoreContended),
            stop=stop_after_attempt(5),
            wait=wait_random_exponential(multiplier=0.02, max=1),
            reraise=True,
        )
        async for attempt in attempts:
            with attempt:
                async with self.transaction() as connection:
                    return await work(connection)
        raise AssertionError("unreachable: the last attempt raises")

    async def connect(self) -> WatchedConnection:
        """Open a connection outside the pool, with a session of its own, for its caller to close.

        Raises `SettingsError` where a pooler gives no sessions.
        """
        with translated():
            connection = await self._sessions.open()
        if self._sessions.pooling is Pooling.TRANSACTION:
            connection.terminate()
            raise _no_sessions()
        self._open_ones.add(connection)
        return connection

    async def has_sessions(self) -> bool:
        """Whether `connect` can be served; opens a connection to find out, the first time."""
        if self._sessions.pooling is None:
            with translated():
                (await self._sessions.open()).terminate()
        return self._sessions.pooling is not Pooling.TRANSACTION

    async def check_sessions(self) -> None:
        """Raise `SettingsError` where a pooler gives no sessions."""
        if not await self.has_sessions():
            raise _no_sessions()

    def expire(self) -> None:
        """Give every connection up: idle ones at once, the others when they come back.

        All of them lead to the same server, and the address may lead to another one by now.
        """
        for connection in list(self._open_ones):
            connection.give_up()

    async def close(self) -> None:
        """Close every connection; those that do not end in time are cut."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            with translated():
                await asyncio.wait_for(pool.close(), CLOSE_SECONDS)
        except StoreUnavailable:
            pool.terminate()

    async def _open(self) -> asyncpg.Pool[asyncpg.Record]:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    min_size=0,
                    max_size=self._size,
                    connect=self._connected,
                    init=_speak_json,
                    reset=_nothing_to_reset,
                )
            return self._pool

    async def _give_back(
        self,
        pool: asyncpg.Pool[asyncpg.Record],
        connection: PoolConnectionProxy[asyncpg.Record],
        watched: WatchedConnection,
    ) -> None:
        """Give a connection back; one that takes too long over it is cut by the pool, and is no error."""
        if watched.is_closed():
            self.expire()
        if watched.is_given_up:
            watched.terminate()
        with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError, StoreUnavailable):
            await pool.release(connection, timeout=CLOSE_SECONDS)

    async def _connected(self, *_: object, **__: object) -> WatchedConnection:
        connection = await self._connector.open()
        self._open_ones.add(connection)
        return connection


def _no_sessions() -> SettingsError:
    return SettingsError(
        "ROSTERING_DATABASE_DIRECT_URL: expected an address without a pooler, or with one in session mode: a "
        "pooler in transaction mode has no lasting locks, which reading from Clever needs"
    )


async def _nothing_to_reset(_connection: object) -> None:
    """Leave a session as it is: whatever we set is set for one transaction, or at its start."""


async def _speak_json(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    # In its binary form, as COPY wants it: a version, and the text.
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_to_json, decoder=_from_json, format="binary"
    )


def _to_json(value: Any) -> bytes:
    return b"\x01" + orjson.dumps(value)


def _from_json(stored: bytes) -> Any:
    return orjson.loads(memoryview(stored)[1:])
