"""What only a real RabbitMQ can show: message properties, declared arguments, losses and alarms."""

from __future__ import annotations

import asyncio
import logging
import time
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import aio_pika
import pytest

from config.topology import COMMIT_QUEUE, EVENTS_QUEUE, TOPOLOGY, Queue, Topology
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.subscription import RabbitSubscription
from worker.messaging.broker import Message
from worker.runtime.errors import BrokerUnavailable, SettingsError, TopologyError, UnroutableMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
    from pamqp.common import Arguments

    from tests.support.servers.rabbitmq_node import RabbitNode

LONG = 20.0
"""Seconds: more than any wait here ends up taking; reaching it is a failure."""

ENOUGH = 4.0
"""Seconds in which a busy machine publishes one message, and that are waited out by some tests."""

COMMIT = Message("rostering", "commit.d1", b'{"n":1}', type="rostering.commit/v1", headers={"sequence": 1})


@pytest.fixture
async def broker(rabbitmq_vhost_url: str) -> AsyncIterator[RabbitBroker]:
    async with opened(rabbitmq_vhost_url) as broker:
        await broker.declare_topology()
        yield broker


@pytest.fixture
async def channel(rabbitmq_vhost_url: str) -> AsyncIterator[AbstractChannel]:
    """The same virtual host, seen by somebody else."""
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        yield await connection.channel()


@asynccontextmanager
async def opened(url: str, publish_timeout: float = 10.0) -> AsyncIterator[RabbitBroker]:
    broker = RabbitBroker(url, name="tests", publish_timeout=publish_timeout)
    async with asyncio.timeout(3 * LONG):
        yield broker
        await broker.close()


async def fetch(channel: AbstractChannel, queue: str) -> AbstractIncomingMessage:
    source = await channel.get_queue(queue, ensure=False)
    message = await source.get(timeout=LONG, no_ack=True)
    assert message is not None
    return message


async def publish_until_it_works(broker: RabbitBroker, message: Message) -> None:
    """Publish again while the broker is away, as the relay does."""
    async with asyncio.timeout(LONG):
        while True:
            try:
                return await broker.publish(message)
            except BrokerUnavailable:
                await asyncio.sleep(0.05)


async def publish_without_end(broker: RabbitBroker, message: Message) -> None:
    async with asyncio.timeout(LONG):
        while True:
            await broker.publish(message)


# --- what leaves -----------------------------------------------------------------------------------


async def test_a_message_is_persistent_typed_dated(broker: RabbitBroker, channel: AbstractChannel) -> None:
    await broker.publish(COMMIT)
    message = await fetch(channel, COMMIT_QUEUE)

    assert message.delivery_mode == aio_pika.DeliveryMode.PERSISTENT
    assert (message.content_type, message.type) == ("application/json", "rostering.commit/v1")
    assert (message.body, message.headers["sequence"]) == (COMMIT.body, 1)
    assert message.timestamp is not None


async def test_every_attempt_has_its_own_message_id(broker: RabbitBroker, channel: AbstractChannel) -> None:
    await asyncio.gather(*(broker.publish(COMMIT) for _ in range(20)))

    ids = {(await fetch(channel, COMMIT_QUEUE)).message_id for _ in range(20)}
    assert len(ids) == 20
    assert None not in ids


async def test_a_returned_publish_is_in_the_queue(broker: RabbitBroker, channel: AbstractChannel) -> None:
    await broker.publish(COMMIT)
    await broker.close()

    assert (await fetch(channel, COMMIT_QUEUE)).body == COMMIT.body


async def test_all_publishing_uses_one_connection_and_one_channel(
    broker: RabbitBroker, rabbitmq: RabbitNode, rabbitmq_vhost_url: str
) -> None:
    await asyncio.gather(*(broker.publish(COMMIT) for _ in range(50)))
    with pytest.raises(UnroutableMessage):
        await broker.publish(replace(COMMIT, routing_key="nobody"))
    await broker.publish(COMMIT)

    vhost = rabbitmq_vhost_url.rpartition("/")[2]
    rabbitmq.evaluate(f"""
        [1] = [Channels || [{{vhost, <<"{vhost}">>}}, {{client_properties, Names}}, {{channels, Channels}}]
               <- rabbit_networking:connection_info_all([vhost, client_properties, channels]),
               lists:member({{<<"connection_name">>, longstr, <<"tests publish">>}}, Names)]""")


async def test_a_full_queue_refuses_and_hurts_nothing(broker: RabbitBroker, channel: AbstractChannel) -> None:
    arguments: Arguments = {"x-queue-type": "quorum", "x-max-length": 1, "x-overflow": "reject-publish"}
    full = await channel.declare_queue("full", durable=True, arguments=arguments)
    await full.bind("rostering", "full.#")

    with pytest.raises(BrokerUnavailable, match="refused"):
        await publish_without_end(broker, replace(COMMIT, routing_key="full.d1"))
    assert broker.healthy()


# --- topology --------------------------------------------------------------------------------------


async def test_a_declared_topology_passes_its_check_and_may_be_declared_again(broker: RabbitBroker) -> None:
    await broker.check_topology()
    await broker.declare_topology()


async def test_an_empty_broker_is_told_what_is_missing_and_stays_empty(rabbitmq_vhost_url: str) -> None:
    async with opened(rabbitmq_vhost_url) as broker:
        for _ in range(2):
            with pytest.raises(TopologyError) as caught:
                await broker.check_topology()
            expected = "exchange clever.events is missing: run `rostering topology declare`"
            assert str(caught.value) == expected


async def test_a_missing_queue_is_named_not_created(broker: RabbitBroker, channel: AbstractChannel) -> None:
    await channel.queue_delete(EVENTS_QUEUE)

    for _ in range(2):
        with pytest.raises(TopologyError) as caught:
            await broker.check_topology()
        assert str(caught.value) == "queue clever.events is missing: run `rostering topology declare`"


@pytest.mark.parametrize(
    ("argument", "value"),
    [
        ("x-max-length", 10),
        ("x-overflow", "drop-head"),
        ("x-delivery-limit", 3),
        ("x-dead-letter-exchange", "elsewhere"),
        ("x-dead-letter-strategy", "at-most-once"),
    ],
)
async def test_a_queue_with_another_argument_is_one_clear_error(
    rabbitmq_vhost_url: str, argument: str, value: str | int
) -> None:
    queues = tuple(_changed(queue, argument, value) for queue in TOPOLOGY.queues)
    async with opened(rabbitmq_vhost_url) as broker:
        await broker.declare_topology(replace(TOPOLOGY, queues=queues))
        for look in (broker.check_topology, broker.declare_topology):
            with pytest.raises(TopologyError, match=f"queue {EVENTS_QUEUE} differs.*{argument}") as caught:
                await look()
            assert "delete it or declare it as durable with x-queue-type=quorum" in str(caught.value)
            assert "\n" not in str(caught.value)


def _changed(queue: Queue, argument: str, value: str | int) -> Queue:
    if queue.name != EVENTS_QUEUE:
        return queue
    return replace(queue, arguments={**queue.arguments, argument: value})


async def test_another_exchange_is_a_clear_error(rabbitmq_vhost_url: str, channel: AbstractChannel) -> None:
    await channel.declare_exchange(TOPOLOGY.exchanges[0].name, "fanout", durable=True)

    async with opened(rabbitmq_vhost_url) as broker:
        with pytest.raises(TopologyError, match=r"exchange clever\.events differs.*topic"):
            await broker.declare_topology(Topology(queues=(), bindings=()))


# --- losses ----------------------------------------------------------------------------------------


async def test_a_take_raises_if_its_queue_is_deleted(broker: RabbitBroker, channel: AbstractChannel) -> None:
    async with broker.subscribe(COMMIT_QUEUE, prefetch=10) as commits:
        waiting = asyncio.create_task(commits.take(10, LONG))
        await channel.queue_delete(COMMIT_QUEUE)

        with pytest.raises(BrokerUnavailable, match="cancelled the consumer"):
            await waiting
        assert not broker.healthy()


async def test_a_waiting_take_raises_when_the_broker_closes_the_channel(broker: RabbitBroker) -> None:
    async with broker.subscribe(COMMIT_QUEUE, prefetch=10) as commits:
        waiting = asyncio.create_task(commits.take(10, LONG))
        await commits.acknowledge(99)

        with pytest.raises(BrokerUnavailable, match="unknown delivery tag 99"):
            await waiting


async def test_what_had_arrived_before_a_loss_is_not_handed_out(broker: RabbitBroker) -> None:
    lost = asyncio.Event()
    await broker.publish(COMMIT)
    async with broker.subscribe(COMMIT_QUEUE, prefetch=10) as commits:
        assert isinstance(commits, RabbitSubscription)
        commits._link.on_loss(lost.set)
        (taken,) = await commits.take(1, LONG)
        await broker.publish(COMMIT)
        await commits.acknowledge(99)
        await lost.wait()
        with pytest.raises(BrokerUnavailable):
            await commits.take(10, LONG)
        with pytest.raises(BrokerUnavailable):
            await commits.acknowledge(taken.tag)


async def test_a_subscription_after_a_loss_makes_the_broker_healthy_again(broker: RabbitBroker) -> None:
    async with broker.subscribe(COMMIT_QUEUE, prefetch=10) as commits:
        await commits.acknowledge(99)
        with pytest.raises(BrokerUnavailable):
            await commits.take(10, LONG)
    assert not broker.healthy()

    async with broker.subscribe(COMMIT_QUEUE, prefetch=10):
        assert broker.healthy()
    assert broker.healthy()


@pytest.mark.parametrize("in_flight", [0, 50], ids=["stopped", "killed with publishes in flight"])
async def test_a_lost_node_raises_until_it_is_back(breakable_rabbitmq: RabbitNode, in_flight: int) -> None:
    async with opened(breakable_rabbitmq.url) as broker:
        await broker.declare_topology()
        await broker.publish(COMMIT)
        async with broker.subscribe(EVENTS_QUEUE, prefetch=10) as events:
            waiting = asyncio.create_task(events.take(10, 2 * LONG))
            if in_flight:
                breakable_rabbitmq.pause()
            publishes = [asyncio.create_task(broker.publish(COMMIT)) for _ in range(in_flight)]
            lose = breakable_rabbitmq.kill if in_flight else breakable_rabbitmq.stop
            await asyncio.to_thread(lose)
            outcomes = await asyncio.gather(*publishes, return_exceptions=True)
            assert [type(outcome) for outcome in outcomes] == [BrokerUnavailable] * in_flight
            with pytest.raises(BrokerUnavailable, match="lost the broker"):
                await waiting
        with pytest.raises(BrokerUnavailable):  # by the connection there was, which may not know of it yet
            await broker.publish(COMMIT)
        with pytest.raises(BrokerUnavailable, match=r"cannot connect to the broker at 127\.0\.0\.1"):
            await broker.publish(COMMIT)
        assert not broker.healthy()

        await asyncio.to_thread(breakable_rabbitmq.start)
        await publish_until_it_works(broker, COMMIT)
        async with broker.subscribe(EVENTS_QUEUE, prefetch=10):
            assert broker.healthy()
        async with broker.subscribe(COMMIT_QUEUE, prefetch=10) as commits:
            before, after = await commits.take(1, LONG), await commits.take(1, LONG)
            await commits.acknowledge(after[-1].tag)
        assert [delivery.body for delivery in (*before, *after)] == [COMMIT.body, COMMIT.body]


async def test_a_publish_to_a_node_that_hangs_gives_up_in_time(breakable_rabbitmq: RabbitNode) -> None:
    async with opened(breakable_rabbitmq.url, publish_timeout=ENOUGH) as broker:
        await broker.declare_topology()
        await broker.publish(COMMIT)
        breakable_rabbitmq.pause()
        started = time.monotonic()
        with pytest.raises(BrokerUnavailable, match="no answer in time"):
            await broker.publish(COMMIT)
        assert time.monotonic() - started < 2 * ENOUGH
        breakable_rabbitmq.resume()

        await publish_until_it_works(broker, COMMIT)


async def test_a_memory_alarm_holds_publishing_up_but_not_consuming(breakable_rabbitmq: RabbitNode) -> None:
    async with opened(breakable_rabbitmq.url, publish_timeout=ENOUGH) as broker:
        await broker.declare_topology()
        await broker.publish(replace(COMMIT, routing_key="review.d1"))
        async with broker.subscribe("rostering.review", prefetch=10) as reviews:
            await asyncio.to_thread(breakable_rabbitmq.raise_memory_alarm)
            outcomes = await asyncio.gather(
                *(broker.publish(COMMIT) for _ in range(3)), return_exceptions=True
            )
            assert all("memory or disk alarm" in str(outcome) for outcome in outcomes)
            assert broker.blocked
            (taken,) = await reviews.take(10, LONG)
            await reviews.acknowledge(taken.tag)

            await asyncio.to_thread(breakable_rabbitmq.lift_memory_alarm)
            await publish_until_it_works(broker, COMMIT)
            assert not broker.blocked
        async with broker.subscribe("rostering.review", prefetch=10) as reviews:
            assert await reviews.take(10, 0.2) == []


# --- secrets ---------------------------------------------------------------------------------------


async def test_a_password_is_never_shown(rabbitmq_vhost_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with opened(rabbitmq_vhost_url.replace("guest:guest", "guest:s3cret-Pass")) as broker:
        with pytest.raises(BrokerUnavailable, match="refused the user or the password") as caught:
            await broker.publish(COMMIT)

    chain = (caught.value, caught.value.__cause__, caught.value.__context__)
    assert "s3cret" not in " ".join(map(repr, chain)) + str(caught.value) + caplog.text


async def test_a_virtual_host_that_does_not_exist_is_said(rabbitmq: RabbitNode) -> None:
    async with opened(rabbitmq.vhost_url("nowhere")) as broker:
        with pytest.raises(BrokerUnavailable, match="virtual host nowhere: it refused the virtual host"):
            await broker.publish(COMMIT)


async def test_no_body_reaches_the_log(broker: RabbitBroker, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    await broker.publish(replace(COMMIT, body=b"a student's name"))
    async with broker.subscribe(COMMIT_QUEUE, prefetch=1) as commits:
        assert await commits.take(1, LONG)

    assert "student" not in caplog.text


@pytest.mark.parametrize("url", ["http://u:s3cret@host/", "amqp://u:s3cret@host:port/", "s3cret", "amqp:///"])
def test_an_address_that_is_none_is_a_settings_error_without_the_password(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        RabbitBroker(url, name="tests")

    assert "s3cret" not in str(caught.value)
