"""Ingest: take many messages, store them in one transaction, acknowledge what is stored.

Acknowledged is only what is stored. A kill before the commit has the broker deliver everything again; a
kill after it has it deliver what is stored already, and duplicates change nothing. A message that cannot
be read is quarantined for its district (where that can be told) in the same transaction, and then waits for
its way to the dead letters alone (`worker.pipeline.ingest.dead_lettering`).

Giving a message back counts against it: after twenty times the broker takes it for the one that kills us. So
nothing is given back because the store, or the broker, is away. Messages are taken only once the store has
shown that it can store; those at hand when it fails are kept, unacknowledged, and stored when it can again.
A message that did come back a few times is taken alone, so that only the one that ends processes goes on
being counted (docs/decisions/0016-messages-kept-in-hand.md).
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Final

import structlog

from config.topology import EVENTS_QUEUE
from schemas import clever
from worker.messaging.broker import Broker, Delivery, Subscription
from worker.pipeline.ingest.dead_lettering import DeadLettering
from worker.pipeline.ingest.inbox import Inbox, Stored
from worker.pipeline.ingest.micro_batch import MicroBatch, read_in_turns
from worker.runtime.errors import IngestHalted, StoreFailed, StoreRefused, StoreUnavailable
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import NO_TRACES, Span, Tracer, link_all

BATCH: Final = 500
"""Messages stored together: past a few hundred a larger batch is no faster."""
BATCH_BYTES: Final = 8 * 1024 * 1024
"""Of bodies stored together, and one more body: far from PostgreSQL's limits, and held twice while stored."""
PREFETCH: Final = 1500
"""Three batches: one being stored, one at hand, one on its way. Quorum queues allow 2,000."""
TAKE_SECONDS: Final = 0.5
HALT_AFTER: Final = 1000
"""Unreadable messages in a row after which we are more likely wrong than they are."""
SUSPECT: Final = 3
"""Times that a message came back, from which on it is taken alone."""
HOLD_SECONDS: Final = 900.0
"""For which messages are kept while the store fails: brokers wait 30 minutes for an acknowledgement."""
LOOK_SECONDS: Final = 5.0
"""Between two looks at the store while nothing comes."""
ATTEMPTS_TOGETHER: Final = 3
"""Failed attempts after which messages are stored one by one, for the one that fails by itself."""
MAX_ASIDE: Final = 20
"""Messages that fail by themselves and are kept while others go on; with more of them nothing is taken."""
ASIDE_SECONDS: Final = 15.0
"""Between two attempts at one of those."""


@dataclass(slots=True)
class _Group:
    """Deliveries to store together; read at the first attempt, and kept until they are stored."""

    deliveries: Sequence[Delivery]
    batch: MicroBatch | None = None
    attempts: int = 0
    failing_since: float | None = None
    due_at: float = 0.0
    """When one that was put aside is tried again."""


@dataclass(slots=True)
class IngestStage:
    """The ingest stage. One subscription at a time, made again after anything went wrong with it."""

    broker: Broker
    inbox: Inbox
    metrics: Metrics
    halt_after: int = HALT_AFTER
    tracer: Tracer = NO_TRACES
    name: str = "ingest"
    clock: Callable[[], float] = time.monotonic
    _dead: DeadLettering = field(init=False)
    _context: AbstractAsyncContextManager[Subscription] | None = None
    _subscription: Subscription | None = None
    _is_narrow: bool = False
    _groups: deque[_Group] = field(default_factory=deque)
    _aside: list[_Group] = field(default_factory=list)
    _looked_at: float = 0.0
    _unreadable_in_a_row: int = 0

    def __post_init__(self) -> None:
        self._dead = DeadLettering(self.broker, self.metrics, self.name, self.clock)

    async def once(self) -> bool:
        """Take what is at hand, store it, acknowledge it; return whether there was anything.

        Raises `BrokerUnavailable` after giving up the subscription, `StoreUnavailable` with what was taken
        kept in hand, to be stored by the next call; `IngestHalted` for good.
        """
        try:
            subscription = await self._opened()
            await self._return_from_aside(subscription)
            if self._groups or len(self._aside) >= MAX_ASIDE:
                await subscription.take(0, 0)  # raises where it was lost meanwhile: what it gave comes again
            else:
                await self._take(subscription)
            if self._groups:
                await self._work_on(subscription, self._groups[0])
        except StoreUnavailable:
            await self._keep_or_give_back()
            raise
        except BaseException:
            await self.close()
            raise
        return True

    async def wait(self) -> None:
        """Never wait: `once` does, on the subscription."""

    @property
    def consuming(self) -> bool:
        """Whether there is a subscription."""
        return self._subscription is not None

    async def close(self) -> None:
        """Give up the subscription; what is not acknowledged goes back to the queue. May be called twice."""
        self._groups.clear()
        self._aside.clear()
        await self._dead.close()
        context, self._context, self._subscription = self._context, None, None
        if context is not None:
            await context.__aexit__(None, None, None)

    async def _opened(self) -> Subscription:
        """Return the subscription; where there is none, make one after the store has shown that it stores.

        It begins with one message, to see whether it is one that keeps coming back.
        """
        if self._subscription is None:
            await self.inbox.check_writable()
            context = self.broker.subscribe(EVENTS_QUEUE, prefetch=1)
            self._subscription = await context.__aenter__()
            self._context = context
            self._is_narrow = True
            self._looked_at = self.clock()
        return self._subscription

    async def _take(self, subscription: Subscription) -> None:
        """Take what is at hand into groups: all that is new together, what keeps coming back one by one."""
        deliveries = await subscription.take(BATCH, TAKE_SECONDS, BATCH_BYTES)
        suspects = [delivery for delivery in deliveries if delivery.returns >= SUSPECT]
        if not suspects and self._is_narrow:
            await subscription.set_prefetch(PREFETCH)
            self._is_narrow = False
            if len(deliveries) < BATCH:
                deliveries += await subscription.take(BATCH - len(deliveries), 0, BATCH_BYTES)
                suspects = [delivery for delivery in deliveries if delivery.returns >= SUSPECT]
        if suspects and not self._is_narrow:
            await subscription.set_prefetch(1)
            self._is_narrow = True
        others = (
            [delivery for delivery in deliveries if delivery.returns < SUSPECT] if suspects else deliveries
        )
        self._groups.extend(_Group(part) for part in (others, *([one] for one in suspects)) if part)
        if not deliveries:
            await self._look_at_the_store()

    async def _look_at_the_store(self) -> None:
        """Ask now and then whether the store can store, while nothing comes to be stored."""
        if self.clock() - self._looked_at >= LOOK_SECONDS:
            await self.inbox.ping()
            self._looked_at = self.clock()

    async def _keep_or_give_back(self) -> None:
        """Keep what was taken while the store is away, though not for longer than the broker would wait.

        An idle subscription ends at once: what comes meanwhile stays in the queue, and nothing is given back.
        """
        since = self._groups[0].failing_since if self._groups else None
        is_idle = not self._groups and not self._aside
        if is_idle or (since is not None and self.clock() - since >= HOLD_SECONDS):
            await self.close()

    async def _work_on(self, subscription: Subscription, group: _Group) -> None:
        with self.tracer.span("ingest", kind="consumer", messages=len(group.deliveries)) as span:
            try:
                await self._handle(subscription, group, span)
            except StoreUnavailable as error:
                group.failing_since = group.failing_since or self.clock()
                group.attempts += 1
                fails_by_itself = isinstance(error, StoreFailed) and group.attempts >= ATTEMPTS_TOGETHER
                if fails_by_itself:
                    await self.inbox.check_writable()  # raises where the store fails whatever it is given
                    self._part(group)
                raise
        self._groups.remove(group)

    def _part(self, group: _Group) -> None:
        """Go on with each message by itself, so that one that the store fails at holds up no other."""
        self._groups.remove(group)
        if len(group.deliveries) > 1:
            self._groups.extend(
                _Group([delivery], failing_since=group.failing_since) for delivery in group.deliveries
            )
        else:
            group.due_at = self.clock() + ASIDE_SECONDS
            self._aside.append(group)

    async def _return_from_aside(self, subscription: Subscription) -> None:
        """Try again what was put aside; the broker has back what failed for as long as it would wait."""
        now = self.clock()
        for group in [each for each in self._aside if each.due_at <= now]:
            self._aside.remove(group)
            if group.failing_since is not None and now - group.failing_since >= HOLD_SECONDS:
                await subscription.reject(group.deliveries[0].tag, requeue=True)
            else:
                self._groups.append(group)

    async def _handle(self, subscription: Subscription, group: _Group, span: Span) -> None:
        started = time.perf_counter()
        if group.batch is None:
            group.batch = await read_in_turns(group.deliveries)
            self._watch_for_a_flood(group.batch)
        batch = group.batch
        link_all(span, batch.contexts)
        try:
            stored = await self._store(batch)
        except StoreRefused:
            batch, stored = await self._store_one_by_one(group.deliveries)
        self._looked_at = self.clock()
        await subscription.acknowledge_each(batch.tags)
        await self._dead.add(subscription, batch.unreadable)
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
        if batch.ahead:
            counts["changed_ahead"] = batch.ahead
        structlog.get_logger().info("events.stored", stage=self.name, **counts, seconds=round(seconds, 3))

    async def _store(self, batch: MicroBatch) -> Stored:
        with self.metrics.store_seconds.time():
            return await self.inbox.store(batch.arrivals, batch.marks, batch.quarantined, batch.released)

    async def _store_one_by_one(self, deliveries: Sequence[Delivery]) -> tuple[MicroBatch, Stored]:
        """Find the message that the store refuses, so that it holds up none of the others."""
        whole, stored = MicroBatch(), Stored(0, 0, 0)
        for delivery in deliveries:
            batch = await read_in_turns([delivery])
            try:
                stored += await self._store(batch)
            except StoreRefused as error:
                district = batch.arrivals[0].district_id if batch.arrivals else None
                refused = clever.UnreadableEvent(clever.Reason.NOT_STORABLE, str(error), district)
                batch = MicroBatch(unreadable=[(delivery, refused)])
                stored += await self._store(batch)
            whole.extend(batch)
        return whole, stored

    def _watch_for_a_flood(self, batch: MicroBatch) -> None:
        if batch.tags:
            self._unreadable_in_a_row = 0
            return
        if self._unreadable_in_a_row >= self.halt_after:
            raise IngestHalted(
                f"{self._unreadable_in_a_row} messages in a row could not be read, "
                f"the last for {batch.unreadable[-1][1].reason}: consuming has stopped"
            )
        self._unreadable_in_a_row += len(batch.unreadable)
