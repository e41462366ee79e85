"""An ingest stage over fakes, for its unit tests, and one that runs beside a test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

from builders import body
from fakes import FakeInbox, FakeSink

from config.topology import DEAD_LETTER_QUEUE, EVENTS_EXCHANGE
from worker.adapters.inprocess.broker import InProcessBroker
from worker.messaging.broker import Broker, HeaderValue, Message
from worker.pipeline.ingest.inbox import Inbox
from worker.pipeline.ingest.stage import IngestStage
from worker.runtime.loop import Health, Stop, run
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import NO_TRACES, Tracer


class FakeClock:
    """A monotonic clock that stands still until it is put forward."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Ingest:
    """An ingest stage over fakes, and what was published for it."""

    def __init__(self, halt_after: int = 1000, tracer: Tracer = NO_TRACES) -> None:
        self.clock = FakeClock()
        self.inbox = FakeInbox()
        self.dead = FakeSink()
        self.broker = InProcessBroker(sinks={DEAD_LETTER_QUEUE: self.dead})
        self.stage = IngestStage(self.broker, self.inbox, Metrics(), halt_after, tracer, clock=self.clock)
        self.publishing: list[asyncio.Task[None]] = []

    async def publish(self, *documents: Any, key: str = "some.key", **headers: HeaderValue) -> None:
        """Begin to publish; a publish is done when its message is acknowledged."""
        for document in documents:
            text = document if isinstance(document, bytes) else body(document)
            message = Message(EVENTS_EXCHANGE, key, text, headers=headers)
            self.publishing.append(asyncio.create_task(self.broker.publish(message)))
        await asyncio.sleep(0)

    async def acknowledged(self) -> int:
        """Return how many messages are acknowledged."""
        for _ in range(3):
            await asyncio.sleep(0)
        return sum(task.done() for task in self.publishing)

    def counted(self, name: str, **labels: str) -> float:
        value = self.stage.metrics.registry.get_sample_value(f"rostering_{name}_total", labels)
        return value or 0


@asynccontextmanager
async def ended(made: Ingest) -> AsyncIterator[Ingest]:
    """Give up what still waits when a test is over."""
    yield made
    await made.stage.close()
    for task in made.publishing:
        task.cancel()
    await asyncio.gather(*made.publishing, return_exceptions=True)


@asynccontextmanager
async def ingesting(broker: Broker, inbox: Inbox) -> AsyncIterator[None]:
    """Run an ingest stage while the context is open."""
    stage = IngestStage(broker, inbox, Metrics())
    running = asyncio.create_task(run(stage, Stop(), Health()))
    try:
        yield
    finally:
        running.cancel()  # a stop would wait for messages until the time of its take is over
        with suppress(asyncio.CancelledError):
            await running
        await stage.close()
