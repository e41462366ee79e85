"""An ingest stage over lists of deliveries: what it asks of its subscription and its store is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest

from tests.support.builders.records import delivery, event_json, section_json, student_json
from tests.support.fakes.ports import FakeInbox
from tests.support.fixtures.ingest import FakeClock
from worker.messaging.broker import Broker, Delivery, Message
from worker.pipeline.ingest.inbox import Arrival, Mark, Quarantined, Released, Stored
from worker.pipeline.ingest.stage import IngestStage
from worker.runtime.errors import BrokerUnavailable, StoreRefused, StoreUnavailable
from worker.runtime.metrics import Metrics


class Queue:
    """A broker with one queue, that hands over one list a time; keeps what is said to it."""

    def __init__(self, *given: list[Delivery]) -> None:
        self.given = list(given)
        self.takes: list[tuple[int, float, int | None]] = []
        self.prefetches: list[int] = []
        self.acknowledged: list[list[int]] = []
        self.rejected: list[tuple[int, bool]] = []
        self.published: list[bytes] = []
        self.opened = self.open = 0
        self.blocked = self.lost = False

    @asynccontextmanager
    async def subscribe(self, _queue: str, *, prefetch: int) -> AsyncIterator[Queue]:
        self.prefetches.append(prefetch)
        self.opened += 1
        self.open += 1
        yield self
        self.open -= 1

    async def take(self, limit: int, wait: float, max_bytes: int | None = None) -> list[Delivery]:
        self.takes.append((limit, wait, max_bytes))
        if self.lost:
            raise BrokerUnavailable("lost")
        return self.given.pop(0) if limit and self.given else []

    async def set_prefetch(self, prefetch: int) -> None:
        self.prefetches.append(prefetch)

    async def acknowledge_each(self, tags: Collection[int]) -> None:
        self.acknowledged.append(list(tags))

    async def reject(self, tag: int, *, requeue: bool = False) -> None:
        self.rejected.append((tag, requeue))

    async def publish(self, message: Message) -> None:
        if self.blocked:
            raise BrokerUnavailable("blocked")
        self.published.append(message.body)


class Inbox(FakeInbox):
    """Keeps how many were stored together, and how often it was asked whether it is there.

    `away` is raised where something is to be stored, though it shows that it could.
    """

    def __init__(self) -> None:
        super().__init__()
        self.together: list[list[str]] = []
        self.pings = 0
        self.refuses_marks = False
        self.away: Exception | None = None

    async def ping(self) -> None:
        self.pings += 1
        await super().ping()

    async def check_writable(self) -> None:
        await super().check_writable()
        self.pings = 0

    async def store(
        self,
        arrivals: Sequence[Arrival],
        marks: Sequence[Mark],
        quarantined: Sequence[Quarantined],
        released: Sequence[Released] = (),
    ) -> Stored:
        self.together.append([arrival.event_id[-1] for arrival in arrivals])
        if self.away is not None:
            raise self.away
        if marks and self.refuses_marks:
            raise StoreRefused("a mark")
        return await super().store(arrivals, marks, quarantined, released)


class Bench:
    """An ingest stage over these lists of deliveries."""

    def __init__(self, *given: list[Delivery], halt_after: int = 1000) -> None:
        self.queue, self.inbox, self.clock = Queue(*given), Inbox(), FakeClock()
        self.stage = IngestStage(
            cast("Broker", self.queue), self.inbox, Metrics(), halt_after, clock=self.clock
        )

    async def once(self, times: int = 1) -> None:
        for _ in range(times):
            await self.stage.once()

    async def fails(self, times: int = 1) -> None:
        for _ in range(times):
            with pytest.raises(StoreUnavailable):
                await self.stage.once()

    @property
    def stored(self) -> list[str]:
        return [arrival.event_id[-1] for arrival in self.inbox.arrivals]

    def counted(self, outcome: str) -> float:
        name, labels = "rostering_events_received_total", {"outcome": outcome}
        return self.stage.metrics.registry.get_sample_value(name, labels) or 0


def sound(number: int, returns: int = 0) -> Delivery:
    headers: dict[str, Any] = {"x-delivery-count": returns} if returns else {}
    return delivery(event_json(student_json(number), number=number), number, **headers)


def bad(tag: int, **headers: object) -> Delivery:
    return delivery(event_json(section_json(students=5), "sections.updated"), tag, **headers)


async def aside(bench: Bench) -> None:
    """Have the one message that was taken put aside."""
    bench.inbox.failing = {event_json({}, number=1)["id"]}
    await bench.fails(3)
