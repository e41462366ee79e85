"""A user of RabbitMQ with the least rights works, and one that is missing is told, without any effect."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import pytest

from config import definitions
from config.topology import DEAD_LETTER_EXCHANGE, DEAD_LETTER_QUEUE, EVENTS_EXCHANGE, EVENTS_QUEUE
from tests.support.servers.rabbitmq_node import RabbitNode
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.dead_letters import RabbitDeadLetters
from worker.adapters.rabbitmq.rights import ALL_RIGHTS, Rights, of_stages
from worker.messaging.broker import Message
from worker.runtime.errors import SettingsError, TopologyError

LONG = 20.0
LEAST = definitions.definitions()["permissions"][0]


@dataclass(frozen=True)
class LeastUser:
    """A user of the node who has just what the definitions give."""

    node: RabbitNode
    name: str
    vhost: str
    url: str

    def permit(self, *, read: str = LEAST["read"], write: str = LEAST["write"]) -> None:
        self.node.permit(self.name, self.vhost, LEAST["configure"], write, read)


@pytest.fixture
def least(rabbitmq: RabbitNode, rabbitmq_vhost_url: str) -> Iterator[LeastUser]:
    name = f"least-{uuid.uuid4().hex}"
    rabbitmq.add_user(name, "least")
    vhost = unquote(urlsplit(rabbitmq_vhost_url).path.removeprefix("/"))
    user = LeastUser(rabbitmq, name, vhost, rabbitmq_vhost_url.replace("guest:guest", f"{name}:least"))
    user.permit()
    yield user
    rabbitmq.delete_user(name)


@pytest.fixture
async def broker(least: LeastUser, rabbitmq_vhost_url: str) -> AsyncIterator[RabbitBroker]:
    owner = RabbitBroker(rabbitmq_vhost_url, name="owner")
    await owner.declare_topology()
    await owner.close()
    broker = RabbitBroker(least.url, name="least")
    yield broker
    await broker.close()


async def test_the_least_user_has_every_right_and_hears_what_was_not_compared(broker: RabbitBroker) -> None:
    await broker.check_topology(rights=ALL_RIGHTS)

    assert EVENTS_QUEUE in broker.uncompared


async def test_the_least_user_publishes_consumes_and_opens_the_dead_letters(broker: RabbitBroker) -> None:
    await broker.publish(Message(EVENTS_EXCHANGE, "any", b"event"))
    await broker.publish(Message(DEAD_LETTER_EXCHANGE, "any", b"letter", headers={"x-reason": "not_json"}))

    async with broker.subscribe(EVENTS_QUEUE, prefetch=1) as events:
        (event,) = await events.take(1, LONG)
        await events.acknowledge(event.tag)
    async with RabbitDeadLetters(broker).open() as opened:
        letters = [letter async for letter in opened.read(10)]
        await opened.remove(letters[0])

    assert (event.body, [letter.body for letter in letters]) == (b"event", [b"letter"])


async def test_asking_for_rights_leaves_nothing_in_any_queue(broker: RabbitBroker) -> None:
    await broker.check_topology(rights=ALL_RIGHTS)

    assert [await broker.depth(queue) for queue in (EVENTS_QUEUE, DEAD_LETTER_QUEUE)] == [0, 0]


@pytest.mark.parametrize(
    ("stage", "read", "write", "missing"),
    [
        ("ingest", "^rostering", LEAST["write"], "read queue clever.events:"),
        ("ingest", r"^clever\.events$", LEAST["write"], "read queue clever.events.dead.quarantine"),
        (
            "ingest",
            LEAST["read"],
            r"^(clever\.events|rostering)$",
            r"write to exchange clever.events.dead \(",
        ),
        ("relay", LEAST["read"], r"^clever\.events", r"write to exchange rostering \(as commit"),
        ("poll", LEAST["read"], "^rostering$", r"write to exchange clever.events \("),
    ],
)
async def test_a_right_that_a_stage_lacks_is_told(
    broker: RabbitBroker, least: LeastUser, stage: str, read: str, write: str, missing: str
) -> None:
    least.permit(read=read, write=write)

    with pytest.raises(TopologyError, match=missing):
        await broker.check_topology(rights=of_stages([stage]))


@pytest.mark.parametrize("refused", ["review", "alert"])
async def test_a_topic_that_a_stage_may_not_write_is_told(
    broker: RabbitBroker, least: LeastUser, refused: str
) -> None:
    others = "|".join({"commit", "review", "alert"} - {refused})
    least.node.permit_topics(least.name, least.vhost, "rostering", rf"^({others})\.", ".*")

    with pytest.raises(TopologyError, match=rf"write to exchange rostering \(as {refused}"):
        await broker.check_topology(rights=of_stages(["relay"]))


async def test_a_right_no_stage_here_needs_is_not_asked_for(broker: RabbitBroker, least: LeastUser) -> None:
    least.permit(read="^$", write="^$")

    await broker.check_topology(rights=of_stages(["evaluate", "http"]))
    assert of_stages(["evaluate"]) == Rights()


async def test_who_may_not_declare_is_told_so_unless_everything_is_there(
    least: LeastUser, rabbitmq_vhost_url: str
) -> None:
    least_broker = RabbitBroker(least.url, name="least")
    with pytest.raises(TopologyError, match=r"clever\.events is missing.*may not"):
        await least_broker.declare_topology()

    owner = RabbitBroker(rabbitmq_vhost_url, name="owner")
    assert await owner.declare_topology()
    assert not await least_broker.declare_topology()
    await owner.close()
    await least_broker.close()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda url: url.replace(":least@", ":s3cret@"), "user or the password"),
        (lambda url: url.rsplit("/", 1)[0] + "/nowhere", "virtual host nowhere"),
    ],
    ids=["password", "vhost"],
)
async def test_a_broker_refusing_us_is_a_wrong_setting(least: LeastUser, change: object, told: str) -> None:
    refused = RabbitBroker(change(least.url), name="refused")  # type: ignore[operator]
    with pytest.raises(SettingsError, match=told) as caught:
        await refused.check_topology()
    await refused.close()

    assert "s3cret" not in str(caught.value)


async def test_a_broker_full_of_connections_is_waited_for(broker: RabbitBroker, least: LeastUser) -> None:
    with least.node.without_room(least.vhost), pytest.raises(Exception, match="connection limit") as caught:
        await broker.check_topology()

    assert not isinstance(caught.value, SettingsError)
