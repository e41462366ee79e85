"""Publishing events from files: to RabbitMQ, or through the in-process broker into the store."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager

import orjson

from config.settings import Settings
from config.topology import EVENTS_EXCHANGE
from worker import app
from worker.pages import JsonObject, district_of
from worker.ports.broker import Message, Publisher
from worker.stages.ingest import IngestStage
from worker.stages.loop import Health, Stop, run
from worker.telemetry import Metrics

IN_FLIGHT = 500
"""Unconfirmed messages at a time; RabbitMQ gains little beyond a few hundred."""


@asynccontextmanager
async def open_publisher(settings: Settings) -> AsyncIterator[Publisher]:
    """Open what events are published to.

    Without a broker, ingest runs here beside it, so that a publish returns once its event is stored; a
    worker on the same data folder takes it from there.
    """
    broker = app.open_broker(settings)
    try:
        if settings.broker_url is not None:
            await broker.check_topology()
            yield broker
            return
        async with app.open_store(settings) as store:
            stop = Stop()
            ingest = IngestStage(broker, store.inbox, Metrics())
            running = asyncio.create_task(run(ingest, stop, Health()))
            try:
                yield broker
            finally:
                stop.set()
                await running
                await ingest.close()
    finally:
        await broker.close()


async def publish_events(
    publisher: Publisher, events: Iterable[JsonObject], done: Callable[[int], None]
) -> int:
    """Publish events with confirms, many in flight; return how many. `done` hears how many are confirmed.

    The first one that cannot be published stops the rest and raises.
    """
    waiting: set[asyncio.Task[None]] = set()
    count = 0
    try:
        for event in events:
            waiting.add(asyncio.create_task(publisher.publish(_message(event))))
            count += 1
            if len(waiting) >= IN_FLIGHT:
                waiting = await _some_done(waiting, done)
        while waiting:
            waiting = await _some_done(waiting, done)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
    return count


async def _some_done(
    waiting: set[asyncio.Task[None]], done: Callable[[int], None]
) -> set[asyncio.Task[None]]:
    finished, rest = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    for task in finished:
        task.result()
    done(len(finished))
    return rest


def _message(event: JsonObject) -> Message:
    routing_key = f"{district_of(event) or 'unknown'}.{event.get('type')}"
    return Message(EVENTS_EXCHANGE, routing_key[:255], orjson.dumps(event))
