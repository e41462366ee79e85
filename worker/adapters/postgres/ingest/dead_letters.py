"""Dead letters of the broker inside the process: rows of a table, beside the rest of what it hands over.

A letter counts once its row is committed; until then its publisher holds the message, and publishes it again.
Whoever has the letters open holds a lock by a transaction, which ends with its connection. What is removed
meanwhile is gone at once, by another connection: no end of the process brings it back.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.messaging.broker import Message
from worker.messaging.dead_letters import DeadLetter, OpenLetters
from worker.runtime.errors import BrokerUnavailable, DeadLettersBusy, StoreUnavailable

_SQL: Final = statements.load("ingest/dead_letters")
PATIENCE_SECONDS: Final = 15.0
UNKNOWN: Final = "unknown"


class PostgresDeadLetters:
    """Answers to `worker.messaging.dead_letters.DeadLetters`, and takes them from the broker as its sink."""

    def __init__(self, database: Database, patience: float = PATIENCE_SECONDS) -> None:
        self._database = database
        self._patience = patience

    async def append(self, message: Message) -> None:
        """Return once the message is stored; raises `BrokerUnavailable`."""
        columns = (
            message.headers.get("x-district-id"),
            message.routing_key.encode(),
            message.headers.get("x-reason") or UNKNOWN,
            message.body,
            message.headers.get("traceparent"),
        )
        try:
            async with self._database.connection() as connection:
                await connection.execute(_SQL["append"], *columns)
        except StoreUnavailable as error:
            raise BrokerUnavailable(f"cannot store a dead letter: {error}") from error

    @asynccontextmanager
    async def open(self) -> AsyncIterator[OpenLetters]:
        """Have the dead letters while the context is open; see the port."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["wait_for_lock"], f"{self._patience * 1000:.0f}")
            try:
                await connection.execute(_SQL["lock"])
            except asyncpg.LockNotAvailableError:
                raise DeadLettersBusy("the dead letters are in use: try again in a moment") from None
            yield PostgresLetters(self._database, connection)


class PostgresLetters:
    """The dead letters, read on the connection that has the lock; `place` is their position."""

    def __init__(self, database: Database, connection: Connection) -> None:
        self._database = database
        self._connection = connection
        self._last = 0

    async def read(self, limit: int) -> AsyncIterator[DeadLetter]:
        """Yield the oldest letters in their order, one at a time: they may be large. See the port."""
        for _ in range(limit):
            row = await self._connection.fetchrow(_SQL["next"], self._last)
            if row is None:
                return
            self._last = row["position"]
            yield _letter(row)

    async def remove(self, letter: DeadLetter) -> None:
        """Take one that was read away, for good."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["remove"], letter.place)

    async def waiting(self) -> int:
        """Return how many letters there are beside those that were read."""
        return int(await self._connection.fetchval(_SQL["count"], self._last))


def _letter(row: asyncpg.Record) -> DeadLetter:
    return DeadLetter(
        place=row["position"],
        body=row["body"],
        routing_key=row["routing_key"].decode(),
        reason=row["reason"],
        district_id=row["district_id"],
        died_at=row["died_at"],
        trace_parent=row["trace_parent"],
    )
