"""Locks on districts' feeds: one process at a time reads one, and a dead process holds none.

They are PostgreSQL's advisory locks on a connection that a process keeps for nothing else, so that they
last as long as the process and no longer. Losing that connection loses the locks; whoever then takes a
district meets the compare-and-set of its cursor, so that two readers waste time and break nothing.
"""

from __future__ import annotations

import asyncio
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.errors import translated
from worker.adapters.postgres.watched import WatchedConnection

_SQL: Final = statements.load("poll/connections")


class FeedLocks:
    """The locks that one process holds."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: WatchedConnection | None = None
        self._one_at_a_time = asyncio.Lock()
        self.held: set[str] = set()

    async def take(self, district_id: str) -> bool:
        """Lock a district; False while another turn, here or elsewhere, has it."""
        async with self._one_at_a_time:
            # PostgreSQL gives a lock again to the session that has it, so that we must look ourselves.
            if district_id in self.held:
                return False
            connection = await self._open()
            with translated():
                taken = bool(await connection.fetchval(_SQL["lock"], district_id))
            if taken:
                self.held.add(district_id)
            return taken

    async def give_back(self, district_id: str) -> None:
        """Unlock a district; of a lock that went with its connection, nothing is left to unlock."""
        async with self._one_at_a_time:
            self.held.discard(district_id)
            if self._connection is not None and not self._connection.is_closed():
                with translated():
                    await self._connection.execute(_SQL["unlock"], district_id)

    async def close(self) -> None:
        """Give all locks up."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    async def _open(self) -> WatchedConnection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.connect()
        return self._connection
