"""Where events are stored before they are acknowledged: one transaction for many messages."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Sequence
from operator import attrgetter
from typing import Final

from schemas.words import Trigger
from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation import windows
from worker.domain.alerts.incidents import NO_DISTRICT
from worker.domain.roster.records import RecordKind
from worker.pipeline.ingest.inbox import Arrival, Mark, Quarantined, Released, Stored
from worker.runtime.errors import StoreFailed, StoreFault, StoreRefused, StoreUnavailable

_SQL: Final = statements.load("ingest/inbox")

_KEY: Final[Callable[[Arrival], tuple[str, str]]] = attrgetter("district_id", "event_id")
_EVENT_ID: Final[Callable[[Arrival], str]] = attrgetter("event_id")


class PostgresInbox:
    """The inbox in PostgreSQL; answers to `worker.pipeline.ingest.inbox.Inbox`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def ping(self) -> None:
        """Return if it looks as if events could be stored now; raises `StoreUnavailable`."""
        async with self._database.connection() as connection:
            if await connection.fetchval(_SQL["is_read_only"]):
                self._database.expire()  # the address may lead to another server by now
                raise StoreUnavailable("PostgreSQL: read-only, as a standby is")
            missing = await connection.fetchrow(_SQL["missing_right"])
        if missing is not None:
            raise StoreFailed(
                f"PostgreSQL: the permission to {missing['right']} is missing on table {missing['name']}",
                StoreFault("InsufficientPrivilegeError", "42501", missing["name"]),
            )

    async def check_writable(self) -> None:
        """Write to every table that `store` writes to, for a district that there is not, and undo it."""
        try:
            await self._database.in_transaction(_write_and_undo)
        except _Undone:
            return
        except StoreRefused as error:
            # What is refused is ours, and no message's.
            raise StoreFailed(str(error), error.fault) from None

    async def store(
        self,
        arrivals: Sequence[Arrival],
        marks: Sequence[Mark],
        quarantined: Sequence[Quarantined],
        released: Sequence[Released] = (),
    ) -> Stored:
        """Store all of it, and open or extend the districts' windows, in one transaction.

        Of two events of one id the one that was stored first stands. Of two in one call that is decided by
        what they say, whatever their order, and one that no roster needs gives way.
        """
        # Written for speed: this is done for every event there is, and told by `kind` instead of `ignored`.
        events = sorted([arrival for arrival in arrivals if arrival.kind is not None], key=_KEY)
        if len(set(map(_EVENT_ID, events))) < len(events):
            events.sort(key=_in_order)
        ignored = list[tuple[str, str]]()
        if len(events) < len(arrivals):
            ignored = sorted(
                {_KEY(arrival) for arrival in arrivals if arrival.ignored} - set(map(_KEY, events))
            )
        districts = {arrival.district_id for arrival in arrivals}

        async def work(connection: Connection) -> Stored:
            stored = await _store_events(connection, events, districts) if events else 0
            remembered = await _store_ignored(connection, ignored) if ignored else 0
            if quarantined:
                await store_quarantined(connection, quarantined)
            if released:
                await _release(connection, released)
            await _settle(connection, marks, districts)
            return Stored(stored, len(arrivals) - stored - remembered, remembered)

        return await self._database.in_transaction(work)


def _in_order(event: Arrival) -> tuple[str, str, str, str, str]:
    return event.district_id, event.event_id, event.kind or "", event.record_id, event.record or ""


class _Undone(Exception):
    """What was written is undone by leaving its transaction with this."""


async def _write_and_undo(connection: Connection) -> None:
    district, event, digest = secrets.token_hex(12), f"{0:024x}", secrets.token_bytes(32)
    await _store_events(connection, [Arrival(district, event, RecordKind.TERM, event, "{}")], {district})
    await _store_ignored(connection, [(district, event)])
    await store_quarantined(connection, [Quarantined(district, digest, "probe", "")])
    await _settle(connection, [Mark(district, "", event, 1)], {district})
    await _release(connection, [Released(district, digest)])
    raise _Undone


async def _store_events(connection: Connection, events: Sequence[Arrival], districts: Collection[str]) -> int:
    columns = (
        [event.district_id for event in events],
        [event.event_id for event in events],
        [event.kind for event in events],
        [event.record_id for event in events],
        [event.record for event in events],
        [event.trace_parent for event in events],
        [event.modified for event in events],
        [place for place, event in enumerate(events, start=1) if event.is_row],
        list(districts),
    )
    return int(await connection.fetchval(_SQL["store_events"], *columns))


async def _store_ignored(connection: Connection, ignored: Sequence[tuple[str, str]]) -> int:
    districts, events = zip(*ignored, strict=True)
    return int(await connection.fetchval(_SQL["store_ignored"], districts, events))


async def store_quarantined(connection: Connection, rows: Sequence[Quarantined]) -> None:
    """Quarantine districts, and wake those for which that is news."""
    ordered = sorted(rows, key=lambda row: (row.district_id, row.digest, row.reason, row.explanation))
    columns = (
        [row.district_id for row in ordered],
        [row.digest for row in ordered],
        [row.reason for row in ordered],
        [row.explanation for row in ordered],
    )
    await connection.execute(_SQL["store_quarantined"], *columns)


async def _release(connection: Connection, rows: Sequence[Released]) -> None:
    """Take letters out of quarantine, and have the districts judged that were held back for them."""
    ordered = sorted({(row.district_id, row.digest) for row in rows})
    districts, digests = zip(*ordered, strict=True)
    freed = await connection.fetch(_SQL["release"], districts, digests)
    named = {row["district_id"] for row in freed} - {NO_DISTRICT}
    if named:
        await windows.close(connection, sorted(named), Trigger.FLUSH)


async def _settle(connection: Connection, marks: Sequence[Mark], districts: set[str]) -> None:
    """Close the windows of districts whose feeds are known to have arrived whole."""
    waiting = {
        row["district_id"] for row in await connection.fetch(_SQL["marked_districts"], sorted(districts))
    }
    if marks:
        newest = sorted(marks, key=lambda mark: (mark.district_id, mark.through))
        columns = (
            [mark.district_id for mark in newest],
            [mark.since for mark in newest],
            [mark.through for mark in newest],
            [mark.count for mark in newest],
        )
        await connection.execute(_SQL["store_marks"], *columns)
    waiting |= {mark.district_id for mark in marks}
    if waiting and await connection.fetch(_SQL["settle"], sorted(waiting)):
        await wakeups.notify(connection, wakeups.WINDOWS)
