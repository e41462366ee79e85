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
from worker.errors import StoreUnavailable

if TYPE_CHECKING:
    from asyncpg.pool import PoolConnectionProxy

WINDOWS: Final = "rostering_windows"
OUTBOX: Final = "rostering_outbox"
ALERTS: Final = "rostering_alerts"
DELIVERIES: Final = "rostering_deliveries"
MAILS: Final = "rostering_mails"
CHANNELS: Final = (WINDOWS, OUTBOX, ALERTS, DELIVERIES, MAILS)


class Notices:
    """One listening connection of a process, opened at the first wait and anew after a loss."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: asyncpg.Connection[asyncpg.Record] | None = None
        self._rung: dict[tuple[str, str], asyncio.Event] = {}
        self._opening = asyncio.Lock()

    async def wait(self, channel: str, seconds: float, who: str = "") -> None:
        """Return when somebody notifies `channel`, or after `seconds`.

        What rings while `who` does not wait is kept for his next wait, whoever else has heard it.
        """
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

    async def _listen(self) -> None:
        async with self._opening:
            if self._connection is not None and not self._connection.is_closed():
                return
            connection = await self._database.connect()
            try:
                with translated():
                    for channel in CHANNELS:
                        await connection.add_listener(channel, self._ring)
            except BaseException:
                connection.terminate()
                raise
            self._connection = connection

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
