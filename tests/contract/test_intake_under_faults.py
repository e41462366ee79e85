"""Ingest on a real RabbitMQ and a real PostgreSQL: what they do wrong is charged to no message."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import asyncpg
import pytest
from yarl import URL

from config.topology import DEAD_LETTER_QUEUE, EVENTS_DELIVERY_LIMIT, EVENTS_EXCHANGE, EVENTS_QUEUE
from tests.support.builders.records import DISTRICT, body, event_json, school_json, section_json, student_json
from tests.support.fixtures.store import LIMITS, StoreUnderTest
from tests.support.servers.rabbitmq_node import RabbitNode
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.adapters.rabbitmq.dead_letters import RabbitDeadLetters
from worker.messaging.broker import Message
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.ingest.quarantine import QuarantineStage
from worker.pipeline.ingest.stage import IngestStage
from worker.runtime.errors import StoreFailed, Unavailable
from worker.runtime.metrics import Metrics

LONG = 60.0
BAD = body(event_json(section_json(students=5), "sections.updated", 5))


def sound(number: int) -> bytes:
    return body(event_json(student_json(number), number=number))


@asynccontextmanager
async def opened(url: str, publish_timeout: float = 10.0) -> AsyncIterator[RabbitBroker]:
    broker = RabbitBroker(url, name="tests", publish_timeout=publish_timeout)
    yield broker
    async with asyncio.timeout(LONG):
        await broker.close()


async def publish(broker: RabbitBroker, *bodies: bytes) -> None:
    await asyncio.gather(*(broker.publish(Message(EVENTS_EXCHANGE, "any", each)) for each in bodies))


async def stored(store: StoreUnderTest) -> int:
    (row,) = await store.rows("SELECT count(*) FROM inbox")
    return int(row["count"])


async def left_in(broker: RabbitBroker, queue: str, count: int) -> None:
    """Wait until so many messages lie in a queue, ready to be taken."""
    async with asyncio.timeout(LONG):
        while await broker.depth(queue) != count:  # noqa: ASYNC110 — the broker tells nobody
            await asyncio.sleep(0.05)


async def test_one_unreadable_message_under_a_memory_alarm_holds_up_no_sound_event(
    breakable_rabbitmq: RabbitNode, breakable_vhost_url: str, store: StoreUnderTest
) -> None:
    url = breakable_vhost_url
    async with opened(url, LONG) as publisher, opened(url, publish_timeout=1.0) as broker:
        await broker.declare_topology()
        await publish(publisher, *map(sound, range(1, 300)), BAD, *map(sound, range(300, 1200)))
        stage = IngestStage(broker, store.inbox, Metrics())
        stage._dead.retry_seconds = 0.1
        await asyncio.to_thread(breakable_rabbitmq.raise_memory_alarm)
        try:
            async with asyncio.timeout(LONG):
                while await stored(store) < 1199:
                    await stage.once()
            await stage.once()
            unsettled = len(stage._subscription._sizes)  # type: ignore[union-attr]
        finally:
            await asyncio.to_thread(breakable_rabbitmq.lift_memory_alarm)
        async with asyncio.timeout(LONG):
            while len(stage._dead) or not await broker.depth(DEAD_LETTER_QUEUE):
                await stage.once()
        unsettled_then = len(stage._subscription._sizes)  # type: ignore[union-attr]
        await stage.close()

    (row,) = await store.rows("SELECT district_id, reason FROM quarantine")
    assert (unsettled, unsettled_then) == (1, 0)
    assert (row["district_id"], row["reason"]) == (DISTRICT, "bad_field")


@pytest.mark.parametrize("count", [1, 10])
async def test_a_right_revoked_on_one_table_and_many_restarts_put_no_sound_event_aside(
    rabbitmq_vhost_url: str, store: StoreUnderTest, count: int
) -> None:
    owner = await asyncpg.connect(store.url)
    role = f"limited_{uuid.uuid4().hex}"
    await owner.execute(f"CREATE ROLE {role} LOGIN")
    await owner.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}")
    database = Database(str(URL(store.url).with_user(role)), name="limited", size=2)
    async with opened(rabbitmq_vhost_url) as broker:
        await broker.declare_topology()
        running = IngestStage(broker, PostgresInbox(database), Metrics())
        await running.once()  # it consumes, and nothing is there
        await owner.execute(f"REVOKE INSERT ON windows FROM {role}")
        await publish(broker, *map(sound, range(1, count + 1)))
        for _ in range(5):
            with pytest.raises(StoreFailed):
                await running.once()
        await running.close()
        for _ in range(EVENTS_DELIVERY_LIMIT + 5):  # a supervisor starts it again and again
            started = IngestStage(broker, PostgresInbox(database), Metrics())
            with pytest.raises(StoreFailed):
                await started.once()
            await started.close()

        await owner.execute(f"GRANT INSERT ON windows TO {role}")
        async with asyncio.timeout(LONG):
            while await stored(store) < count:
                await running.once()
        await running.close()
        await left_in(broker, DEAD_LETTER_QUEUE, 0)
    await database.close()
    await owner.execute(f"DROP OWNED BY {role}; DROP ROLE {role}")
    await owner.close()


async def test_of_all_that_a_killed_process_had_in_hand_only_the_message_that_kills_is_put_aside(
    rabbitmq_vhost_url: str, store: StoreUnderTest
) -> None:
    poison = 30
    async with opened(rabbitmq_vhost_url) as broker:
        await broker.declare_topology()
        await publish(broker, *map(sound, range(1, 61)))
        deaths = 0
        async with asyncio.timeout(2 * LONG):
            while not await broker.depth(DEAD_LETTER_QUEUE):
                deaths += await _lives_until_killed(rabbitmq_vhost_url, store, poison)

        quarantine = QuarantineStage(broker, store.losses, RabbitDeadLetters(broker), Metrics())
        async with asyncio.timeout(LONG):
            while not await store.rows("SELECT 1 FROM quarantine"):
                await quarantine.once()
        await quarantine.close()

    assert (deaths, await stored(store)) == (EVENTS_DELIVERY_LIMIT + 1, 59)
    (row,) = await store.rows("SELECT district_id, reason FROM quarantine")
    assert (row["district_id"], row["reason"]) == (DISTRICT, "delivery_limit")


async def _lives_until_killed(url: str, store: StoreUnderTest, poison: int) -> int:
    """Run ingest until it is killed by the poison, or that was put aside; return how often it died."""

    class Killed(BaseException):
        """What a kill is, for the sake of one process."""

    class Deadly(PostgresInbox):
        async def store(self, arrivals, *rest):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN002, ANN202
            if any(int(arrival.event_id, 16) == poison for arrival in arrivals):
                raise Killed
            return await super().store(arrivals, *rest)

    broker = RabbitBroker(url, name="to be killed")
    stage = IngestStage(broker, Deadly(store.database), Metrics())
    try:
        while not await broker.depth(DEAD_LETTER_QUEUE):
            await stage.once()
    except Killed:
        return 1
    finally:
        await broker.close()
    return 0


async def test_a_district_that_lost_an_event_is_held(rabbitmq_vhost_url: str, store: StoreUnderTest) -> None:
    async with opened(rabbitmq_vhost_url) as broker:
        await broker.declare_topology()
        await publish(broker, sound(1))
        for _ in range(EVENTS_DELIVERY_LIMIT + 1):
            connection = await aio_pika.connect(rabbitmq_vhost_url)
            queue = await (await connection.channel()).get_queue(EVENTS_QUEUE, ensure=False)
            async with asyncio.timeout(LONG):
                while await queue.get(fail=False) is None:  # noqa: ASYNC110 — what a kill returns comes soon
                    await asyncio.sleep(0.01)
            await connection.close()
        await left_in(broker, DEAD_LETTER_QUEUE, 1)
        await publish(broker, body(event_json(school_json(), "schools.created", 2)), sound(3))
        stage = IngestStage(broker, store.inbox, Metrics())
        async with asyncio.timeout(LONG):
            while await stored(store) < 2:
                await stage.once()
        await stage.close()
        quarantine = QuarantineStage(broker, store.losses, RabbitDeadLetters(broker), Metrics())
        async with asyncio.timeout(LONG):
            while not await store.rows("SELECT 1 FROM quarantine"):
                await quarantine.once()
        await quarantine.close()

    await store.districts.flush(DISTRICT, "somebody")
    evaluate = EvaluateStage(store.evaluations, LIMITS, Metrics())
    async with asyncio.timeout(LONG):
        while not (said := await store.rows("SELECT * FROM outbox")):
            try:
                await evaluate.once()
            except Unavailable:
                continue

    assert [row["schema"] for row in said] == ["rostering.review/v1"]
    assert "district.events_quarantined" in str(said[0]["envelope"])
