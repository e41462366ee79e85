"""Who listens at the broker's address and is none: each way to end a connection is a broker that is away."""

from __future__ import annotations

import asyncio

import pytest

from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.link import translated
from worker.messaging.broker import Message
from worker.runtime.errors import BrokerUnavailable

FRAME = b"\x01\x00\x00\x00\x00\x01\x00\x00\x0a\x00\x0a"
"""The beginning of Connection.Start, which is 256 bytes long."""
ANSWERS = {
    "nothing": b"",
    "half a frame": FRAME,
    "another version": b"AMQP\x00\x01\x00\x00",
    "a page": b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n",
    "TLS": b"\x15\x03\x03\x00\x02\x02\x28",
    "zeros": bytes(64),
    "noise": bytes(range(255, 0, -1)) * 20,
}


@pytest.mark.parametrize("is_heard", [False, True], ids=["at once", "after our first bytes"])
@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
async def test_whoever_hangs_up_is_a_broker_that_is_away(answer: bytes, is_heard: bool) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if is_heard:
            await reader.read(8)
        writer.write(answer)
        writer.close()

    server = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        broker = RabbitBroker(f"amqp://guest:secret@127.0.0.1:{port}/", name="test")
        with pytest.raises(BrokerUnavailable, match="cannot connect to the broker") as away:
            await broker.publish(Message("clever.events", "key", b"{}"))
        await broker.close()

    assert "secret" not in str(away.value)


@pytest.mark.parametrize("raised", [StopAsyncIteration(), asyncio.IncompleteReadError(b"", 7), EOFError()])
def test_a_connection_that_ends_between_two_frames_or_within_one_is_a_broker_that_is_away(
    raised: Exception,
) -> None:
    """Which of these a client meets is a matter of when the end arrives."""
    with pytest.raises(BrokerUnavailable, match="reading: the connection was closed"), translated("reading"):
        raise raised
