"""How fast the ingest stage stores events, against a bare loop that does the least one can do.

The bare loop: aio-pika consume, JSON decode, one `unnest` insert per 500, one multiple ack. Both drain the
same full queue, in turns, in one process each time; what counts is the median of the ratios.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time

import aio_pika
import asyncpg
import orjson
from aio_pika.abc import AbstractIncomingMessage

from benchmarks.servers import Server
from config.topology import EVENTS_EXCHANGE, EVENTS_QUEUE
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.messaging.broker import Message
from worker.pipeline.ingest.stage import IngestStage
from worker.runtime.metrics import Metrics
from worker.sandbox.daily_changes import Feed
from worker.sandbox.district import DistrictSpec, stream

EVENTS = 20_000
ROUNDS = 5
BATCH = 500
REQUIRED = 0.7


async def measure(server: Server) -> bool:
    """Print both rates and their ratio; return whether it is enough."""
    from tests.support.servers.rabbitmq_node import RabbitNode  # noqa: PLC0415 — the servers of the tests, for this alone

    bodies = _bodies()
    node = RabbitNode()
    ratios = []
    try:
        url = node.start().url
        broker = RabbitBroker(url, name="bench")
        await broker.declare_topology()
        for number in range(ROUNDS):
            rates = {}
            ways = [("bare loop", _bare_loop), ("ingest", _ingest)]
            for name, onboarding in ways if number % 2 else reversed(ways):
                await _fill(broker, bodies)
                async with server.database() as database:
                    rates[name] = len(bodies) / await onboarding(url, database, len(bodies))
            ratios.append(rates["ingest"] / rates["bare loop"])
            print(
                f"  bare loop {rates['bare loop']:,.0f} events/s, ingest {rates['ingest']:,.0f} events/s: "
                f"{ratios[-1]:.2f}"
            )
        await broker.close()
    finally:
        node.remove()
    ratio = statistics.median(ratios)
    print(f"  ingest stores {ratio:.0%} of what the bare loop does (at least {REQUIRED:.0%})")
    return ratio >= REQUIRED


def _bodies() -> list[bytes]:
    spec = DistrictSpec(students=20_000, seed=2)
    records = itertools.islice(stream(spec), 200, 200 + EVENTS)
    feed = Feed("0" * 24, spec.started)
    return [orjson.dumps(feed.event(f"{collection}.created", record)) for collection, record in records]


async def _fill(broker: RabbitBroker, bodies: list[bytes]) -> None:
    for start in range(0, len(bodies), BATCH):
        chunk = bodies[start : start + BATCH]
        await asyncio.gather(*(broker.publish(Message(EVENTS_EXCHANGE, "bench", body)) for body in chunk))


async def _bare_loop(url: str, database: str, expected: int) -> float:
    pool = await asyncpg.connect(database)
    await pool.execute(
        "CREATE TABLE bare (district_id text, event_id text, body jsonb, PRIMARY KEY (district_id, event_id))"
    )
    connection = await aio_pika.connect(url)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=3 * BATCH)
    waiting: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
    started = time.perf_counter()
    queue = await channel.get_queue(EVENTS_QUEUE, ensure=False)
    await queue.consume(waiting.put)
    done = 0
    while done < expected:
        messages = [await waiting.get() for _ in range(min(BATCH, expected - done))]
        events = [orjson.loads(message.body) for message in messages]
        await pool.execute(
            "INSERT INTO bare SELECT * FROM unnest($1::text[], $2::text[], $3::text[]::jsonb[]) "
            "ON CONFLICT DO NOTHING",
            [event["data"]["object"].get("district") for event in events],
            [event["id"] for event in events],
            [message.body.decode() for message in messages],
        )
        await messages[-1].ack(multiple=True)
        done += len(messages)
    seconds = time.perf_counter() - started
    await connection.close()
    await pool.close()
    return seconds


async def _ingest(url: str, database: str, expected: int) -> float:
    store = Database(database, name="bench", size=4)
    broker = RabbitBroker(url, name="bench ingest")
    metrics = Metrics()
    stage = IngestStage(broker, PostgresInbox(store), metrics)
    stored = metrics.events_received.labels("stored")
    started = time.perf_counter()
    while stored._value.get() < expected:
        await stage.once()
    seconds = time.perf_counter() - started
    await stage.close()
    await broker.close()
    await store.close()
    return seconds
