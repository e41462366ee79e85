"""How a connection to PostgreSQL is made: to which host, with which settings, and what stands in between.

Settings go by `SET`, since a PgBouncer refuses to start with them. Whether there is one, and how long it
lends a backend for, shows by the backends' own numbers: a pooler tells its clients numbers of its own, and
where it lends for one transaction only, two connections of ours meet the same backend, or one meets two.
"""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Final

import asyncpg

from config.addresses import PostgresUrl, postgres_url
from worker.adapters.postgres.tls import tls_context
from worker.adapters.postgres.watched import USUAL, BackendState, WatchedConnection, WatchTimes
from worker.runtime.errors import SettingsError

CONNECT_SECONDS: Final = 10.0
"""For each host: one that does not answer must not take the time of the next."""
LOOK_SECONDS: Final = 5.0
STATEMENT_SECONDS: Final = 600
"""The longest statement is the adoption of a first commit: a minute for a million students."""
LOCK_SECONDS: Final = 60
IDLE_SECONDS: Final = 120
"""A process that stops in mid-transaction loses its locks after this."""
PROBES: Final = 20
"""Rounds in which two connections compare their backends, or fewer over a slow line."""
LEAST_PROBES: Final = 5
PROBING_SECONDS: Final = 2.0
PROBE_SECONDS: Final = 0.002
"""The longest wait before a round, drawn by chance: clients that take turns with us may go on in step."""

PLAN_ONCE: Final = "SET LOCAL plan_cache_mode = force_generic_plan"
"""For a transaction of many small statements that look rows up by their keys: there is one way to find the
rows, whatever the values are, and planning each statement anew took a third of its time."""
PLAN_EACH: Final = "SET LOCAL plan_cache_mode = force_custom_plan"
"""The usual way, for statements in such a transaction whose plan depends on their values."""

_PLANS: Final = {
    "plan_cache_mode": "force_custom_plan",
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",  # only a plain index scan marks the dead entries that it meets
}
"""Every statement finds a handful of rows by their keys, and must do so in tables that grew from nothing a
moment ago, in the same transaction, before PostgreSQL has any statistics. Left to itself it then reads
whole districts, and keeps to such a plan once it has made one. For the same reason the statements look rows
up in `LATERAL (… OFFSET 0)` and scalar subqueries: those are planned for one key at a time, always."""

_WATCHING_CLIENTS: Final = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "25s",
}
"""The server lets go, too, of a client that is no longer there, and of its locks."""

_SOCKET: Final = (
    ("TCP_KEEPIDLE", 10),
    ("TCP_KEEPINTVL", 5),
    ("TCP_KEEPCNT", 3),
    ("TCP_USER_TIMEOUT", 25_000),  # milliseconds that what we sent may stay unacknowledged
)

_NEXT_HOST: Final = (
    OSError,
    asyncpg.InternalClientError,  # also: not the kind of server that target_session_attrs asks for
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.TooManyConnectionsError,
)

_STATE: Final = """
    SELECT state, wait_event FROM pg_stat_activity
    WHERE pid = $1 AND usename = current_user AND datname = current_database()"""
_END: Final = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE pid = $1 AND usename = current_user AND datname = current_database()
      AND (state LIKE 'idle%' OR wait_event = 'ClientRead')"""


class Pooling(Enum):
    """What stands between us and the server."""

    NONE = auto()
    SESSION = auto()
    """A pooler that lends a backend for as long as we are connected."""
    TRANSACTION = auto()
    """A pooler that lends a backend for one transaction: no session, and so no LISTEN and no lasting lock."""


class Connector:
    """Opens connections to one address, and answers to `watched.Watch`.

    `setting` is what an operator knows the address by.
    """

    def __init__(
        self,
        dsn: str,
        *,
        name: str,
        setting: str = "ROSTERING_DATABASE_URL",
        statement_seconds: int | None = STATEMENT_SECONDS,
        lock_seconds: float = LOCK_SECONDS,
        times: WatchTimes = USUAL,
    ) -> None:
        try:
            self.address: Final[PostgresUrl] = postgres_url(dsn)
        except ValueError:
            raise SettingsError(f"{setting}: expected a valid PostgreSQL address, got another one") from None
        self.times = times
        self._name = name
        self._setting = setting
        self._statement_seconds = statement_seconds
        self._lock_seconds = lock_seconds
        self._hosts = self.address.for_each_host()
        self._tls = tls_context(self.address.parameters, setting)
        self._finding = asyncio.Lock()
        self.pooling: Pooling | None = None
        """None until a connection was opened."""
        self.longest: float | None = None if statement_seconds is None else statement_seconds + LOCK_SECONDS
        self.on_dark: Callable[[], None] = lambda: None

    @property
    def seconds(self) -> float:
        """The longest that opening a connection may take."""
        return CONNECT_SECONDS * len(self._hosts) + 1

    async def open(self) -> WatchedConnection:
        """Open a connection; raises what the driver raises, or `SettingsError`."""
        connection = await self._connect()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                if self.pooling is None:
                    await self._find_pooling(connection)
                if self.pooling is Pooling.TRANSACTION and connection.begins_with is None:
                    connection.terminate()
                    connection = await self._connect()
                self._check_encoding(connection)
                await self._prepare(connection)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def look(self, backend: int) -> BackendState:
        """Return what that backend does, as another connection sees it."""
        try:
            row = await self._ask(_STATE, backend)
        except asyncpg.TooManyConnectionsError:
            return BackendState.UNKNOWN
        except (TimeoutError, *_NEXT_HOST, asyncpg.InterfaceError):
            return BackendState.AWAY
        except asyncpg.PostgresError:
            return BackendState.UNKNOWN
        if row is None:
            return BackendState.SILENT
        if row["state"] in (None, "disabled"):
            return BackendState.UNKNOWN
        # One that writes to us is at work: we may be slow to read a large answer.
        is_working = row["state"] == "active" and row["wait_event"] != "ClientRead"
        return BackendState.WORKING if is_working else BackendState.SILENT

    async def end(self, backend: int) -> None:
        """End a backend that waits for us."""
        with suppress(TimeoutError, OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
            await self._ask(_END, backend)

    def found_dark(self) -> None:
        """Tell whoever has other connections to the same server."""
        self.on_dark()

    async def _ask(self, query: str, backend: int) -> asyncpg.Record | None:
        async with asyncio.timeout(LOOK_SECONDS):
            connection = await self._connect()
            try:
                return await connection.fetchrow(query, backend)
            finally:
                connection.terminate()

    async def _connect(self) -> WatchedConnection:
        """Connect to the first host that takes us."""
        problem: Exception | None = None
        for url in self._hosts:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    return await self._connect_to(url)
            except asyncpg.ProtocolViolationError as error:
                if "startup parameter" not in str(error):
                    raise
                raise SettingsError(
                    f"{self._setting}: the pooler refuses one of its parameters: use "
                    "only application_name and the TLS parameters, or let the pooler ignore the others "
                    "(PgBouncer: ignore_startup_parameters)"
                ) from None
            except (TimeoutError, *_NEXT_HOST) as error:
                problem = error
        assert problem is not None  # noqa: S101 — there is at least one host
        raise problem

    async def _connect_to(self, url: str) -> WatchedConnection:
        options: dict[str, Any] = {}
        if "application_name" not in self.address.parameters:
            options["server_settings"] = {"application_name": self._name}
        if self._tls is not None:
            options["ssl"] = self._tls
        if len(self._hosts) > 1 and "target_session_attrs" not in self.address.parameters:
            options["target_session_attrs"] = "read-write"  # we work with no other kind of server
        if self.pooling is Pooling.TRANSACTION:
            options["statement_cache_size"] = 0  # a named statement stays behind on a backend
        connection = await asyncpg.connect(
            url, timeout=CONNECT_SECONDS, connection_class=WatchedConnection, **options
        )
        _keep_alive(connection)
        if self.pooling is Pooling.TRANSACTION:
            connection.begins_with = self._settings("SET LOCAL")
        return connection

    async def _prepare(self, connection: WatchedConnection) -> None:
        """Give a session its settings, and find out its backend."""
        if self.pooling is not Pooling.TRANSACTION:
            await connection.execute(self._settings("SET"))
            is_pooled = self.pooling is Pooling.SESSION
            connection.backend = await _backend(connection) if is_pooled else connection.get_server_pid()
        connection.watch = self

    def _check_encoding(self, connection: WatchedConnection) -> None:
        encoding = getattr(connection.get_settings(), "server_encoding", "UTF8")
        if encoding != "UTF8":
            raise SettingsError(
                f"{self._setting}: expected a database in UTF8, got one in {encoding}: make one with "
                "ENCODING 'UTF8' TEMPLATE template0"
            )

    def _settings(self, command: str) -> str:
        settings = {
            "jit": "off",  # every statement is short, or runs once
            **_PLANS,
            "statement_timeout": f"{self._statement_seconds or 0}s",
            "lock_timeout": f"{self._lock_seconds * 1000:.0f}ms",
            "idle_in_transaction_session_timeout": f"{IDLE_SECONDS}s",
            **(_WATCHING_CLIENTS if self.pooling is Pooling.NONE else {}),
        }
        return "".join(f"{command} {name} = '{value}';" for name, value in settings.items())

    async def _find_pooling(self, first: WatchedConnection) -> None:
        async with self._finding:
            if self.pooling is not None:
                return
            await self._refuse_single_statements(first)
            if await _backend(first) == first.get_server_pid():
                self.pooling = Pooling.NONE
                return
            second = await self._connect()
            try:
                is_shared = await _share_backends(first, second)
            finally:
                second.terminate()
            self.pooling = Pooling.TRANSACTION if is_shared else Pooling.SESSION

    async def _refuse_single_statements(self, first: WatchedConnection) -> None:
        """Raise `SettingsError` where a pooler ends whoever begins a transaction."""
        try:
            await _begin(first)
        except asyncpg.PostgresConnectionError:
            if not await self._is_ended_by_a_transaction():
                raise
            raise SettingsError(
                f"{self._setting}: the pooler lends a connection for one statement: set its pool_mode to "
                "session or transaction"
            ) from None

    async def _is_ended_by_a_transaction(self) -> bool:
        """Whether a connection that takes other statements ends; one to a server that is away takes none."""
        connection = await self._connect()
        try:
            await connection.execute("SELECT 1")
            try:
                await _begin(connection)
            except asyncpg.PostgresConnectionError:
                return True
            return False
        finally:
            connection.terminate()


async def _begin(connection: WatchedConnection) -> None:
    await connection.execute("BEGIN")
    await connection.execute("COMMIT")


async def _backend(connection: WatchedConnection) -> int:
    """Return the backend's number, in one transaction: between two, a pooler may lend another backend.

    That one would not know the statement, or know another client's by its name.
    """
    async with connection.transaction():
        statement = await connection.prepare("SELECT pg_backend_pid()", name="")
        return int(await statement.fetchval())


async def _share_backends(first: WatchedConnection, second: WatchedConnection) -> bool:
    """Whether two connections meet the same backend, or one of them two: both are never so in sessions."""
    home = await _backend(first)
    enough = asyncio.get_running_loop().time() + PROBING_SECONDS
    for probe in range(PROBES):
        if probe >= LEAST_PROBES and asyncio.get_running_loop().time() > enough:
            break
        await asyncio.sleep(random.uniform(0, PROBE_SECONDS))  # noqa: S311 — no secret
        if await _backend(second) == home or await _backend(first) != home:
            return True
    return False


def _keep_alive(connection: WatchedConnection) -> None:
    """Let the system find out about a peer that is gone, as far as it can."""
    transport = getattr(connection, "_transport", None)
    raw = transport.get_extra_info("socket") if transport is not None else None
    if raw is None or raw.family not in (socket.AF_INET, socket.AF_INET6):
        return
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for option, value in _SOCKET:
        if hasattr(socket, option):
            raw.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
