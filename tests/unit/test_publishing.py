from __future__ import annotations

import asyncio

import pytest

from worker.messaging import publish_events
from worker.messaging.broker import Message
from worker.messaging.publish_events import publish_messages
from worker.runtime.errors import BrokerUnavailable


class Slow:
    """Confirms when it is told to; knows how many bytes were in flight at most."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Event] = []
        self.bytes = 0
        self.most = 0
        self.published = 0

    async def publish(self, message: Message) -> None:
        if message.body == b"refused":
            raise BrokerUnavailable("away")
        self.bytes += len(message.body)
        self.most = max(self.most, self.bytes)
        confirmed = asyncio.Event()
        self.waiting.append(confirmed)
        asyncio.get_running_loop().call_soon(confirmed.set)
        await confirmed.wait()
        self.bytes -= len(message.body)
        self.published += 1


def messages(*sizes: int) -> list[Message]:
    return [Message("x", "k", b"a" * size) for size in sizes]


async def test_large_messages_are_in_flight_by_their_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_events, "BYTES_IN_FLIGHT", 100)
    publisher, confirmed = Slow(), list[int]()

    count = await publish_messages(publisher, messages(*[40] * 30, 500, 1), confirmed.append)

    assert (count, publisher.published, sum(confirmed)) == (32, 32, 32)
    assert publisher.most == 500


async def test_small_messages_are_in_flight_by_their_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publish_events, "IN_FLIGHT", 7)
    publisher = Slow()

    await publish_messages(publisher, messages(*[1] * 50), lambda _: None)

    assert publisher.most == 7


async def test_the_first_that_cannot_be_published_stops_the_rest() -> None:
    publisher = Slow()

    with pytest.raises(BrokerUnavailable):
        await publish_messages(publisher, [Message("x", "k", b"refused"), *messages(1)], lambda _: None)
