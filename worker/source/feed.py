"""A district's feed: read on from where it was left, published with confirms, and only then counted as read.

A kill after a page was published and before the cursor was saved has it published again; the inbox knows
every event by its id. At the feed's end ingest is told how many events there were, so that the window
closes once they are stored, and not after a quiet time.
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Final

import structlog

from worker.domain.records import Json
from worker.errors import CleverRefused, CleverTokenRefused
from worker.ports.baselines import Run
from worker.ports.clever import EVENTS, Token
from worker.ports.connections import BEGINNING, Connection
from worker.publishing import message, publish_events
from worker.source.surroundings import Progress, Surroundings

_EVENT_ID: Final = re.compile(r"[!-~]{1,128}")

SUSPECT_AGE: Final = timedelta(days=25)
"""Of the last event read: Clever forgets events after 30 days, and may answer then as if none had come."""
SUSPECT_ABSENCE: Final = timedelta(days=1)
"""Since the feed was last read to its end."""
CHECK_EVERY: Final = timedelta(days=1)
REPEATED_DEMAND: Final = timedelta(minutes=10)
"""After a baseline, a feed that still cannot be read is no matter of the cursor."""


class Reached(Enum):
    """Where a reading of the feed ended."""

    END = "end"
    LIMIT = "limit"
    """Of its time; there is more."""
    CUT_OFF = "cut off"
    """It cannot be read on from the cursor: a baseline was asked for."""


async def read_on(
    source: Surroundings,
    connection: Connection,
    run: Run | None,
    token: Token,
    until: float,
    progress: Progress,
) -> Reached:
    """Read the feed until its end, or until the monotonic clock is past `until`."""
    assert connection.cursor is not None  # noqa: S101 — the caller looks
    if await _is_cut_off(source, connection, token):
        return Reached.CUT_OFF
    reader = _Reader(source, connection, token, progress)
    try:
        ended = await reader.read(until)
    except CleverTokenRefused:
        raise
    except CleverRefused as refused:
        await _feed_refused(source, connection, run, refused)
        return Reached.CUT_OFF
    if not ended:
        return Reached.LIMIT
    await _settle(source, reader, run)
    return Reached.END


class _Reader:
    """One reading: the cursor as it moves, and how many events are read and not yet told of."""

    def __init__(
        self, source: Surroundings, connection: Connection, token: Token, progress: Progress
    ) -> None:
        self.district_id = connection.district_id
        self.cursor = connection.cursor or BEGINNING
        self.settled = connection.settled
        self.unsettled = connection.unsettled
        self._source = source
        self._token = token
        self._progress = progress
        # A turn that ended at its limit is gone on with where it was; the overlap is read after the end.
        self._after = self.cursor if self.unsettled else min(connection.overlap, self.cursor)

    async def read(self, until: float) -> bool:
        while True:
            page = await self._source.clever.page(self._token, EVENTS, self._after or None)
            await self._publish(page.rows)
            reached = max([self._after, *(_ids(page.rows) or [page.next_after or BEGINNING])])
            is_stuck = reached == self._after
            self._after = reached
            if page.next_after is None or is_stuck:
                return True
            # Within the overlap there is no end: the next turn would be there again, and never get on.
            if time.monotonic() >= until and self.unsettled:
                return False

    async def _publish(self, events: list[Json]) -> None:
        """Publish what is new of a page, then move the cursor over it."""
        if not events:
            return
        new = await self._source.connections.unknown(self.district_id, _ids(events))
        # What has no id that could be stored is published every time, for ingest to put it aside.
        odd = [event for event in events if not _has_id(event)]
        fresh = [event for event in events if _has_id(event) and event["id"] in new] + odd
        await publish_events(
            self._source.publisher, fresh, lambda count: self._progress(EVENTS, count), self.district_id
        )
        self._source.metrics.feed_events.inc(len(fresh))
        ahead = {event_id for event_id in _ids(events) if event_id > self.cursor}
        if ahead:
            await self._advance(max(ahead), len(ahead))

    async def _advance(self, to: str, events: int) -> None:
        if not await self._source.connections.advance(self.district_id, self.cursor, to, events):
            raise CursorMoved(self.district_id)
        self.cursor = to
        self.unsettled += events


class CursorMoved(Exception):
    """Another process reads this feed: ours lost the lock, and leaves it to that one."""


async def _settle(source: Surroundings, reader: _Reader, run: Run | None) -> None:
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
    await source.connections.settle(district_id, cursor, source.pace.overlap)


def settled(district_id: str, since: str, through: str, count: int) -> Json:
    """Return the word that `count` events came after `since`, up to `through`, where the feed ended."""
    return {
        "type": "feed.settled",
        "district": district_id,
        "since": since or None,
        "through": through,
        "count": count,
    }


async def _is_cut_off(source: Surroundings, connection: Connection, token: Token) -> bool:
    """Whether the feed has forgotten the cursor, so that reading on from it would skip events in silence."""
    if not _is_suspect(connection):
        return False
    assert connection.cursor is not None  # noqa: S101 — the caller looks
    known = await source.clever.knows_event(token, connection.cursor)
    if not known:
        await _demand(source, connection, "the feed no longer has the event that was read last")
    await source.connections.checked(connection.district_id)
    return not known


def _is_suspect(connection: Connection) -> bool:
    now, checked = connection.now, connection.checked_at
    if connection.cursor == BEGINNING or (checked is not None and now - checked < CHECK_EVERY):
        return False
    made, read = made_at(connection.cursor or ""), connection.cursor_at
    is_old = made is not None and now - made > SUSPECT_AGE
    return is_old or (read is not None and now - read > SUSPECT_ABSENCE)


def made_at(event_id: str) -> datetime | None:
    """Tell when an event was made: Clever's ids are ObjectIDs, which begin with the second."""
    try:
        return datetime.fromtimestamp(int(event_id[:8], 16), UTC) if len(event_id) == 24 else None  # noqa: PLR2004
    except (ValueError, OverflowError, OSError):
        return None


async def _feed_refused(
    source: Surroundings, connection: Connection, run: Run | None, refused: CleverRefused
) -> None:
    """Answer a feed that cannot be read from the cursor on: by a baseline, unless one did not help."""
    if run is not None and run.is_read:
        # Without a feed, the baseline is all that there will be; the district must not wait for another.
        if not run.is_ready:
            await source.baselines.ready(run, close_window=True)
        raise refused
    if connection.cursor == BEGINNING or not _may_help(connection):
        raise refused
    await _demand(source, connection, f"the feed could not be read on ({refused.status})")


def _may_help(connection: Connection) -> bool:
    """Whether a baseline may bring the feed back: not where it never worked since the last one."""
    last, read = connection.baseline_at, connection.cursor_at
    if last is None or (read is not None and read > last):
        return True
    return connection.now - last > REPEATED_DEMAND


async def _demand(source: Surroundings, connection: Connection, reason: str) -> None:
    await source.connections.demand_resync(connection.district_id, reason, forget_cursor=True)
    structlog.get_logger().warning(
        "feed.cut_off", stage="poll", district_id=connection.district_id, reason=reason
    )


def _ids(events: list[Json]) -> list[str]:
    return [event["id"] for event in events if _has_id(event)]


def _has_id(event: Json) -> bool:
    found = event.get("id")
    return isinstance(found, str) and _EVENT_ID.fullmatch(found) is not None
