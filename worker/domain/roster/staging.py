"""Staging: what a batch of events makes of the records that Clever told us of before.

An event carries the whole record. Of two versions of a record the one changed last stays: by their
`last_modified` where both have one, else by the order of the feed, which is the order of event ids. So
duplicates, late and reordered deliveries change nothing. Deletions have the order of the feed alone. A
baseline puts a floor under the feed: it holds what every event up to its seed came to, so that none of
those applies any more.

A row of a list that somebody published is an event too, with an id of our making. Only its `last_modified`
says how new it is; without one it is as new as the moment it was published.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from worker.domain.roster.records import EventId, Json, RecordId, RecordKind
from worker.domain.roster.versions import SECOND, highest_id, latest_id_in_order, made_at

Key = tuple[RecordKind, RecordId]


@dataclass(frozen=True, slots=True)
class Event:
    """One change to one record; `record` is None for a deletion.

    `modified` is the record's `last_modified` in microseconds of the epoch, None where it tells nothing;
    `is_row` says that the event was made of a row of a list.
    """

    id: EventId
    kind: RecordKind
    record_id: RecordId
    record: Json | None
    modified: int | None = None
    is_row: bool = False

    @property
    def key(self) -> Key:
        """The record that the event is about."""
        return self.kind, self.record_id


@dataclass(frozen=True, slots=True)
class Staged:
    """A record as Clever last told it; None is a tombstone, which keeps the order of the feed.

    `modified` is when that version was changed, for a tombstone when the record was last known to be there;
    None where nobody said, as with a record that was missing from a baseline.
    """

    event_id: EventId
    record: Json | None
    modified: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One record before and after a batch; `before` and `after` are None where it is not there."""

    kind: RecordKind
    record_id: RecordId
    event_id: EventId
    before: Json | None
    after: Json | None
    modified: int | None = None
    is_new: bool = False
    """Whether nothing was staged of the record before, not even a tombstone."""

    @property
    def key(self) -> Key:
        """The record that changes."""
        return self.kind, self.record_id

    @property
    def is_real(self) -> bool:
        """Whether the record differs, and not only the event that last touched it."""
        return self.before != self.after


NO_FLOOR: Final = EventId("")
"""The floor of a district that never had a baseline: every event id is greater."""
NO_LIMIT: Final = EventId("g")
"""Greater than every event id."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Between which ids an event counts: above `floor`, where the last baseline ends.

    A staged id above `latest` lies too far ahead of now to tell an order, and holds nothing up.
    """

    floor: EventId = NO_FLOOR
    latest: EventId = NO_LIMIT


def bounds(floor: EventId, now: datetime) -> Bounds:
    """Return the bounds of a district's events now."""
    return Bounds(floor, EventId(latest_id_in_order(now)))


def is_ahead(floor: EventId, now: datetime) -> bool:
    """Whether a floor lies ahead of now, or is no event id: below it no event would ever count."""
    return floor > highest_id(now)


def is_under_floor(event: Event, floor: EventId) -> bool:
    """Whether the last baseline has an event already, as far as its id and its record's time tell."""
    if event.is_row or event.id > floor:
        return False
    floored_at = made_at(floor)
    return floored_at is None or event.modified is None or event.modified < floored_at + SECOND


def apply(
    staged: Mapping[Key, Staged],
    events: Iterable[Event],
    within: Bounds = Bounds(),
) -> list[Change]:
    """Return one change for each record that the events touch; stale events are left out.

    `staged` holds the current state of the records the events speak of (those never seen are absent).
    """
    reached: dict[Key, Staged] = {}
    for event in sorted(events, key=lambda event: event.id):
        key = event.key
        current = reached.get(key) or staged.get(key)
        if _applies(event, current, within):
            reached[key] = _after(event, current, within)
    changes = []
    for key, version in reached.items():
        before = staged.get(key)
        changes.append(
            Change(
                *key,
                version.event_id,
                before.record if before else None,
                version.record,
                version.modified,
                before is None,
            )
        )
    return changes


def _applies(event: Event, current: Staged | None, within: Bounds) -> bool:
    if event.is_row:
        return _row_applies(event, current)
    is_under = is_under_floor(event, within.floor)
    if current is None or current.event_id > within.latest:
        return not is_under
    if event.modified is not None and event.record is not None:
        if current.record is not None and current.modified is not None and event.modified != current.modified:
            return event.modified > current.modified
        if current.record is None and current.modified is None:
            # It was missing from a baseline; what was changed after that is there again.
            missed_at = made_at(current.event_id)
            if missed_at is not None and event.modified >= missed_at + SECOND:
                return True
    return event.id > current.event_id and not is_under


def _row_applies(event: Event, current: Staged | None) -> bool:
    if current is None or event.modified is None:
        return True
    at = current.modified if current.modified is not None else made_at(current.event_id)
    if at is None or event.modified > at:
        return True
    # Of two versions of one time the one read later stays; a deletion came after the version that it ended.
    return event.modified == at and current.record is not None


def _after(event: Event, current: Staged | None, within: Bounds) -> Staged:
    """Return what an event that applies makes of a record."""
    event_id, modified = event.id, event.modified
    if current is not None and current.event_id <= within.latest:
        event_id = max(event_id, current.event_id)
    if event.record is None:
        known = (modified, made_at(event.id), current.modified if current else None)
        modified = max((at for at in known if at is not None), default=None)
    return Staged(event_id, event.record, modified)


def combine(earlier: Iterable[Change], later: Iterable[Change]) -> list[Change]:
    """Return one change for each record: from what it was before the earlier ones to what the later made."""
    combined = {change.key: change for change in earlier}
    for change in later:
        first = combined.get(change.key)
        combined[change.key] = change if first is None else replace(change, before=first.before)
    return list(combined.values())
