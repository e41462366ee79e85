"""Messages to publish, in order per district, each district's by one process at a time.

A lease is a row that runs out by itself, so that a dead holder's messages wait for seconds and not for
ever. A holder takes a message out only while the lease is his.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements as sql
from worker.adapters.postgres import wakeups
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.wakeups import Wakeups
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.relay.outbox import Queued
from worker.runtime.errors import LeaseLost

ROSTER: Final = ("relay/outbox", wakeups.OUTBOX)
ALERTS: Final = ("alerts/alerts", wakeups.ALERTS)
"""The lanes: decisions, taken out of their outbox; and alerts, which wait for no commit and are only marked.

Each has its own statements and notices."""


class PostgresOutbox:
    """Answers to `worker.pipeline.relay.outbox.Outbox`."""

    def __init__(self, database: Database, heard: Wakeups, lane: tuple[str, str] = ROSTER) -> None:
        statements, self._channel = lane
        self._sql = sql.load(statements)
        self._database = database
        self._notices = heard
        self._holder = uuid.uuid4()

    async def lease(self, districts: int, seconds: float) -> list[str]:
        """Take the outboxes of up to `districts` districts for `seconds`, oldest message first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                self._sql["lease"], self._holder, districts, timedelta(seconds=seconds)
            )
            return [row["district_id"] for row in rows]

    async def renew(self, district_id: str, seconds: float) -> None:
        """Keep one for longer; raises `LeaseLost`."""
        async with self._database.connection() as connection:
            kept = await connection.fetchval(
                self._sql["renew"], district_id, self._holder, timedelta(seconds=seconds)
            )
            if kept is None:
                raise LeaseLost(district_id)

    async def first(self, district_id: str, limit: int) -> list[Queued]:
        """Return the first messages of a district."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(self._sql["first"], district_id, limit)
        return [
            Queued(
                row["district_id"],
                row["position"],
                OutboxMessage(
                    row["routing_key"],
                    row["schema"],
                    row["message_key"],
                    row["sequence"],
                    row["trace_parent"],
                    row["envelope"],
                    row["part"],
                    row["parts"],
                    row["changes"],
                ),
            )
            for row in rows
        ]

    async def published(self, message: Queued) -> None:
        """Take a message out, since it is published; raises `LeaseLost`."""
        async with self._database.connection() as connection:
            gone = await connection.fetchval(
                self._sql["published"], message.district_id, message.position, self._holder
            )
            if not gone:
                raise LeaseLost(message.district_id)

    async def release(self, district_ids: Iterable[str]) -> None:
        """Give leases back."""
        async with self._database.connection() as connection:
            await connection.execute(self._sql["release"], list(district_ids), self._holder)

    async def unpublished(self) -> int:
        """Return how many messages wait."""
        async with self._database.connection() as connection:
            return int(await connection.fetchval(self._sql["unpublished"]))

    async def wait(self, seconds: float) -> None:
        """Return when somebody says that there are messages, or after `seconds`."""
        await self._notices.wait(self._channel, seconds)
