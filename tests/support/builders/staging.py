"""Feeds that are staged as the store does it, and events whose ids tell when they were made."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from tests.support.builders.records import Json, event, record_id
from worker.domain.roster.records import EventId, RecordKind
from worker.domain.roster.staging import Change, Event, Key, Staged, apply
from worker.domain.roster.versions import SECOND

Roster = dict[Key, Staged]

KEY: Key = (RecordKind.USER, record_id(1))
BASE = 1_800_000_000


def stage(staged: Roster, events: Iterable[Event]) -> list[Change]:
    """Apply a batch as the store does: what it says becomes what is staged."""
    changes = apply(staged, events)
    for change in changes:
        staged[change.kind, change.record_id] = Staged(change.event_id, change.after)
    return changes


def staged_by(*batches: Sequence[Event]) -> Roster:
    """Return what is staged after these batches."""
    staged: Roster = {}
    for batch in batches:
        stage(staged, batch)
    return staged


def at(second: int) -> EventId:
    """Return an event id made so many seconds after a time."""
    return EventId(f"{BASE + second:08x}{'0' * 16}")


def changed(second: float) -> int:
    """Return a time of change so many seconds after a time."""
    return BASE * SECOND + int(second * SECOND)


def update(second: int, record: Json | None, modified: float | None = None) -> Event:
    """Return an event of the feed."""
    when = None if modified is None else changed(modified)
    return replace(event(1, record), id=at(second), modified=when)
