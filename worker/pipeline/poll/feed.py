"""A district's feed: read on from where it was left, published with confirms, and only then counted as read.

A kill after a page was published and before the cursor was saved has it published again; the inbox knows
every event by its id. At the feed's end ingest is told how many events there were, so that the window
closes once they are stored, and not after a quiet time.

A reading begins a little before the cursor, for two reasons. An event can turn up behind newer ones. And
Clever forgets events after 30 days, and nobody knows what it answers to a cursor that it forgot: a feed
that no longer shows the event that was read last has a hole, whatever the answer looks like.
"""

from __future__ import annotations

import hashlib
import time
from datetime import UTC, datetime, timedelta
from enum import Enum
from heapq import nlargest
from typing import Final

import structlog

from schemas import event_ids
from worker.domain.roster import versions
from worker.domain.roster.records import EventId, Json
from worker.domain.roster.staging import is_ahead
from worker.domain.roster.versions import latest_id
from worker.messaging.publish_events import message, publish_messages
from worker.pipeline.poll.baseline_store import Run
from worker.pipeline.poll.clever import EVENTS, CleverPage, Token
from worker.pipeline.poll.connections import BEGINNING, Connection
from worker.pipeline.poll.context import PollContext
from worker.runtime.errors import CleverRefused, CleverTokenRefused, CleverUnavailable
from worker.runtime.progress import Progress

_NOT_FOUND: Final = 404
HOLE: Final = "the feed no longer has the last event read"
AHEAD: Final = "the last event read has an invalid id, or one from the future"
READING: Final = "reading events"
"""What is shown of progress; nothing is where nothing is new."""
PATIENCE: Final = 3
"""Turns that failed, after which an event that the feed leaves out is not waited for any more."""
SKEW: Final = timedelta(minutes=10)
"""By which Clever's clock may be ahead of ours; an id from further ahead does not tell its time."""


class Reached(Enum):
    """Where a reading of the feed ended."""

    END = "end"
    LIMIT = "limit"
    """Of its time; there is more."""
    CUT_OFF = "cut off"
    """It cannot be read on from the cursor: a baseline was asked for."""


async def read_on(
    source: PollContext,
    connection: Connection,
    run: Run | None,
    token: Token,
    until: float,
    progress: Progress,
) -> Reached:
    """Read the feed until its end, or until the monotonic clock is past `until`."""
    assert connection.cursor is not None  # noqa: S101 — the caller looks
    if connection.cursor != BEGINNING and not _is_believed(connection.cursor, connection.now):
        await _demand(source, connection, AHEAD)
        return Reached.CUT_OFF
    reader = _Reader(source, connection, run, token, progress)
    try:
        reached = await reader.read(until)
    except CleverTokenRefused:
        raise
    except CleverRefused as refused:
        await _feed_refused(source, connection, run, refused)
        return Reached.CUT_OFF
    if reached is Reached.CUT_OFF and connection.cursor_at is None:
        await _feed_refused(source, connection, run, CleverRefused(f"Clever: {HOLE}", _NOT_FOUND))
    elif reached is Reached.CUT_OFF:
        await _demand(source, connection, HOLE)
    if reached is Reached.END:
        await _settle(source, reader, run)
    return reached


class _Reader:
    """One reading: the cursor as it moves, and how many events are read and not yet told of."""

    def __init__(
        self,
        source: PollContext,
        connection: Connection,
        run: Run | None,
        token: Token,
        progress: Progress,
    ) -> None:
        self.district_id = connection.district_id
        self.cursor = connection.cursor or BEGINNING
        self.overlap = min(connection.overlap, self.cursor)
        self.settled = connection.settled
        self.unsettled = connection.unsettled
        # What is up to here is in a baseline, adopted or not yet.
        self._floor = max(
            # A floor ahead of now is mended by the next evaluation, which needs an event to happen.
            BEGINNING if is_ahead(EventId(connection.floor), connection.now) else connection.floor,
            run.seed if run is not None and run.is_read else BEGINNING,
        )
        self._latest = latest_id(connection.now)
        self._connection = connection
        self._source = source
        self._token = token
        self._progress = progress
        # A turn that ended at its limit is gone on with where it was; the overlap is read after the end.
        self._after = self.cursor if self.unsettled else self.overlap
        self._has_seen_cursor = self._after == self.cursor
        self._has_moved = False
        self._old_ids: list[str] = []

    async def read(self, until: float) -> Reached:
        while True:
            page = await self._page()
            if page is None:
                return Reached.CUT_OFF
            ids = self._ids(page.rows)
            reached = max([self._after, *(ids or [page.next_after or BEGINNING])])
            goes_on = page.next_after is not None and reached > self._after
            if not await self._is_joined(ids, goes_on=goes_on):
                return Reached.CUT_OFF
            await self._publish(page.rows)
            self._after = reached
            if not goes_on:
                return Reached.END
            # A turn that moved nothing has no end: the next one would be there again, and never get on.
            if time.monotonic() >= until and self._has_moved:
                return Reached.LIMIT

    async def _page(self) -> CleverPage | None:
        """Return the next page, from the cursor where Clever gives none; None where it forgot that too."""
        try:
            page = await self._source.clever.page(self._token, EVENTS, self._after or None)
            if self._has_seen_cursor or page.rows or page.next_after is not None:
                return page
        except CleverTokenRefused:
            raise
        except CleverRefused:
            if self._has_seen_cursor:
                raise
        if not await self._source.clever.knows_event(self._token, self.cursor):
            return None
        self._after, self._has_seen_cursor = self.cursor, True
        self._keep_old([self.cursor])
        return await self._source.clever.page(self._token, EVENTS, self._after)

    async def _is_joined(self, ids: list[str], *, goes_on: bool) -> bool:
        """Whether a page with these events goes on from what was read before, as far as it tells that.

        Raises `CleverUnavailable` where Clever has the last event, and only left it out of its answer.
        """
        self._has_seen_cursor = self._has_seen_cursor or self.cursor in ids
        may_come_yet = goes_on and all(event_id < self.cursor for event_id in ids)
        if self._has_seen_cursor or may_come_yet:
            return True
        if not await self._source.clever.knows_event(self._token, self.cursor):
            return False
        if self._connection.failures >= PATIENCE:
            return False
        raise CleverUnavailable("Clever: the feed skipped an event")

    async def _publish(self, events: list[Json]) -> None:
        """Publish what is new of a page, then move the cursor over it."""
        if not events:
            return
        messages = [message(event, self.district_id) for event in events]
        known_as = [
            (self._id_of(event), hashlib.sha256(each.body).digest())
            for event, each in zip(events, messages, strict=True)
        ]
        new = await self._source.connections.unheard(self.district_id, known_as)
        unheard = [
            (event_id, each)
            for (event_id, _), each, is_new in zip(known_as, messages, new, strict=True)
            if is_new
        ]
        # What a baseline has is left out, and not counted, since nobody will ever store it.
        adopted = {event_id for event_id, _ in unheard if event_id is not None and event_id <= self._floor}
        fresh = [each for event_id, each in unheard if event_id not in adopted]
        await publish_messages(self._source.publisher, fresh, lambda count: self._progress(READING, count))
        self._source.metrics.feed_events.inc(len(fresh))
        ids = self._ids(events)
        ahead = {event_id for event_id in ids if event_id > self.cursor}
        self._keep_old(ids)
        await self._advance(max(ahead, default=self.cursor), len(ahead - adopted))

    async def _advance(self, to: str, events: int) -> None:
        overlap = max([self.overlap, *(one for one in self._old_ids if one < to)])
        if (to, overlap) == (self.cursor, self.overlap):
            return
        if not await self._source.connections.advance(self.district_id, self.cursor, to, events, overlap):
            raise CursorMoved(self.district_id)
        self.cursor, self.overlap, self._has_moved = to, overlap, True
        self.unsettled += events

    def _id_of(self, event: Json) -> str | None:
        """Return an event's id; None where it has none that the feed could be read on from."""
        found = event_ids.read(event.get("id"))
        return found if found is not None and found <= self._latest else None

    def _ids(self, events: list[Json]) -> list[str]:
        return [found for event in events if (found := self._id_of(event)) is not None]

    def _keep_old(self, ids: list[str]) -> None:
        """Keep the two newest events that are old: one of them is before the cursor."""
        old = self._connection.now - self._source.pace.overlap
        latest = self._connection.now + SKEW
        self._old_ids = nlargest(2, {*self._old_ids, *(one for one in ids if _is_old(one, old, latest))})


class CursorMoved(Exception):
    """Another process reads this feed: ours lost the lock, and leaves it to that one."""


async def _settle(source: PollContext, reader: _Reader, run: Run | None) -> None:
    """Tell ingest that the feed was read to its end, where that closes anything."""
    district_id, cursor = reader.district_id, reader.cursor
    if run is not None and run.is_read and not run.is_ready:
        await source.baselines.ready(run, close_window=cursor == BEGINNING)
    waits = run is not None and run.is_read
    if cursor != BEGINNING and (reader.unsettled or waits):
        await source.publisher.publish(
            message(settled(district_id, reader.settled, cursor, reader.unsettled), district_id)
        )
        structlog.get_logger().info(
            "feed.settled", stage="poll", district_id=district_id, events=reader.unsettled
        )
    await source.connections.settle(district_id, cursor)


def settled(district_id: str, since: str, through: str, count: int) -> Json:
    """Return the word that `count` events came after `since`, up to `through`, where the feed ended."""
    return {
        "type": "feed.settled",
        "district": district_id,
        "since": since if event_ids.read(since) else None,
        "through": through,
        "count": count,
    }


def made_at(event_id: str) -> datetime | None:
    """Tell when an event was made: Clever's ids are ObjectIDs, which begin with the second."""
    seconds = versions.made_at(event_id)
    return None if seconds is None else datetime.fromtimestamp(seconds // versions.SECOND, UTC)


def _is_believed(event_id: str | None, now: datetime) -> bool:
    return versions.is_event_id(event_id, latest_id(now))


def _is_old(event_id: str, old: datetime, latest: datetime) -> bool:
    """Whether no event is to be expected behind this one any more; an id that tells no time is old."""
    made = made_at(event_id)
    return made is None or made < old or made > latest


async def _feed_refused(
    source: PollContext, connection: Connection, run: Run | None, refused: CleverRefused
) -> None:
    """Answer a feed that cannot be read from the cursor on: by a baseline, unless one did not help."""
    if run is not None and run.is_read:
        # Without a feed, the baseline is all that there will be; the district must not wait for another.
        if not run.is_ready:
            await source.baselines.ready(run, close_window=True)
        raise refused
    # A baseline brings a feed back where it was read since the last one; else it is no matter of the cursor.
    if connection.cursor == BEGINNING or connection.cursor_at is None:
        raise refused
    await _demand(source, connection, f"reading the feed failed ({refused.status})")


async def _demand(source: PollContext, connection: Connection, reason: str) -> None:
    await source.connections.demand_resync(connection.district_id, reason, forget_cursor=True)
    structlog.get_logger().warning(
        "feed.cut_off", stage="poll", district_id=connection.district_id, reason=reason
    )
