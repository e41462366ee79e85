"""Connections: a pool, transactions that try again after a deadlock, and errors in our own terms."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import asyncpg
import orjson
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from worker.adapters.postgres.errors import translated
from worker.errors import StoreContended, StoreUnavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

Connection: TypeAlias = "asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
Result = TypeVar("Result")

CONNECT_SECONDS: Final = 10.0
STATEMENT_SECONDS: Final = 600
"""The longest statement is the adoption of a first commit: a minute for a million students."""
LOCK_SECONDS: Final = 60
IDLE_SECONDS: Final = 120
"""A process that stops in mid-transaction loses its locks after this."""

_PLANS: Final = {
    "plan_cache_mode": "force_custom_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",  # only a plain index scan marks the dead entries that it meets
}
"""Every statement finds a handful of rows by their keys, and must do so in tables that grew from nothing a
moment ago, in the same transaction, before PostgreSQL has any statistics. Left to itself it then reads
whole districts, and keeps to such a plan once it has made one. For the same reason the statements look rows
up in `LATERAL (… OFFSET 0)` and scalar subqueries: those are planned for one key at a time, always."""


class Database:
    """A pool of connections to one database."""

    def __init__(self, dsn: str, *, name: str, size: int) -> None:
        self._dsn = dsn
        self._name = name
        self._size = size
        self._pool: asyncpg.Pool[asyncpg.Record] | None = None
        self._opening = asyncio.Lock()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        """Lend a connection; `StoreUnavailable` where there is none to be had, or it breaks."""
        with translated():
            pool = await self._open()
            async with pool.acquire(timeout=CONNECT_SECONDS) as connection:
                yield connection

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

    async def connect(self) -> asyncpg.Connection[asyncpg.Record]:
        """Open a connection outside the pool, for its caller to close."""
        with translated():
            return await asyncpg.connect(self._dsn, **self._options())

    async def close(self) -> None:
        """Close every connection; those that do not end in time are cut."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            with translated():
                await asyncio.wait_for(pool.close(), CONNECT_SECONDS)
        except StoreUnavailable:
            pool.terminate()

    async def _open(self) -> asyncpg.Pool[asyncpg.Record]:
        async with self._opening:
            if self._pool is None:
                self._pool = await asyncpg.create_pool(
                    self._dsn, min_size=0, max_size=self._size, init=_speak_json, **self._options()
                )
            return self._pool

    def _options(self) -> dict[str, Any]:
        return {
            "timeout": CONNECT_SECONDS,
            "server_settings": {
                "application_name": self._name,
                "jit": "off",  # every statement is short, or runs once
                **_PLANS,
                "statement_timeout": f"{STATEMENT_SECONDS}s",
                "lock_timeout": f"{LOCK_SECONDS}s",
                "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
                "tcp_keepalives_idle": "30",
                "tcp_keepalives_interval": "10",
                "tcp_keepalives_count": "3",
            },
        }


async def _speak_json(connection: asyncpg.Connection[asyncpg.Record]) -> None:
    await connection.set_type_codec(
        "jsonb", schema="pg_catalog", encoder=_to_json, decoder=orjson.loads, format="text"
    )


def _to_json(value: Any) -> str:
    return orjson.dumps(value).decode()
