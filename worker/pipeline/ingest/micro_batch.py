"""What a handful of messages comes to: read one by one, in memory alone, without holding the event loop."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from schemas import clever, event_ids
from schemas.attribution import district_in_envelope
from worker.domain.roster.versions import SECOND, moment
from worker.messaging.broker import Delivery
from worker.messaging.dead_letters import REPLAYED_HEADER
from worker.pipeline.ingest import translate
from worker.pipeline.ingest.inbox import Arrival, Mark, Quarantined, Released
from worker.runtime.trace_context import read_trace_parent

MAX_BYTES: Final = 4 * 1024 * 1024
"""Of one message: a section with 30,000 students and its previous attributes has under 2 MiB."""
MAX_VALUES: Final = 300_000
"""In one body: twice as many ids as fit into the largest one. Reading a million takes most of a second, in
calls that let nothing else run, and a hundred megabytes."""
LARGE: Final = 128 * 1024
"""Bytes from which on a body is read in a thread, so that the event loop has its turns meanwhile."""
_OBJECT_ID: Final = 24
"""Characters of a district's id in a routing key."""
SLICE: Final = 256 * 1024
"""Bytes of small bodies that are read before others have their turn: some milliseconds."""


@dataclass(slots=True)
class MicroBatch:
    """What a handful of deliveries come to; `tags` are those of all that could be read."""

    tags: list[int] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    unreadable: list[tuple[Delivery, clever.UnreadableEvent]] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    contexts: list[str | None] = field(default_factory=list)
    """The trace contexts that the messages came with."""
    unread: Counter[str] = field(default_factory=Counter)
    """Fields that were left out, by collection: they could not be read, and no roster needs them."""

    ahead: int = 0
    """Records that say they were changed in the future: that time tells nothing."""

    def extend(self, other: MicroBatch) -> None:
        """Take in what another one has."""
        self.tags += other.tags
        self.arrivals += other.arrivals
        self.marks += other.marks
        self.unreadable += other.unreadable
        self.released += other.released
        self.contexts += other.contexts
        self.unread += other.unread
        self.ahead += other.ahead

    def __len__(self) -> int:
        """Count the messages."""
        return len(self.tags) + len(self.unreadable)

    @property
    def quarantined(self) -> list[Quarantined]:
        """Those unreadable messages whose district can be told."""
        return [
            Quarantined(
                error.district_id, hashlib.sha256(delivery.body).digest(), error.reason, error.explanation
            )
            for delivery, error in self.unreadable
            if error.district_id is not None
        ]


@dataclass(frozen=True, slots=True)
class Latest:
    """What is believed at most: an event's id, and when a record was changed, in microseconds."""

    event_id: str = event_ids.NO_LIMIT
    change: int = translate.FOR_EVER


def latest_at(now: float) -> Latest:
    """Return what is believed at a second of the epoch."""
    return Latest(event_ids.latest_at(now), int(now * SECOND))


def read_all(deliveries: Sequence[Delivery], latest: Latest = Latest()) -> MicroBatch:
    """Read every delivery, at once."""
    batch = MicroBatch()
    for delivery in deliveries:
        _read_into(batch, delivery, latest)
    return batch


async def read_in_turns(deliveries: Sequence[Delivery]) -> MicroBatch:
    """Read every delivery, and let others run in between: no body holds the event loop for long."""
    batch, since, latest = MicroBatch(), 0, latest_at(time.time())
    for delivery in deliveries:
        size = len(delivery.body)
        if size >= LARGE:
            batch.extend(await asyncio.to_thread(_read_large, delivery, latest))
            continue
        since += size
        if since >= SLICE:
            since = 0
            await asyncio.sleep(0)
        _read_into(batch, delivery, latest)
    return batch


def _read_into(batch: MicroBatch, delivery: Delivery, latest: Latest) -> None:
    context = context_of(delivery)
    batch.contexts.append(context)
    try:
        event = _read(delivery, latest.event_id)
        stored = _stored(event, context, latest.change)
    except clever.UnreadableEvent as error:
        batch.unreadable.append((delivery, _alone(error)))
        return
    except Exception as error:  # noqa: BLE001 — a fault of ours, met by one message, stops no other
        batch.unreadable.append((delivery, _unforeseen(delivery, error)))
        return
    if isinstance(stored, Arrival):
        batch.arrivals.append(stored)
        if isinstance(event, clever.Event) and event.unread:
            batch.unread[event.collection] += len(event.unread)
        if stored.modified is None:
            batch.ahead += _is_ahead(event)
    else:
        batch.marks.append(stored)
    if REPLAYED_HEADER in delivery.headers:
        batch.released += _released(delivery, stored.district_id)
    batch.tags.append(delivery.tag)


def _alone(error: clever.UnreadableEvent) -> clever.UnreadableEvent:
    """Return the same error without its traceback, which keeps the whole batch while a dead letter waits."""
    return clever.UnreadableEvent(error.reason, error.explanation, error.district_id)


def _unforeseen(delivery: Delivery, error: Exception) -> clever.UnreadableEvent:
    district = district_in_envelope(delivery.headers, delivery.routing_key)
    return clever.UnreadableEvent(
        clever.Reason.NOT_AN_EVENT,
        f"reading it raised {type(error).__name__}",
        district or clever.district_in_pieces(delivery.body),
    )


def _stored(event: clever.Event | clever.FeedSettled, context: str | None, now: int) -> Arrival | Mark:
    return (
        translate.to_arrival(event, context, now)
        if isinstance(event, clever.Event)
        else translate.to_mark(event)
    )


def _is_ahead(event: clever.Event | clever.FeedSettled) -> bool:
    """Whether an event whose record tells no time of change we believe tells one nevertheless."""
    record = event.object if isinstance(event, clever.Event) else None
    return (
        record is not None and record.last_modified is not None and moment(record.last_modified) is not None
    )


def context_of(delivery: Delivery) -> str | None:
    """Return the trace context that a message came with; one that is not well-formed is none."""
    header = delivery.headers.get("traceparent")
    return None if header is None else read_trace_parent(header)


def _read_large(delivery: Delivery, latest: Latest) -> MicroBatch:
    """Read a large body without the collector of cycles, which would look at every value several times."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        return read_all([delivery], latest)
    finally:
        if was_enabled:
            gc.enable()


def _released(delivery: Delivery, district_id: str) -> list[Released]:
    """Return what leaves the quarantine with a dead letter that was published again, and was read."""
    held = delivery.headers.get(REPLAYED_HEADER)
    if held is None:
        return []
    digest = hashlib.sha256(delivery.body).digest()
    return [Released(district, digest) for district in (district_id, held) if isinstance(district, str)]


def _read(delivery: Delivery, latest_id: str) -> clever.Event | clever.FeedSettled:
    district = district_in_envelope(delivery.headers, delivery.routing_key)
    body = delivery.body
    if len(body) > MAX_BYTES:
        raise _too_large(
            f"the body is too large ({len(body):,} of at most {MAX_BYTES:,} bytes)", body, district
        )
    if len(body) >= LARGE and _has_too_many_values(body):
        raise _too_large(f"the body has more than {MAX_VALUES} values", body, district)
    event = clever.read(body, district, latest_id)
    named = event.district_id if isinstance(event, clever.Event) else event.district
    if _names_another(delivery.routing_key, named):
        raise clever.UnreadableEvent(
            clever.Reason.WRONG_DISTRICT,
            "the routing key names a different district than the message",
            district,
        )
    return event


def _names_another(routing_key: str, district_id: str) -> bool:
    if routing_key.startswith(district_id) and len(district_id) == _OBJECT_ID:
        return False
    key = clever.district_in_key(routing_key)
    return key is not None and key.lower() != district_id.lower()


def _too_large(explanation: str, body: bytes, district: str | None) -> clever.UnreadableEvent:
    return clever.UnreadableEvent(
        clever.Reason.TOO_LARGE, explanation, district or clever.district_in_pieces(body)
    )


_TEXT: Final = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)


def _has_too_many_values(body: bytes) -> bool:
    """Whether there are more values than a record has, by counting what stands before each."""
    before = (b",", b"[", b"{")
    if sum(map(body.count, before)) <= MAX_VALUES:
        return False
    return sum(map(_TEXT.sub(b"", body).count, before)) > MAX_VALUES  # what stands in a text is none
