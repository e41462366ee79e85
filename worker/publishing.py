"""Publishing events to the exchange that ingest reads from, many in flight."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable
from typing import Final

import orjson

from config.topology import EVENTS_EXCHANGE
from worker import tracing
from worker.pages import JsonObject, district_of
from worker.ports.broker import Message, Publisher

IN_FLIGHT: Final = 500
"""Unconfirmed messages at a time; RabbitMQ gains little beyond a few hundred."""
ROUTING_KEY_BYTES: Final = 255
"""The longest that AMQP has."""


async def publish_events(
    publisher: Publisher,
    events: Iterable[JsonObject],
    done: Callable[[int], None],
    district_id: str | None = None,
) -> int:
    """Publish events; see `publish_messages`. `district_id` is whose they are, where that is known."""
    return await publish_messages(publisher, (message(event, district_id) for event in events), done)


async def publish_messages(
    publisher: Publisher, messages: Iterable[Message], done: Callable[[int], None]
) -> int:
    """Publish with confirms, many in flight; return how many. `done` hears how many are confirmed.

    The first one that cannot be published stops the rest and raises.
    """
    waiting: set[asyncio.Task[None]] = set()
    count = 0
    try:
        for each in messages:
            waiting.add(asyncio.create_task(publisher.publish(each)))
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


def message(event: JsonObject, district_id: str | None = None) -> Message:
    """Return an event, or a word on the feed, as it is published for ingest, in the trace open here."""
    routing_key = f"{district_id or district_of(event) or 'unknown'}.{event.get('type')}"
    known = {"district_id": district_id, "traceparent": tracing.current()}
    headers = {name: value for name, value in known.items() if value is not None}
    return Message(EVENTS_EXCHANGE, _shortened(routing_key), _encoded(event), headers=headers)


def _encoded(event: JsonObject) -> bytes:
    try:
        return orjson.dumps(event)
    except orjson.JSONEncodeError:
        # Half a surrogate pair, say: ingest is to see it as it came, and to put it with the dead letters.
        return json.dumps(event).encode()


def _shortened(routing_key: str) -> str:
    return routing_key.encode()[:ROUTING_KEY_BYTES].decode(errors="ignore")
