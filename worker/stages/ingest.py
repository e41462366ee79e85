"""Ingest: take many messages, store them in one transaction, acknowledge them all at once.

Acknowledged is only what is stored. A kill before the commit has the broker deliver everything again; a
kill after it has it deliver what is stored already, and duplicates change nothing. A message that cannot
be read goes to the dead letters with its reason, after its district (where that can be told) was
quarantined and before it is acknowledged.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog

from config.topology import DEAD_LETTER_EXCHANGE, EVENTS_QUEUE
from schemas import clever, event_ids
from worker import reading
from worker.errors import IngestHalted, StoreRefused
from worker.metrics import Metrics
from worker.ports.broker import Broker, Delivery, Message, Subscription
from worker.ports.dead_letters import REPLAYED_HEADER
from worker.ports.inbox import Arrival, Inbox, Mark, Quarantined, Released, Stored
from worker.stages.subscribing import KeptSubscription, context_of
from worker.tracing import NO_TRACES, Span, Tracer, link_all

BATCH: Final = 500
"""Messages stored together: past a few hundred a larger batch is no faster."""
PREFETCH: Final = 1500
"""Three batches: one being stored, one at hand, one on its way. Quorum queues allow 2,000."""
TAKE_SECONDS: Final = 0.5
MAX_BYTES: Final = 4 * 1024 * 1024
"""Of one message: a section with 30,000 students and its previous attributes has under 2 MiB."""
HALT_AFTER: Final = 1000
"""Unreadable messages in a row after which we are more likely wrong than they are."""


@dataclass(slots=True)
class MicroBatch:
    """What a handful of deliveries come to."""

    arrivals: list[Arrival] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    unreadable: list[tuple[Delivery, clever.UnreadableEvent]] = field(default_factory=list)
    released: list[Released] = field(default_factory=list)
    unread: Counter[str] = field(default_factory=Counter)
    """Fields that were left out, by collection: they could not be read, and no roster needs them."""

    def extend(self, other: MicroBatch) -> None:
        """Take in what another one has."""
        self.arrivals += other.arrivals
        self.marks += other.marks
        self.unreadable += other.unreadable
        self.released += other.released
        self.unread += other.unread

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


@dataclass(slots=True)
class IngestStage:
    """The ingest stage. One subscription at a time, made anew after anything went wrong with it."""

    broker: Broker
    inbox: Inbox
    metrics: Metrics
    halt_after: int = HALT_AFTER
    tracer: Tracer = NO_TRACES
    name: str = "ingest"
    _kept: KeptSubscription = field(init=False)
    _unreadable_in_a_row: int = 0

    def __post_init__(self) -> None:
        self._kept = KeptSubscription(self.broker, EVENTS_QUEUE, PREFETCH, self.inbox.ping)

    async def once(self) -> bool:
        """Take what is at hand, store it, acknowledge it; return whether there was anything.

        Raises `BrokerUnavailable` and `StoreUnavailable` after giving up the subscription, so that
        messages stay in the broker while either is away; `IngestHalted` for good.
        """
        try:
            subscription = await self._kept.get()
            deliveries = await subscription.take(BATCH, TAKE_SECONDS)
            if deliveries:
                with self.tracer.span("ingest", kind="consumer", messages=len(deliveries)) as span:
                    await self._handle(subscription, deliveries, span)
        except BaseException:
            await self.close()
            raise
        return True

    async def wait(self) -> None:
        """Never wait: `once` does, on the subscription."""

    @property
    def consuming(self) -> bool:
        """Whether there is a subscription."""
        return self._kept.is_open

    async def close(self) -> None:
        """Give up the subscription; what is not acknowledged goes back to the queue."""
        await self._kept.close()

    async def _handle(self, subscription: Subscription, deliveries: Sequence[Delivery], span: Span) -> None:
        started = time.perf_counter()
        link_all(span, (context_of(delivery) for delivery in deliveries))
        batch = read_all(deliveries, event_ids.latest_at(time.time()))
        self._watch_for_a_flood(batch, len(deliveries))
        try:
            stored = await self._store(batch)
        except StoreRefused:
            batch, stored = await self._store_one_by_one(deliveries)
        for delivery, error in batch.unreadable:
            await self._dead_letter(delivery, error)
        await subscription.acknowledge(deliveries[-1].tag)
        self._report(batch, stored, span, time.perf_counter() - started)

    def _report(self, batch: MicroBatch, stored: Stored, span: Span, seconds: float) -> None:
        counts = {
            "stored": stored.stored,
            "duplicate": stored.duplicates,
            "ignored": stored.ignored,
            "unreadable": len(batch.unreadable),
            "control": len(batch.marks),
        }
        for outcome, count in counts.items():
            if count:
                self.metrics.events_received.labels(outcome).inc(count)
        for collection, count in batch.unread.items():
            self.metrics.fields_unread.labels(collection).inc(count)
        span.set(**counts)
        if batch.unread:
            counts["unread_fields"] = batch.unread.total()
        structlog.get_logger().info("events.stored", stage=self.name, **counts, seconds=round(seconds, 3))

    async def _store(self, batch: MicroBatch) -> Stored:
        with self.metrics.store_seconds.time():
            return await self.inbox.store(batch.arrivals, batch.marks, batch.quarantined, batch.released)

    async def _store_one_by_one(self, deliveries: Sequence[Delivery]) -> tuple[MicroBatch, Stored]:
        """Find the message that the store refuses, so that it holds up none of the others."""
        whole, stored = MicroBatch(), Stored(0, 0, 0)
        for delivery in deliveries:
            batch = read_all([delivery], event_ids.latest_at(time.time()))
            try:
                stored += await self._store(batch)
            except StoreRefused as error:
                district = batch.arrivals[0].district_id if batch.arrivals else None
                refused = clever.UnreadableEvent(clever.Reason.NOT_STORABLE, str(error), district)
                batch = MicroBatch(unreadable=[(delivery, refused)])
                stored += await self._store(batch)
            whole.extend(batch)
        return whole, stored

    async def _dead_letter(self, delivery: Delivery, error: clever.UnreadableEvent) -> None:
        headers = {
            "x-reason": str(error.reason),
            "x-district-id": error.district_id,
            "traceparent": context_of(delivery),
        }
        await self.broker.publish(
            Message(
                DEAD_LETTER_EXCHANGE,
                delivery.routing_key,
                delivery.body,
                headers={name: value for name, value in headers.items() if value is not None},
            )
        )
        self.metrics.dead_letters.labels(str(error.reason)).inc()
        structlog.get_logger().warning(
            "event.unreadable",
            stage=self.name,
            reason=str(error.reason),
            explanation=error.explanation,
            district_id=error.district_id,
        )

    def _watch_for_a_flood(self, batch: MicroBatch, deliveries: int) -> None:
        if len(batch.unreadable) < deliveries:
            self._unreadable_in_a_row = 0
            return
        if self._unreadable_in_a_row >= self.halt_after:
            raise IngestHalted(
                f"{self._unreadable_in_a_row} messages in a row could not be read, "
                f"the last for {batch.unreadable[-1][1].reason}: consuming has stopped"
            )
        self._unreadable_in_a_row += deliveries


def read_all(deliveries: Sequence[Delivery], latest_id: str = event_ids.NO_LIMIT) -> MicroBatch:
    """Read every delivery; no event id above `latest_id` is believed."""
    batch = MicroBatch()
    for delivery in deliveries:
        try:
            event = _read(delivery, latest_id)
        except clever.UnreadableEvent as error:
            batch.unreadable.append((delivery, error))
            continue
        if isinstance(event, clever.Event):
            batch.arrivals.append(reading.arrival(event, context_of(delivery)))
            batch.released += _released(delivery, event.district_id)
            if event.unread:
                batch.unread[event.collection] += len(event.unread)
        else:
            batch.marks.append(reading.mark(event))
            batch.released += _released(delivery, event.district)
    return batch


def _released(delivery: Delivery, district_id: str) -> list[Released]:
    """Return what leaves the quarantine with a dead letter that was published again, and was read."""
    held = delivery.headers.get(REPLAYED_HEADER)
    if held is None:
        return []
    digest = hashlib.sha256(delivery.body).digest()
    return [Released(district, digest) for district in (district_id, held) if isinstance(district, str)]


def _read(delivery: Delivery, latest_id: str) -> clever.Event | clever.FeedSettled:
    district = _district_beside(delivery)
    if len(delivery.body) > MAX_BYTES:
        raise clever.UnreadableEvent(
            clever.Reason.TOO_LARGE,
            f"the body has {len(delivery.body)} bytes, at most {MAX_BYTES} are read",
            district or clever.district_in_pieces(delivery.body),
        )
    event = clever.read(delivery.body, district, latest_id)
    read = event.district_id if isinstance(event, clever.Event) else event.district
    key = clever.district_in_key(delivery.routing_key)
    if key is not None and key.lower() != read.lower():
        raise clever.UnreadableEvent(
            clever.Reason.WRONG_DISTRICT, "the routing key names another district than the message", district
        )
    return event


def _district_beside(delivery: Delivery) -> str | None:
    """Tell the district from the header, or from a routing key of our own form, `<district>.<type>`."""
    header = delivery.headers.get("district_id")
    if clever.is_district_id(header):
        return header
    return clever.district_in_key(delivery.routing_key)
