"""The broker or the database goes away under a running worker, and comes back: nothing is lost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
import aiohttp
import asyncpg
import pytest

from tests.acceptance.program import Consumer, Site, Worker, consuming, declare_topology, publishing
from tests.support.builders.records import ARRIVAL, DISTRICT, SECOND_STUDENT, Json, record_id
from tests.support.fixtures.store import opened_store
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.rabbitmq_node import RabbitNode
from worker.domain.roster.section_filter import parse_filter

LINES = 3
"""Of one outage in its first minute: one connection is lost, perhaps another, and none can be opened."""
NOBODYS_FILTER = parse_filter('{"rules":[{"all":[{"field":"name","op":"is","value":"no such section"}]}]}')


@pytest.fixture
async def breakable_site(breakable_vhost_url: str, database_url: str, tmp_path: Path) -> Site:
    """A site on a broker that may be broken."""
    await declare_topology(breakable_vhost_url)
    return Site(tmp_path, breakable_vhost_url, database_url, {"WINDOW__QUIET_SECONDS": "0.5"})


async def test_what_a_dead_broker_missed_is_told(
    breakable_site: Site, breakable_rabbitmq: RabbitNode
) -> None:
    site = breakable_site
    impatient = site.worker("--stages", "ingest", WATCHDOG_SECONDS="2")
    async with site.worker() as worker, impatient as worker_under_a_supervisor:
        await asyncio.gather(worker.url(), worker_under_a_supervisor.logged("worker.started"))
        async with consuming(site.broker_url or "") as before:
            await publish(site, ARRIVAL)
            await before.until(lambda: len(before.commits) == 1)
        async with broken(breakable_rabbitmq):
            await until_failing(worker, "ingest", "broker")
            live = await status(worker, "live")
            async with opened_store(site.database_url or "") as store:
                await store.districts.set_filter(DISTRICT, NOBODYS_FILTER, "somebody")
            await until(lambda: waits_in_the_outbox(site))
            code = await asyncio.wait_for(worker_under_a_supervisor.process.wait(), 60)
            said = [line for line in worker.records if line.get("level") in {"warning", "error"}]
        async with consuming(site.broker_url or "") as after:
            await after.until(lambda: len(after.reviews) == 1)
            await publish(site, SECOND_STUDENT)
            await after.until(lambda: len(after.reviews) == 2)
        await until(lambda: is_ready(worker))

    assert live == 200
    assert code == 1
    assert any(record.get("event") == "watchdog.expired" for record in worker_under_a_supervisor.records)
    told = [review["findings"]["by_code"] for review in after.reviews]
    assert told == [{"student.no_section": 1}, {"student.no_section": 2}]
    assert not after.dead_letters
    reasons = [line["reason"] for line in said]
    assert len(reasons) == len(set(reasons)) <= LINES, said


async def test_events_wait_in_the_broker_for_a_database(site: Site, postgres_server: PostgresServer) -> None:
    async with site.worker() as worker, consuming(site.broker_url or "") as consumer:
        await publish(site, ARRIVAL)
        await consumer.until(lambda: len(consumer.commits) == 1)
        async with closed(postgres_server, site.database_url or ""):
            await until_failing(worker, "database", "PostgreSQL")
            await until_failing(worker, "ingest")
            await publish(site, SECOND_STUDENT)
            await until(lambda: all_wait_in_the_broker(site, len(SECOND_STUDENT)))
        await consumer.until(lambda: knows(consumer, record_id(2)))
        await until(lambda: is_ready(worker))
        evaluated = await rows(site, "SELECT count(*) FROM evaluated_events")
        code = await worker.stop()

    assert evaluated == len(ARRIVAL + SECOND_STUDENT)
    assert [commit["sequence"] for commit in consumer.commits] == [1, 2]
    assert not consumer.dead_letters
    assert not consumer.reviews
    assert code == 0


@asynccontextmanager
async def broken(node: RabbitNode) -> AsyncIterator[None]:
    """Kill the broker, and start it again."""
    node.kill()
    try:
        yield
    finally:
        await asyncio.to_thread(node.start)


@asynccontextmanager
async def closed(server: PostgresServer, url: str) -> AsyncIterator[None]:
    """End every connection to the database and let no other begin, for a while."""
    name = urlsplit(url).path.strip("/")
    await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    try:
        await server.execute(
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        yield
    finally:
        await server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


async def publish(site: Site, events: list[Json]) -> None:
    async with publishing(site.broker_url or "") as send:
        for event in events:
            await send(json.dumps(event).encode())


async def until(happened: Callable[[], Awaitable[bool]], seconds: float = 60) -> None:
    """Ask again and again until the answer is yes."""
    async with asyncio.timeout(seconds):
        while not await happened():  # noqa: ASYNC110 — another process's work
            await asyncio.sleep(0.1)


async def until_failing(worker: Worker, part: str, why: str = "") -> None:
    """Wait until `/ready` answers 503 and names this part, with this in what it says of it.

    At first it may say only what is missing, and the reason when the stage has tried again.
    """

    async def named() -> bool:
        failing = await failing_parts(worker)
        return part in failing and why in failing[part]

    await until(named)


async def failing_parts(worker: Worker) -> dict[str, str]:
    async with aiohttp.ClientSession() as session, session.get(f"{await worker.url()}ready") as answer:
        said = await answer.json()
    failing: dict[str, str] = said["failing"]
    assert answer.status == (503 if failing else 200)
    assert said["ready"] is not bool(failing)
    return failing


async def is_ready(worker: Worker) -> bool:
    return not await failing_parts(worker)


async def status(worker: Worker, page: str) -> int:
    async with aiohttp.ClientSession() as session, session.get(f"{await worker.url()}{page}") as answer:
        return answer.status


async def waits_in_the_outbox(site: Site) -> bool:
    """Whether something is decided of which the outbox has the word."""
    query = "SELECT count(*) FROM outbox WHERE schema = 'rostering.review/v1'"
    return await rows(site, query) == 1


async def rows(site: Site, query: str) -> int:
    connection = await asyncpg.connect(site.database_url)
    try:
        return int(await connection.fetchval(query))
    finally:
        await connection.close()


async def all_wait_in_the_broker(site: Site, count: int) -> bool:
    """Whether so many messages wait in clever.events, held by no consumer."""
    connection = await aio_pika.connect(site.broker_url)
    try:
        channel = await connection.channel()
        queue = await channel.declare_queue("clever.events", passive=True)
        return queue.declaration_result.message_count == count
    finally:
        await connection.close()


def knows(consumer: Consumer, student: str) -> bool:
    """Whether the consumer's roster has this student."""
    return ("student", student) in consumer.roster.get(DISTRICT, {})
