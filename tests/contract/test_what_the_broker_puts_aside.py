"""What RabbitMQ itself puts aside is quarantined for its district, and stays where people look at it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aio_pika
import pytest

from config.topology import DEAD_LETTER_EXCHANGE, EVENTS_DELIVERY_LIMIT, EVENTS_EXCHANGE, EVENTS_QUEUE
from tests.support.builders.records import DISTRICT, body, event_json, settled_json, student_json
from tests.support.fixtures.incidents import told
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.dead_letters import RabbitDeadLetters
from worker.messaging.broker import Message
from worker.operations import dead_letters as letters
from worker.operations.dead_letters import DeadLetterQuery, LetterLine
from worker.pipeline.ingest.quarantine import QuarantineStage
from worker.pipeline.ingest.stage import IngestStage
from worker.runtime.metrics import Metrics

LONG = 20.0
EVENT = event_json(student_json(), number=1)


@dataclass(frozen=True)
class Aside:
    """A broker that puts messages aside, a store, and the stage between them."""

    broker: RabbitBroker
    url: str
    store: StoreUnderTest
    stage: QuarantineStage
    letters: RabbitDeadLetters

    async def lose(self, content: bytes, key: str = "any", **headers: Any) -> None:
        """Publish an event, and have the broker put it aside as one that nobody can take."""
        await self.broker.publish(Message(EVENTS_EXCHANGE, key, content, headers=headers))
        async with await aio_pika.connect(self.url) as connection:
            channel = await connection.channel()
            queue = await channel.get_queue(EVENTS_QUEUE, ensure=False)
            message = await queue.get(timeout=LONG)
            assert message is not None
            await message.reject(requeue=False)

    async def work(self, times: int = 3) -> None:
        for _ in range(times):
            await self.stage.once()

    async def quarantined(self, count: int = 1) -> list[tuple[str, str]]:
        """Let it work until so many rows are there; return them."""
        async with asyncio.timeout(LONG):
            while len(rows := await self.rows()) < count:
                await self.stage.once()
        return rows

    async def rows(self) -> list[tuple[str, str]]:
        rows = await self.store.rows("SELECT district_id, reason FROM quarantine ORDER BY 1, 2")
        return [(row["district_id"], row["reason"]) for row in rows]

    async def listed(self) -> list[LetterLine]:
        return (await letters.listed(self.letters, 100)).dead_letters

    async def lie_there(self, count: int = 1) -> None:
        """Wait until so many are on the queue of dead letters."""
        async with asyncio.timeout(LONG):
            while len(await self.listed()) < count:  # noqa: ASYNC110 — the broker tells nobody
                await asyncio.sleep(0.05)

    async def settle_all(self, settle: Any) -> None:
        publisher = () if settle is letters.discard else (self.broker,)
        await settle(self.letters, *publisher, self.store.quarantine, DeadLetterQuery(), "somebody", "a test")


@pytest.fixture
async def aside(rabbitmq_vhost_url: str, store: StoreUnderTest) -> AsyncIterator[Aside]:
    broker = RabbitBroker(rabbitmq_vhost_url, name="contract tests")
    await broker.declare_topology()
    dead = RabbitDeadLetters(broker)
    stage = QuarantineStage(broker, store.losses, dead, Metrics())
    yield Aside(broker, rabbitmq_vhost_url, store, stage, dead)
    await stage.close()
    async with asyncio.timeout(LONG):
        await broker.close()


@pytest.mark.parametrize(
    ("content", "key", "headers"),
    [
        (body(EVENT), "any", {}),
        (b"not JSON", "any", {"district_id": DISTRICT}),
        (b"not JSON", f"{DISTRICT}.users.updated", {}),
    ],
    ids=["body", "header", "routing key"],
)
async def test_a_message_put_aside_is_quarantined_for_its_district_and_stays_a_dead_letter(
    aside: Aside, content: bytes, key: str, headers: dict[str, Any]
) -> None:
    await aside.lose(content, key, **headers)

    assert await aside.quarantined() == [(DISTRICT, "rejected")]
    (letter,) = await aside.listed()
    assert (letter.district_id, letter.reason) == (DISTRICT, "rejected")


async def test_a_message_put_aside_after_the_first_look_is_quarantined_from_its_copy(aside: Aside) -> None:
    await aside.work(1)  # looks through what lies there: nothing

    await aside.lose(body(EVENT))

    assert await aside.quarantined() == [(DISTRICT, "rejected")]


@pytest.mark.parametrize("reason", ["expired", "maxlen"])
async def test_a_message_that_expired_or_found_no_room_is_quarantined_too(aside: Aside, reason: str) -> None:
    async with await aio_pika.connect(aside.url) as connection:
        channel = await connection.channel()
        if reason == "expired":
            exchange = await channel.get_exchange(EVENTS_EXCHANGE, ensure=False)
            await exchange.publish(aio_pika.Message(body(EVENT), expiration=0.001), "any")
        else:
            await channel.declare_queue(
                "small",
                exclusive=True,
                arguments={"x-max-length": 1, "x-dead-letter-exchange": DEAD_LETTER_EXCHANGE},
            )
            for _ in range(2):
                await channel.default_exchange.publish(aio_pika.Message(body(EVENT)), "small")
        assert await aside.quarantined() == [(DISTRICT, reason)]

    (letter,) = await aside.listed()
    assert (letter.district_id, letter.reason) == (DISTRICT, reason)


async def test_a_message_that_ends_every_process_is_quarantined_at_the_limit(aside: Aside) -> None:
    await aside.broker.publish(Message(EVENTS_EXCHANGE, "any", body(EVENT)))
    for _ in range(EVENTS_DELIVERY_LIMIT + 1):
        connection = await aio_pika.connect(aside.url)
        channel = await connection.channel()
        queue = await channel.get_queue(EVENTS_QUEUE, ensure=False)
        async with asyncio.timeout(LONG):
            while await queue.get(fail=False) is None:  # noqa: ASYNC110 — what a kill returns comes soon
                await asyncio.sleep(0.01)
        await connection.close()

    assert await aside.quarantined() == [(DISTRICT, "delivery_limit")]
    (window,) = await aside.store.rows("SELECT district_id FROM windows")
    assert window["district_id"] == DISTRICT


async def test_what_was_put_aside_uncopied_is_found_at_start(aside: Aside, rabbitmq_vhost_url: str) -> None:
    async with await aio_pika.connect(rabbitmq_vhost_url) as connection:
        channel = await connection.channel()
        copies = await channel.get_queue("clever.events.dead.quarantine", ensure=False)
        await copies.unbind(DEAD_LETTER_EXCHANGE, "#")
        await aside.lose(body(EVENT))
        await aside.lie_there()

    assert await aside.quarantined() == [(DISTRICT, "rejected")]
    assert len(await aside.listed()) == 1


async def test_dead_letters_of_ours_are_left_alone(aside: Aside) -> None:
    headers = {"x-reason": "bad_field", "x-district-id": DISTRICT}
    await aside.broker.publish(Message(DEAD_LETTER_EXCHANGE, "any", body(EVENT), headers=headers))

    await aside.work()

    assert await aside.rows() == []


async def test_a_stored_event_and_what_no_roster_needs_hold_nobody_back(aside: Aside) -> None:
    ingest = IngestStage(aside.broker, aside.store.inbox, Metrics())
    await aside.broker.publish(Message(EVENTS_EXCHANGE, "any", body(EVENT)))
    async with asyncio.timeout(LONG):
        while not await aside.store.rows("SELECT 1 FROM inbox"):
            await ingest.once()
    await ingest.close()
    await aside.lose(body(EVENT))
    await aside.lose(body(settled_json()))
    await aside.lose(body(event_json({"id": "5" * 24, "district": DISTRICT}, "resources.created", 7)))
    await aside.lie_there(3)

    await aside.work()

    assert await aside.rows() == []


@pytest.mark.parametrize("settle", [letters.replay, letters.discard])
async def test_a_letter_settled_before_its_copy_is_read_holds_nobody_back(aside: Aside, settle: Any) -> None:
    await aside.lose(body(EVENT))
    await aside.lie_there()
    await aside.settle_all(settle)

    await aside.work()

    assert await aside.rows() == []


@pytest.mark.parametrize("settle", [letters.replay, letters.discard])
async def test_a_letter_of_the_broker_that_is_settled_frees_its_district(aside: Aside, settle: Any) -> None:
    await aside.lose(body(EVENT))
    await aside.quarantined()

    await aside.settle_all(settle)
    ingest = IngestStage(aside.broker, aside.store.inbox, Metrics())
    async with asyncio.timeout(LONG):
        while await aside.rows():
            await ingest.once()
    await ingest.close()

    assert await aside.listed() == []


async def test_messages_of_no_known_district_are_an_incident_until_they_are_discarded(aside: Aside) -> None:
    await aside.lose(b"not JSON")
    assert await aside.quarantined() == [("", "rejected")]

    await aside.store.inspections.inspect(timedelta(0), None)
    assert await told(aside.store) == [("firing", "dead_letters.unattributed")]
    await aside.settle_all(letters.discard)
    assert await aside.rows() == []
    assert await aside.store.rows("SELECT 1 FROM districts") == []
