"""Deliveries in PostgreSQL: who takes a row has it for as long as its next attempt is put off."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.slices import in_slices
from worker.adapters.postgres.wakeups import Wakeups
from worker.alerts.delivery_store import ChannelLine, DeadDelivery, Due, OpenAlert, OpenIncident
from worker.domain.alerts.incidents import FLAPPING_RETURNS

_SQL: Final = statements.load("alerts/deliveries")
_INCIDENTS: Final = statements.load("alerts/incidents")

_ALERTS: Final = statements.load("alerts/alerts")

NEW_CHANNEL: Final = timedelta(hours=1)
"""How far back a channel that was never seen is told of what is over: workers do not start all at once."""
LISTED: Final = 100
"""Dead deliveries that a list shows."""


class PostgresDeliveries:
    """Answers to `worker.alerts.delivery_store.Deliveries`, and to what operators ask and order of them."""

    def __init__(self, database: Database, heard: Wakeups) -> None:
        self._database = database
        self._notices = heard
        self._known = set[str]()
        """Channels that were looked at by this process."""

    async def now(self) -> datetime:
        """Return the store's time."""
        async with self._database.connection() as connection:
            now: datetime = await connection.fetchval(_SQL["now"])
            return now

    async def take_over(self, channel: str, limit: int) -> int:
        """Take over up to `limit` alerts that the channel does not have yet; return how many."""
        async with self._database.transaction() as connection:
            if channel not in self._known:
                await connection.execute(_SQL["first_look"], channel, NEW_CHANNEL)
            status = await connection.execute(_SQL["take_over"], channel, limit, NEW_CHANNEL)
        self._known.add(channel)
        return int(status.rpartition(" ")[2])

    async def take(self, channel: str, limit: int, lease: timedelta) -> list[Due]:
        """Take alerts that are due; they are due again after `lease`."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["take"], channel, limit, lease)
        return sorted((Due(**row) for row in rows), key=lambda due: due.id)

    async def delivered(self, due: Due) -> None:
        """Say that the channel has it; nothing happens where somebody else has it by now."""
        async with self._database.transaction() as connection:
            if await connection.fetchval(_SQL["delivered"], due.id, due.attempts):
                await wakeups.notify(connection, wakeups.DELIVERIES)  # the next of its incident may go

    async def failed(self, due: Due, problem: str, again: timedelta, give_up: timedelta) -> bool:
        """Put it off; return whether it is dead, being older than `give_up`."""
        async with self._database.connection() as connection:
            return bool(
                await connection.fetchval(_SQL["failed"], due.id, due.attempts, problem, give_up, again)
            )

    async def refresh(self, channel: str, every: timedelta, limit: int) -> list[OpenAlert]:
        """Take the last alerts of incidents that stand, which were not said again for so long."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["refresh"], channel, every, limit)
        return [OpenAlert(**row) for row in rows]

    async def refreshed(self, channel: str, dedup_keys: Collection[str], since: datetime) -> None:
        """Say that these were said again: an end that was delivered since is delivered once more."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["refreshed"], channel, list(dedup_keys), since)

    async def wait(self, channel: str, seconds: float) -> None:
        """Return when there may be alerts to deliver, or after `seconds`."""
        await self._notices.wait(wakeups.DELIVERIES, seconds, channel)

    async def incidents(self) -> list[OpenIncident]:
        """Return what operations were told of and is not over, the oldest first."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_INCIDENTS["open"])
        return [
            OpenIncident(
                row["district_id"],
                row["code"],
                row["since"],
                row["summary"],
                row["returns"] >= FLAPPING_RETURNS,
            )
            for row in rows
        ]

    async def channels(self) -> list[ChannelLine]:
        """Return the channels for which alerts wait, or were given up."""
        async with self._database.connection() as connection:
            return [ChannelLine(**row) for row in await connection.fetch(_SQL["by_channel"])]

    async def dead(self) -> list[DeadDelivery]:
        """Return the first of those that were given up."""
        async with self._database.connection() as connection:
            return [DeadDelivery(**row) for row in await connection.fetch(_SQL["dead"], LISTED)]

    async def retry(self, channel: str | None) -> tuple[int, int]:
        """Try dead ones anew; return how many, and how many stay since a later alert of theirs is out."""
        async with self._database.transaction() as connection:
            taken = await connection.fetch(_SQL["retry"], channel)
            left = await connection.fetchval(_SQL["count_dead"], channel)
            await wakeups.notify(connection, wakeups.DELIVERIES)
        return len(taken), int(left)

    async def discard(self, channel: str | None, *, waiting: bool) -> int:
        """Give up dead ones for good, with `waiting` also those that still wait; return how many."""
        async with self._database.connection() as connection:
            return len(await connection.fetch(_SQL["discard"], channel, waiting))

    async def tidy(self, settled: timedelta, give_up: timedelta) -> None:
        """Forget what was settled longer ago; give up what waits for longer, whoever delivers it."""
        for statement, age in (
            (_ALERTS["forget"], settled),
            (_SQL["forget_settled"], settled),
            (_SQL["give_up"], give_up),
        ):
            await in_slices(self._database, statement, age)
