"""Nothing is lost, doubled or left stuck, whoever dies when."""

from __future__ import annotations

import asyncio
import json
import random
import signal
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import orjson
import pytest

from tests.acceptance.program import (
    CLEVER_DEMO,
    Consumer,
    Roster,
    Site,
    Worker,
    clever_demo,
    consuming,
    digest,
    publishing,
)
from tests.acceptance.reaper import running_beside
from worker.messaging.event_files import JsonObject
from worker.sandbox.daily_changes import Feed, arrival, day_of_changes, homerooms
from worker.sandbox.district import DistrictSpec, SandboxDistrict, generate
from worker.sandbox.expected_roster import entries

HOMEROOM = json.dumps({"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]})
WORKERS = 3
COPIES = 3


@pytest.mark.timeout(240)
async def test_shuffled_copies_over_workers_that_are_killed_one_by_one_are_rostered_once(
    site: Site,
) -> None:
    district = generate(DistrictSpec(students=50, seed=7))
    feed = Feed(district.id, district_started(district))
    events = list(arrival(district, feed))
    kept = homerooms(district)
    changed = day_of_changes(district, feed, seed=3, count=20, kept=kept)

    consumer = await _through_a_storm(site, district.id, [events, changed])

    assert consumer.roster[district.id] == expected_roster(district, kept)


@pytest.mark.full
@pytest.mark.timeout(240)
@pytest.mark.skipif(not CLEVER_DEMO.is_dir(), reason="Clever's demo district is not here")
async def test_the_demo_district_comes_through_the_same_storm_with_the_same_digest(site: Site) -> None:
    records = [("users", user) for user in clever_demo("users")]
    records += [("sections", section) for section in clever_demo("sections")]
    events = [
        {"id": f"66f0{number:020x}", "type": f"{collection}.created", "data": {"object": record}}
        for number, (collection, record) in enumerate(records)
    ]

    consumer = await _through_a_storm(site, "5a0c91b95c7cc000010d417c", [events])

    roster = consumer.roster["5a0c91b95c7cc000010d417c"]
    assert sum(kind == "student" for kind, _ in roster) == 1004
    assert digest(roster) == consumer.commits[-1]["roster"]["digest"]
    assert digest(roster) == "385fcb14ea8eb7326b30ec7d4052b87f8545d9b4d612b79032dea72251d7c078"


async def _through_a_storm(site: Site, district_id: str, waves: list[list[JsonObject]]) -> Consumer:
    """Publish each wave several times, shuffled, to workers that keep dying; return what a consumer heard."""
    rng = random.Random(5)  # noqa: S311 — a reproducible shuffle
    await site.done("filter", "set", district_id, "-", stdin=HOMEROOM)
    deaths: list[int] = []
    async with consuming(site.broker_url or "") as consumer:
        async with running_beside(_storm(site, rng, deaths)):
            for wave in waves:
                await _publish_copies(site, wave, rng)
                await consumer.until(lambda: bool(consumer.commits), seconds=90)
                await _until_evaluated(site, district_id, wave)
            while len(deaths) <= WORKERS:  # a fast machine is done before enough have died
                await _publish_copies(site, waves[-1], rng)
                await asyncio.sleep(0.5)  # of the publisher
        async with site.worker("--stages", "ingest,evaluate,relay"):
            await site.done("flush", district_id)
            await _until_all_is_told(site, district_id, consumer)
    assert len(deaths) > WORKERS
    return consumer


async def _storm(site: Site, rng: random.Random, deaths: list[int]) -> None:
    """Keep the workers running and kill one after the other, told by process id in `deaths`."""
    environment = site.environment()
    workers = [await Worker.start(environment) for _ in range(WORKERS)]
    try:
        while True:
            victim = rng.randrange(WORKERS)
            # On a busy machine a start takes longer than the beat: nothing would ever be done.
            await workers[victim].logged("worker.started", seconds=120)
            await asyncio.sleep(rng.uniform(0, 1))  # the beat of the storm itself
            workers[victim].kill()
            assert await workers[victim].process.wait() == -signal.SIGKILL, "it ended by itself"
            deaths.append(workers[victim].process.pid)
            workers[victim] = await Worker.start(environment)
    finally:
        for worker in workers:
            worker.kill()
        await asyncio.gather(*(worker.process.wait() for worker in workers))


async def _publish_copies(site: Site, events: list[JsonObject], rng: random.Random) -> None:
    copies = [orjson.dumps(event) for event in events] * COPIES
    rng.shuffle(copies)
    async with publishing(site.broker_url or "") as publish:
        for start in range(0, len(copies), 200):
            await asyncio.gather(*(publish(body) for body in copies[start : start + 200]))


async def _until_evaluated(site: Site, district_id: str, wave: list[JsonObject]) -> None:
    """Wait until every event of a wave was evaluated, whatever order they came in."""
    ids = [str(event["id"]) for event in wave]
    query = "SELECT count(*) FROM evaluated_events WHERE district_id = $1 AND event_id = ANY($2)"
    connection = await asyncpg.connect(site.database_url)
    try:
        async with asyncio.timeout(90):
            while await connection.fetchval(query, district_id, ids) < len(ids):  # noqa: ASYNC110 — another process's work
                await asyncio.sleep(0.3)
    finally:
        await connection.close()


async def _until_all_is_told(site: Site, district_id: str, consumer: Consumer) -> None:
    """Wait until nothing is on its way, and the consumer has heard the last commit."""
    async with asyncio.timeout(60):
        while True:
            shown: dict[str, Any] = await site.show(district_id)
            told = consumer.heard_sequences.get(district_id) == shown["commits"]
            if told and shown["window"] is None and not shown["unpublished"]:
                return
            await asyncio.sleep(0.5)


def district_started(district: SandboxDistrict) -> datetime:
    """Return the moment of a generated district's first record, a little later."""
    created = next(iter(district.users.values()))["created"]
    return datetime.fromisoformat(created) + timedelta(minutes=1)


def expected_roster(district: SandboxDistrict, kept: frozenset[str]) -> Roster:
    """Work out the roster from the district's own records, with these sections as its classes."""
    found = entries(district, lambda section: section["id"] in kept)
    return {(kind, record_id): record for kind, record_id, record in found}
