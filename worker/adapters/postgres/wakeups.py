"""Being woken: one process says that there is work, the others need not wait for their next look.

A notice is a hint and may be lost; every wait has an end, after which the caller looks for itself.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import asyncpg

from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.errors import translated
from worker.adapters.postgres.watched import WatchedConnection
from worker.runtime.errors import StoreUnavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

WINDOWS: Final = "rostering_windows"
OUTBOX: Final = "rostering_outbox"
ALERTS: Final = "rostering_alerts"
DELIVERIES: Final = "rostering_deliveries"
MAILS: Final = "rostering_mails"
CHANNELS: Final = (WINDOWS, OUTBOX, ALERTS, DELIVERIES, MAILS)

PROBE_SECONDS: Final = 15.0
"""How often the listening connection has to show that it is one."""


class Wakeups:
    """One listening connection of a process, opened at the first wait and anew after a loss."""

    def __init__(self, database: Database, *, probe_every: float = PROBE_SECONDS) -> None:
        self._database = database
        self._probe_every = probe_every
        self._proven = 0.0
        self._connection: WatchedConnection | None = None
        self._rung: dict[tuple[str, str], asyncio.Event] = {}
        self._opening = asyncio.Lock()

    async def wait(self, channel: str, seconds: float, who: str = "") -> None:
        """Return when somebody notifies `channel`, or after `seconds`.

        What rings while `who` does not wait is kept for his next wait, whoever else has heard it.
        """
        if await self._has_sessions():
            with suppress(StoreUnavailable):
                await self._listen()
        event = self._rung.setdefault((channel, who), asyncio.Event())
        with suppress(TimeoutError):
            await asyncio.wait_for(event.wait(), seconds)
        event.clear()

    async def close(self) -> None:
        """Stop listening."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _has_sessions(self) -> bool:
        """Whether one can listen here; where a pooler lends for one transaction, a wait just has its end."""
        try:
            return await self._database.has_sessions()
        except StoreUnavailable:
            return False

    async def _listen(self) -> None:
        async with self._opening:
            if self._connection is not None and await self._hears(self._connection):
                return
            connection = await self._database.connect()
            try:
                with translated():
                    for channel in CHANNELS:
                        await connection.add_listener(channel, self._ring)
            except BaseException:
                connection.terminate()
                raise
            self._connection, self._proven = connection, asyncio.get_running_loop().time()

    async def _hears(self, connection: WatchedConnection) -> bool:
        """Whether it is open and, asked now and then, answers: over a dark one nobody hears anything."""
        now = asyncio.get_running_loop().time()
        if now - self._proven >= self._probe_every and not connection.is_closed():
            self._proven = now
            with suppress(StoreUnavailable), translated():
                await connection.fetchval("SELECT 1")
        return not connection.is_closed()

    def _ring(
        self,
        _connection: asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record],
        _process: int,
        channel: str,
        _payload: object,
    ) -> None:
        for (listened_to, _), event in self._rung.items():
            if listened_to == channel:
                event.set()


async def notify(connection: Connection, channel: str) -> None:
    """Wake those who wait for `channel`, once this transaction commits."""
    await connection.execute("SELECT pg_notify($1, '')", channel)
