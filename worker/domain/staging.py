"""Staging: what a batch of events makes of the records that Clever told us of before.

An event carries the whole record. Within a district event ids order the feed, so an event applies
only where its id is greater than the one that last touched the record; duplicates, late and reordered
deliveries therefore change nothing. A baseline puts a floor under the feed: it holds what every event up
to its seed came to, so that none of those applies any more.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from worker.domain.records import EventId, Json, Kind, RecordId

Key = tuple[Kind, RecordId]


@dataclass(frozen=True, slots=True)
class Event:
    """One change to one record; `record` is None for a deletion."""

    id: EventId
    kind: Kind
    record_id: RecordId
    record: Json | None

    @property
    def key(self) -> Key:
        """The record that the event is about."""
        return self.kind, self.record_id


@dataclass(frozen=True, slots=True)
class Staged:
    """A record as Clever last told it; None is a tombstone, which keeps the order of the feed."""

    event_id: EventId
    record: Json | None


@dataclass(frozen=True, slots=True)
class Change:
    """One record before and after a batch; `before` and `after` are None where it is not there."""

    kind: Kind
    record_id: RecordId
    event_id: EventId
    before: Json | None
    after: Json | None

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


def apply(staged: Mapping[Key, Staged], events: Iterable[Event], floor: EventId = NO_FLOOR) -> list[Change]:
    """Return one change for each record that the events touch; stale events are left out.

    `staged` holds the current state of the records the events speak of (those never seen are absent).
    Events up to `floor` are in the last baseline already.
    """
    newest: dict[Key, Event] = {}
    for event in events:
        if event.id <= floor:
            continue
        rival = newest.get(event.key)
        if rival is None or rival.id < event.id:
            newest[event.key] = event
    changes = []
    for key, event in newest.items():
        current = staged.get(key)
        if current is None or current.event_id < event.id:
            before = current.record if current else None
            changes.append(Change(event.kind, event.record_id, event.id, before, event.record))
    return changes


def combine(earlier: Iterable[Change], later: Iterable[Change]) -> list[Change]:
    """Return one change for each record: from what it was before the earlier ones to what the later made."""
    combined = {change.key: change for change in earlier}
    for change in later:
        first = combined.get(change.key)
        combined[change.key] = change if first is None else replace(change, before=first.before)
    return list(combined.values())
