"""Publishing events to the exchange that ingest reads from, many in flight."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

import orjson

from config.topology import EVENTS_EXCHANGE
from worker.messaging.broker import Message, Publisher
from worker.messaging.event_files import JsonObject, district_of
from worker.runtime import tracing

IN_FLIGHT: Final = 500
"""Unconfirmed messages at a time; RabbitMQ gains little beyond a few hundred."""
BYTES_IN_FLIGHT: Final = 8 * 1024 * 1024
"""Of bodies that are not confirmed yet; each is in memory a few times."""
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
    flight = _Flight(done)
    count = 0
    try:
        for each in messages:
            await flight.make_room(len(each.body))
            flight.begin(publisher.publish(each), len(each.body))
            count += 1
        await flight.land()
    finally:
        await flight.cancel()
    return count


class _Flight:
    """Messages that are published and not yet confirmed: bounded in number and in bytes."""

    def __init__(self, done: Callable[[int], None]) -> None:
        self._done = done
        self._waiting: dict[asyncio.Task[None], int] = {}
        self._bytes = 0

    def begin(self, publishing: Coroutine[Any, Any, None], size: int) -> None:
        """Begin to publish a message of that size."""
        self._waiting[asyncio.create_task(publishing)] = size
        self._bytes += size

    async def make_room(self, size: int) -> None:
        """Wait until one more of that size may begin; a large one goes alone."""
        while self._waiting and (len(self._waiting) >= IN_FLIGHT or self._bytes + size > BYTES_IN_FLIGHT):
            await self._some()

    async def land(self) -> None:
        """Wait until every one is confirmed."""
        while self._waiting:
            await self._some()

    async def cancel(self) -> None:
        """Give up those that are not confirmed."""
        for task in self._waiting:
            task.cancel()
        await asyncio.gather(*self._waiting, return_exceptions=True)

    async def _some(self) -> None:
        finished, _ = await asyncio.wait(self._waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            self._bytes -= self._waiting.pop(task)
        for task in finished:
            task.result()
        self._done(len(finished))


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
