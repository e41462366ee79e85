"""What every broker does, in process or RabbitMQ: one suite over both."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from config.topology import Binding, Exchange, Queue, Topology
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.messaging.broker import Broker, Delivery, Message, Subscription
from worker.runtime.errors import BrokerUnavailable, TopologyError, UnroutableMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

LONG = 40.0
"""Seconds: more than any wait here ends up taking; reaching it is a failure."""

QUORUM: dict[str, str | int] = {"x-queue-type": "quorum", "x-delivery-limit": 1000}
TOPOLOGY = Topology(
    exchanges=(Exchange("post"),),
    queues=(Queue("letters", QUORUM), Queue("commits", QUORUM), Queue("second", QUORUM)),
    bindings=(
        Binding("post", "letter.#", "letters"),
        Binding("post", "commit.#", "commits"),
        Binding("post", "*.second.*", "second"),
    ),
)


@pytest.fixture(params=["in-process", "rabbitmq"])
async def broker(request: pytest.FixtureRequest) -> AsyncIterator[Broker]:
    if request.param == "in-process":
        opened: Broker = InProcessBroker(TOPOLOGY)
    else:
        opened = RabbitBroker(request.getfixturevalue("rabbitmq_vhost_url"), name="contract tests")
        await opened.declare_topology(TOPOLOGY)
    yield opened
    async with asyncio.timeout(LONG):
        await opened.close()


def letter(text: str, key: str = "letter.one") -> Message:
    return Message("post", key, text.encode())


@asynccontextmanager
async def publishing(broker: Broker, messages: Iterable[Message]) -> AsyncIterator[None]:
    """Publish in order while the body consumes, as in process a publish waits for its consumer."""
    async with asyncio.timeout(LONG), asyncio.TaskGroup() as publishes:
        for message in messages:
            publishes.create_task(broker.publish(message))
        yield


async def take_all(subscription: Subscription, count: int) -> list[Delivery]:
    """Take exactly `count`, in as many takes as it needs."""
    taken: list[Delivery] = []
    async with asyncio.timeout(LONG):
        while len(taken) < count:
            taken += await subscription.take(count - len(taken), LONG)
    return taken


async def drain(broker: Broker, queue: str, count: int) -> list[Delivery]:
    async with broker.subscribe(queue, prefetch=count) as subscription:
        taken = await take_all(subscription, count)
        await subscription.acknowledge(taken[-1].tag)
    return taken


def texts(deliveries: list[Delivery]) -> list[str]:
    return [delivery.body.decode() for delivery in deliveries]


async def test_deliveries_come_in_the_order_of_their_publishes(broker: Broker) -> None:
    sent = [f"{number}" for number in range(200)]
    async with broker.subscribe("letters", prefetch=300) as letters, publishing(broker, map(letter, sent)):
        taken = await take_all(letters, 200)
        await letters.acknowledge(taken[-1].tag)

    assert texts(taken) == sent
    assert [delivery.tag for delivery in taken] == list(range(1, 201))


async def test_an_acknowledgement_covers_every_earlier_delivery_and_none_later(broker: Broker) -> None:
    async with publishing(broker, map(letter, "abcd")):
        async with broker.subscribe("letters", prefetch=10) as first:
            taken = await take_all(first, 4)
            await first.acknowledge(taken[1].tag)
        again = await drain(broker, "letters", 2)

    assert texts(again) == ["c", "d"]


async def test_what_was_not_acknowledged_comes_again_in_order_before_newer(broker: Broker) -> None:
    async with publishing(broker, map(letter, "abcde")):
        async with broker.subscribe("letters", prefetch=3) as first:
            await take_all(first, 3)
        taken = await drain(broker, "letters", 5)

    assert texts(taken) == ["a", "b", "c", "d", "e"]


async def test_a_subscription_left_by_an_error_gives_everything_back(broker: Broker) -> None:
    async with publishing(broker, [letter("a")]):
        with pytest.raises(ZeroDivisionError):
            await take_and_fail(broker)
        taken = await drain(broker, "letters", 1)

    assert texts(taken) == ["a"]


async def take_and_fail(broker: Broker) -> None:
    async with broker.subscribe("letters", prefetch=10) as letters:
        await take_all(letters, 1)
        raise ZeroDivisionError


async def test_no_more_than_prefetch_are_out_unacknowledged(broker: Broker) -> None:
    async with publishing(broker, map(letter, "abc")), broker.subscribe("letters", prefetch=2) as letters:
        taken = await take_all(letters, 2)
        assert await letters.take(10, 0.2) == []

        await letters.acknowledge(taken[0].tag)
        third = await take_all(letters, 1)
        await letters.acknowledge(third[0].tag)

    assert texts([*taken, *third]) == ["a", "b", "c"]


async def test_a_take_returns_at_most_its_limit_and_leaves_the_rest(broker: Broker) -> None:
    async with publishing(broker, map(letter, "abc")), broker.subscribe("letters", prefetch=10) as letters:
        first = await take_all(letters, 1)
        rest = await take_all(letters, 2)
        await letters.acknowledge(rest[-1].tag)

    assert texts(first) == ["a"]
    assert texts(rest) == ["b", "c"]


async def test_a_take_on_an_empty_queue_returns_nothing_after_its_wait(broker: Broker) -> None:
    async with broker.subscribe("letters", prefetch=10) as letters, asyncio.timeout(LONG):
        started = asyncio.get_running_loop().time()
        assert await letters.take(10, 0.1) == []
        assert asyncio.get_running_loop().time() - started >= 0.09


async def test_a_take_that_waits_returns_as_soon_as_something_comes(broker: Broker) -> None:
    async with broker.subscribe("letters", prefetch=10) as letters, asyncio.timeout(LONG):
        waiting = asyncio.create_task(letters.take(10, 2 * LONG))
        async with publishing(broker, [letter("a")]):
            taken = await waiting
            await letters.acknowledge(taken[0].tag)

    assert texts(taken) == ["a"]


async def test_headers_routing_key_and_any_bytes_arrive_as_they_were_sent(broker: Broker) -> None:
    body = bytes(range(256)) * 2000  # larger than one frame of AMQP
    headers: dict[str, str | int | None] = {
        "district_id": "d-1",
        "sequence": 7,
        "big": 2**40,
        "empty": None,
        "name": "é",
    }
    sent = Message("post", "letter.a.b", body, type="letter/v1", headers=headers)
    async with publishing(broker, [sent]):
        (taken,) = await drain(broker, "letters", 1)

    assert (taken.routing_key, taken.body) == ("letter.a.b", body)
    assert headers.items() <= taken.headers.items()  # the broker may add some of its own


async def test_an_empty_body_arrives(broker: Broker) -> None:
    async with publishing(broker, [letter("")]):
        (taken,) = await drain(broker, "letters", 1)

    assert taken.body == b""


async def test_a_message_no_queue_is_bound_for_raises_and_harms_no_later_one(broker: Broker) -> None:
    with pytest.raises(UnroutableMessage, match=r"exchange post for parcel\.one"):
        await broker.publish(letter("lost", "parcel.one"))

    async with publishing(broker, [letter("a")]):
        assert texts(await drain(broker, "letters", 1)) == ["a"]


async def test_a_publish_to_an_exchange_that_does_not_exist_raises(broker: Broker) -> None:
    with pytest.raises(BrokerUnavailable, match="no exchange"):
        await broker.publish(Message("nowhere", "letter.one", b"a"))


async def test_a_topic_pattern_takes_the_routing_keys_that_fit(broker: Broker) -> None:
    keys = ["commit", "commit.d1", "commit.d1.part", "letter.x", "commit.second.d1", "commit.d1.second"]
    async with publishing(broker, [letter(key, key) for key in keys]):
        committed = await drain(broker, "commits", 5)
        seconds = await drain(broker, "second", 1)
        await drain(broker, "letters", 1)

    assert texts(committed) == [key for key in keys if key.startswith("commit")]
    assert texts(seconds) == ["commit.second.d1"]


async def test_a_message_for_two_queues_reaches_both(broker: Broker) -> None:
    async with publishing(broker, [letter("a", "letter.second.x")]):
        assert texts(await drain(broker, "letters", 1)) == ["a"]
        assert texts(await drain(broker, "second", 1)) == ["a"]


async def test_two_subscriptions_share_one_queue(broker: Broker) -> None:
    async with (
        publishing(broker, map(letter, "abcd")),
        broker.subscribe("letters", prefetch=2) as one,
        broker.subscribe("letters", prefetch=2) as other,
    ):
        shares = await take_all(one, 2), await take_all(other, 2)
        await one.acknowledge(shares[0][-1].tag)
        await other.acknowledge(shares[1][-1].tag)

    assert sorted(texts(shares[0]) + texts(shares[1])) == ["a", "b", "c", "d"]


async def test_many_publishes_at_once_all_arrive_once(broker: Broker) -> None:
    sent = [f"{number}" for number in range(500)]
    taken: list[Delivery] = []
    async with broker.subscribe("letters", prefetch=100) as letters, publishing(broker, map(letter, sent)):
        while len(taken) < 500:
            taken += await take_all(letters, 50)
            await letters.acknowledge(taken[-1].tag)
        assert await letters.take(1, 0.1) == []

    assert texts(taken) == sent


async def test_subscribing_to_a_queue_that_does_not_exist_is_a_topology_error(broker: Broker) -> None:
    with pytest.raises(TopologyError, match="queue nothing is missing"):
        async with broker.subscribe("nothing", prefetch=10):
            pass


async def test_a_closed_broker_raises_everywhere_and_may_be_closed_again(broker: Broker) -> None:
    async with broker.subscribe("letters", prefetch=10) as letters, asyncio.timeout(LONG):
        waiting = asyncio.create_task(letters.take(10, 2 * LONG))
        await asyncio.sleep(0)
        await broker.close()
        with pytest.raises(BrokerUnavailable):
            await waiting
        with pytest.raises(BrokerUnavailable):
            await letters.acknowledge(1)
    with pytest.raises(BrokerUnavailable):
        await broker.publish(letter("a"))
    await broker.close()
    assert not broker.healthy()


async def test_a_broker_not_used_yet_is_healthy_and_can_be_closed(broker: Broker) -> None:
    assert broker.healthy()
    await broker.close()


async def test_waiting_messages_are_counted_and_a_missing_queue_harms_no_publish(broker: Broker) -> None:
    async with publishing(broker, [letter("a"), letter("b")]):
        async with asyncio.timeout(LONG):
            while await broker.depth("letters") != 2:  # noqa: ASYNC110 — a quorum queue counts a little later
                await asyncio.sleep(0.01)
        with pytest.raises(BrokerUnavailable, match="nowhere"):
            await broker.depth("nowhere")
        assert await broker.depth("letters") == 2
        assert texts(await drain(broker, "letters", 2)) == ["a", "b"]


async def test_deliveries_acknowledged_for_themselves_leave_the_others(broker: Broker) -> None:
    async with publishing(broker, map(letter, "abcdef")):
        async with broker.subscribe("letters", prefetch=10) as first:
            tags = [delivery.tag for delivery in await take_all(first, 6)]
            await first.acknowledge_each([tags[0], tags[1], tags[3], tags[5]])
            await first.acknowledge_each([])
        again = await drain(broker, "letters", 2)

    assert texts(again) == ["c", "e"]


async def test_a_take_ends_with_the_body_that_reaches_its_bytes(broker: Broker) -> None:
    async with publishing(broker, map(letter, "abc")), broker.subscribe("letters", prefetch=10) as letters:
        takes = [await letters.take(10, LONG, max_bytes=1) for _ in range(3)]
        await letters.acknowledge(takes[-1][-1].tag)

    assert [texts(taken) for taken in takes] == [["a"], ["b"], ["c"]]


async def test_a_delivery_that_is_given_back_comes_again(broker: Broker) -> None:
    async with publishing(broker, [letter("a")]), broker.subscribe("letters", prefetch=10) as letters:
        (first,) = await take_all(letters, 1)
        await letters.reject(first.tag, requeue=True)
        (again,) = await take_all(letters, 1)
        await letters.acknowledge(again.tag)

    assert (again.body, again.tag) == (b"a", 2)


async def test_the_prefetch_of_a_subscription_may_change_and_what_is_out_stays_out(broker: Broker) -> None:
    async with publishing(broker, map(letter, "abcde")), broker.subscribe("letters", prefetch=1) as letters:
        taken = await take_all(letters, 1)
        assert await letters.take(10, 0.2) == []

        await letters.set_prefetch(2)
        taken += await take_all(letters, 2)
        assert await letters.take(10, 0.2) == []

        await letters.set_prefetch(10)
        taken += await take_all(letters, 2)
        await letters.acknowledge(taken[-1].tag)

    assert texts(taken) == list("abcde")
    assert [delivery.tag for delivery in taken] == [1, 2, 3, 4, 5]
