"""Publishing events to the exchange that ingest reads from, many in flight."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

import orjson

from config.topology import EVENTS_EXCHANGE
from worker.pages import JsonObject, district_of
from worker.ports.broker import Message, Publisher

IN_FLIGHT = 500
"""Unconfirmed messages at a time; RabbitMQ gains little beyond a few hundred."""


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
