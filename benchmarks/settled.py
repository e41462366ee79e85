"""How long a commit takes from its last event stored until it is confirmed and gone from the outbox.

In a rostered district one student at a time changes, with the word that the feed was read to its end, so that
the window closes at once. A worker that runs as people run it evaluates and publishes it. In turns with that,
a bare loop does the least one can do for a message of that size on the same database and broker: insert,
publish, confirm, delete.
"""

from __future__ import annotations

import statistics
import time
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import aio_pika
from aio_pika.abc import AbstractExchange

from benchmarks import programs, whole_statements
from benchmarks.arrivals import store_arrival
from benchmarks.costs import BENCH, Cost, Meter
from benchmarks.evaluate import store
from benchmarks.servers import Server
from config.topology import ROSTERING_EXCHANGE
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.pipeline.ingest.inbox import Mark
from worker.sandbox.daily_changes import Feed, rename
from worker.sandbox.district import SandboxDistrict

STUDENTS = 1_000
EVENTS = 200
ALLOWED = 8.0
"""Of the median of wall time."""
BODY = b"x" * 1_100
"""About as large as a commit of one student."""
ROUTING_KEY = "commit.bench"


async def measure(server: Server) -> bool:
    """Print how long both take; return whether the ratio is small enough."""
    from tests.support.servers.rabbitmq_node import RabbitNode  # noqa: PLC0415 — the servers of the tests, for this alone

    node = RabbitNode()
    try:
        return await compare(server, node.start().url, STUDENTS, EVENTS) <= ALLOWED
    finally:
        node.remove()


async def compare(server: Server, broker_url: str, students: int, events: int) -> float:
    """Print how long both take; return the ratio of the medians of wall time."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(server.database())
        settled = await _settled(stack, url, broker_url, students)
        bare = await _bare(stack, url, broker_url)
        first = await settled.meter.read()
        for number in range(events):
            for change in (settled.change, bare.change) if number % 2 else (bare.change, settled.change):
                await change()
        used = first.until(await settled.meter.read())
    own, backends = used.own / events, used.backends / events
    _told(f"{events} events, one at a time", settled.seconds, own, backends)
    floor = [cost.wall for cost in bare.costs]
    own = statistics.mean(cost.own for cost in bare.costs)
    _told("  bare loop", floor, own, statistics.mean(cost.backends for cost in bare.costs))
    ratio = statistics.median(settled.seconds) / statistics.median(floor)
    processor = (used.own + used.backends) / sum(cost.processor for cost in bare.costs)
    print(f"    ratio: {ratio:.1f} of the median of wall time, {processor:.1f} of processor time")
    return ratio


def _told(what: str, seconds: list[float], own: float, backends: float) -> None:
    p99 = sorted(seconds)[int(0.99 * (len(seconds) - 1))]
    print(
        f"  {what}: median {statistics.median(seconds) * 1000:.1f} ms, p99 {p99 * 1000:.1f} ms; "
        f"of the processor {own * 1000:.1f} ms and {backends * 1000:.1f} ms in PostgreSQL an event"
    )


@dataclass
class Settled:
    """A district that a worker follows."""

    worker: programs.Running
    meter: Meter
    inbox: PostgresInbox
    district: SandboxDistrict
    feed: Feed
    students: list[str]
    changes: int = 0
    seconds: list[float] = field(default_factory=list)

    async def change(self) -> None:
        """Let one student be renamed; note how long the commit took."""
        self.changes += 1
        student = self.students[self.changes % len(self.students)]
        since = self.feed.last_id
        (event,) = rename(self.district, self.feed, student, first=f"Other {self.changes}")
        began = time.perf_counter()
        await store(self.inbox, [event], [Mark(self.district.id, since or "", event["id"], 1)])
        stored = time.perf_counter()
        published, record = await self.worker.said("message.published", began)
        assert (record["what"], record["parts"]) == ("commit", 1), record
        self.seconds.append(published - stored)


@dataclass
class Bare:
    """The bare loop."""

    connection: whole_statements.Connection
    meter: Meter
    exchange: AbstractExchange
    costs: list[Cost] = field(default_factory=list)

    async def change(self) -> None:
        """Insert a message, publish it, and delete it once it is confirmed."""
        async with self.meter.measuring(self.costs):
            number = await self.connection.fetchval(
                "INSERT INTO floor_outbox (body) VALUES ($1) RETURNING number", BODY
            )
            message = aio_pika.Message(BODY, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            await self.exchange.publish(message, ROUTING_KEY)
            await self.connection.execute("DELETE FROM floor_outbox WHERE number = $1", number)


async def _settled(stack: AsyncExitStack, url: str, broker_url: str, students: int) -> Settled:
    """Let a district arrive, and start a worker that commits it."""
    broker = RabbitBroker(broker_url, name="bench")
    stack.push_async_callback(broker.close)
    await broker.declare_topology()
    database = Database(url, name=BENCH, size=2)
    stack.push_async_callback(database.close)
    district, feed = await store_arrival(database, students)
    inbox = PostgresInbox(database)
    assert feed.last_id is not None
    records = sum(map(len, district.collections.values()))
    await inbox.store([], [Mark(district.id, "", feed.last_id, records)], [])
    settings = await stack.enter_async_context(programs.environment(url, BROKER_URL=broker_url))
    worker = await stack.enter_async_context(programs.worker(settings, "--stages", "evaluate,relay"))
    moment, record = await worker.said("message.published")
    while record["part"] < record["parts"]:
        moment, record = await worker.said("message.published", moment)
    connection = await whole_statements.connect(url, BENCH)
    stack.push_async_callback(connection.close)
    meter = Meter(connection, worker.pid, (BENCH, whole_statements.FLOOR))
    return Settled(worker, meter, inbox, district, feed, [user["id"] for user in district.students()])


async def _bare(stack: AsyncExitStack, url: str, broker_url: str) -> Bare:
    """Open what the bare loop needs."""
    connection = await whole_statements.connect(url)
    stack.push_async_callback(connection.close)
    await connection.execute("CREATE TABLE floor_outbox (number bigserial PRIMARY KEY, body bytea NOT NULL)")
    broker = await aio_pika.connect(broker_url)
    stack.push_async_callback(broker.close)
    channel = await broker.channel(publisher_confirms=True)
    meter_connection = await whole_statements.connect(url, BENCH)
    stack.push_async_callback(meter_connection.close)
    exchange = await channel.get_exchange(ROSTERING_EXCHANGE, ensure=False)
    return Bare(connection, Meter(meter_connection), exchange)
