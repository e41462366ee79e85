"""What RabbitMQ itself puts aside: its own word counts, and not what the publisher wrote beside it."""

from __future__ import annotations

import aio_pika
from aio_pika.abc import HeadersType

from config.topology import EVENTS_QUEUE
from tests.support.builders.records import DISTRICT
from tests.support.fixtures.dead_letters import GOOD
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.dead_letters import RabbitDeadLetters

MADE_UP: HeadersType = {
    "x-reason": "Quill Fernquay",
    "x-district-id": "Quill Fernquay",
    "district_id": DISTRICT,
}


async def test_a_publisher_cannot_say_why_the_broker_put_a_message_aside(rabbitmq_vhost_url: str) -> None:
    broker = RabbitBroker(rabbitmq_vhost_url, name="contract tests")
    await broker.declare_topology()
    connection = await aio_pika.connect(rabbitmq_vhost_url)
    async with connection:
        channel = await connection.channel()
        exchange = await channel.get_exchange("clever.events", ensure=False)
        await exchange.publish(aio_pika.Message(GOOD, headers=MADE_UP, delivery_mode=2), "d.users")
        queue = await channel.get_queue(EVENTS_QUEUE, ensure=False)
        message = await queue.get(timeout=10)
        await message.reject(requeue=False)
        dead = await channel.get_queue("clever.events.dead", ensure=False)
        async with dead.iterator() as waiting:  # until it has arrived; given back unread
            await (await anext(waiting)).nack(requeue=True)

    async with RabbitDeadLetters(broker).open() as opened:
        (letter,) = [one async for one in opened.read(10)]
    await broker.close()

    assert (letter.body, letter.reason, letter.district_id) == (GOOD, "rejected", DISTRICT)
    assert letter.died_at is not None
