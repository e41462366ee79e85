"""A connection whose calls are watched: one that nobody answers is cut, however long others may take.

A statement of a large district takes minutes, so that no flat deadline tells it from a connection that
swallows everything: behind a proxy that hangs, or after a failover, what we send is taken and no answer ever
comes. PostgreSQL knows the difference. When a call takes long, another connection asks the server what the
backend of this one does. One that is at work is waited for; one that waits for us, while we wait for it,
never heard us or was never heard. Its backend is ended, so that it holds no locks, and the connection is cut.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from enum import Enum, auto
from functools import wraps
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, cast

import asyncpg

from worker.runtime import heartbeat
from worker.runtime.errors import StoreUnavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

    DriverConnection = asyncpg.Connection[asyncpg.Record]
else:
    DriverConnection = asyncpg.Connection


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """How patient a watch is, in seconds."""

    first: float = 5.0
    """How long a call may take before the server is asked about it; nearly all take milliseconds."""
    between: float = 4.0
    away: float = 60.0
    """A server that cannot be asked for so long is taken to be away."""
    without_backend: float = 30.0
    """The longest that a call may take whose backend is not known: those that open a connection."""


USUAL: Final = WatchTimes()
SILENT_LOOKS: Final = 2
"""So many looks in a row must find that a backend waits for us: one may fall between two of its steps."""

Method = TypeVar("Method", bound=Callable[..., Awaitable[Any]])


class BackendState(Enum):
    """What the server says of a backend."""

    WORKING = auto()
    SILENT = auto()
    """It waits for us, or is no longer there."""
    AWAY = auto()
    """The server could not be asked."""
    UNKNOWN = auto()
    """The server has no place for one who asks, or does not say."""


class Watch(Protocol):
    """Asks the server about backends, and ends them: `worker.adapters.postgres.connector.Connector`."""

    times: WatchTimes
    longest: float | None
    """Seconds that a call may take whatever the server says; None for as long as it takes."""

    async def look(self, backend: int) -> BackendState:
        """Return what that backend does."""

    async def end(self, backend: int) -> None:
        """End that backend, so that it holds no locks any more; what fails here changes nothing."""

    def found_dark(self) -> None:
        """Take note that a connection swallows what it is given."""


def _watched(method: Method) -> Method:
    @wraps(method)
    async def call(self: WatchedConnection, *arguments: Any, **options: Any) -> Any:
        if self.begins_with is None or self.is_in_transaction():
            return await self.in_time(method(self, *arguments, **options))
        if arguments and str(arguments[0]).startswith("BEGIN"):
            await self.in_time(method(self, f"{arguments[0]} {self.begins_with}"))
            # Between two transactions a pooler gives us another backend.
            self.backend = await self.fetchval("SELECT pg_backend_pid()")
            return None
        async with self.transaction():
            return await self.in_time(method(self, *arguments, **options))

    return cast("Method", call)


class WatchedConnection(DriverConnection):
    """A connection whose calls end: with an answer, or because there will be none."""

    watch: Watch | None = None
    backend: int | None = None
    """The server's process that works for us; not what a pooler calls it."""
    begins_with: str | None = None
    """Behind a pooler that lends a backend for one transaction: what each of ours begins with.

    There is no call outside a transaction then: settings of a session would be left to whoever is next.
    """
    is_lent = False
    is_given_up = False
    _looking: asyncio.Task[None] | None = None
    is_dark = False
    """Whether it was found to swallow what it is given."""

    execute = _watched(asyncpg.Connection.execute)
    executemany = _watched(asyncpg.Connection.executemany)
    fetch = _watched(asyncpg.Connection.fetch)
    fetchrow = _watched(asyncpg.Connection.fetchrow)
    fetchval = _watched(asyncpg.Connection.fetchval)
    copy_records_to_table = _watched(asyncpg.Connection.copy_records_to_table)

    def unsent(self) -> int:
        """Return how many bytes of ours the system has not taken yet."""
        transport = getattr(self, "_transport", None)
        return 0 if transport is None else int(transport.get_write_buffer_size())

    def lend(self) -> WatchedConnection:
        """Say that somebody works with it; return the connection itself, out of the pool's wrapping."""
        self.is_lent = True
        return self

    def give_up(self) -> None:
        """Cut it: at once, or as soon as nobody works with it."""
        self.is_given_up = True
        if not self.is_lent:
            self.terminate()

    async def in_time(self, call: Awaitable[Any]) -> Any:
        """Wait for a call for as long as somebody is at work on it; raises `StoreUnavailable`."""
        watch = self.watch
        if watch is None:
            return await call
        timer = asyncio.get_running_loop().call_later(watch.times.first, self._begin_to_look, watch)
        try:
            answer = await call
        except Exception:
            if not self.is_dark:
                raise
            raise StoreUnavailable("PostgreSQL: the connection no longer answers") from None
        else:
            heartbeat.sign()
            return answer
        finally:
            timer.cancel()
            if self._looking is not None:
                self._looking.cancel()
                self._looking = None

    def _begin_to_look(self, watch: Watch) -> None:
        self._looking = asyncio.get_running_loop().create_task(self._look(watch))

    async def _look(self, watch: Watch) -> None:
        """Cut the connection once nobody is at work on the call, which ends it."""
        loop = asyncio.get_running_loop()
        began = worked = loop.time()
        silent, unsent = 0, self.unsent()
        while True:
            verdict = BackendState.UNKNOWN if self.backend is None else await watch.look(self.backend)
            before, unsent = unsent, self.unsent()
            is_sending = unsent > 0 and unsent != before  # a large call over a slow line
            silent = silent + 1 if verdict is BackendState.SILENT and not is_sending else 0
            if verdict is BackendState.WORKING:
                heartbeat.sign()
            if verdict is not BackendState.AWAY:
                worked = loop.time()
            longest = watch.times.without_backend if self.backend is None else watch.longest
            is_over = longest is not None and loop.time() - began > longest
            if silent == SILENT_LOOKS or is_over or loop.time() - worked > watch.times.away:
                break
            await asyncio.sleep(watch.times.between)
        self.is_dark = True
        watch.found_dark()
        if self.backend is not None:
            # A task of its own: this one ends with the call.
            ending = loop.create_task(watch.end(self.backend))
            _ENDING.add(ending)
            ending.add_done_callback(_ENDING.discard)
        self.terminate()


_ENDING: Final[set[asyncio.Task[None]]] = set()
"""Tasks that must not be forgotten while they run."""


Fetch = Callable[[int], Awaitable[list[asyncpg.Record]]]


async def rows_of(
    connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
    query: str,
    *arguments: object,
) -> Fetch:
    """Open a cursor inside a transaction; return what fetches its next rows, none at its end.

    The statement has no name: one with a name would stay behind on a backend that a pooler lends to somebody
    else next.
    """
    watched = cast("WatchedConnection", connection)
    statement = await watched.in_time(connection.prepare(query, name=""))
    cursor = await watched.in_time(_opened(statement.cursor(*arguments)))

    async def fetch(limit: int) -> list[asyncpg.Record]:
        return cast("list[asyncpg.Record]", await watched.in_time(cursor.fetch(limit)))

    return fetch


async def _opened(cursor: Any) -> Any:
    return await cursor
