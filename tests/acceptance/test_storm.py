"""Everything that can go wrong with broker, database, network and processes, at once: nothing is lost."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import random
import uuid
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest

from tests.acceptance.program import Consumer, Roster, Site, declare_topology
from tests.acceptance.reaper import running_beside
from tests.acceptance.storm import Storm, Supervisor, add_role, hearing, publish_surely
from tests.support.servers.rabbitmq_node import RabbitNode
from tests.support.servers.tcp_proxy import proxied, socket_of
from worker.sandbox.daily_changes import Feed, arrival, day_of_changes, homerooms
from worker.sandbox.district import DistrictSpec, SandboxDistrict, generate
from worker.sandbox.expected_roster import entries

MEMORY = 400 * 1000 * 1000
LARGE = 3_800_000
"""Bytes of the largest events."""
UNREADABLE_OF = "66bad0000000000000000001"
"""The district whose events cannot be read."""
HOMEROOM = json.dumps({"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]})
PATIENT = {
    "WINDOW__QUIET_SECONDS": "1",
    "WINDOW__MAX_AGE_SECONDS": "5",
    "PREFLIGHT__REMOVAL_LIMIT_PERCENT": "100",
    "PREFLIGHT__SCHOOL_REMOVAL_LIMIT_PERCENT": "100",
    "PREFLIGHT__CLASS_CHANGE_LIMIT_PERCENT": "100",
}
WORKERS = 2


class Town:
    """A district whose events are published again and again; what it is to come to is worked out apart."""

    def __init__(self, number: int, students: int) -> None:
        self.district: SandboxDistrict = generate(DistrictSpec(students=students, seed=number))
        self.id = self.district.id
        created = next(iter(self.district.users.values()))["created"]
        self.feed = Feed(self.id, datetime.fromisoformat(created) + timedelta(minutes=1))
        self.kept = homerooms(self.district)

    def first(self) -> list[dict[str, Any]]:
        """Share all of it."""
        return list(arrival(self.district, self.feed))

    def day(self, seed: int) -> list[dict[str, Any]]:
        """Let a day of changes happen."""
        return day_of_changes(self.district, self.feed, seed=seed, count=15, kept=self.kept)

    def roster(self) -> Roster:
        """Return the roster that it has to come to."""
        found = entries(self.district, lambda section: section["id"] in self.kept)
        return {(kind, record_id): record for kind, record_id, record in found}


@pytest.fixture
async def stormy_site(breakable_vhost_url: str, database_url: str, tmp_path: Path) -> Site:
    await declare_topology(breakable_vhost_url)
    return Site(tmp_path, breakable_vhost_url, database_url, PATIENT)


@pytest.mark.parametrize(
    ("seconds", "towns", "students", "pause"),
    [
        pytest.param(0, 3, 60, 4, marks=pytest.mark.timeout(300), id="every fault once"),
        pytest.param(
            660, 12, 120, 0, marks=(pytest.mark.full, pytest.mark.timeout(1500)), id="eleven minutes"
        ),
    ],
)
async def test_two_workers_under_a_supervisor_come_through_a_storm_with_every_roster_right(
    stormy_site: Site, breakable_rabbitmq: RabbitNode, seconds: int, towns: int, students: int, pause: float
) -> None:
    seed = int(os.environ.get("STORM_SEED", "1"))
    rng = random.Random(seed)  # noqa: S311 — a reproducible storm
    country = [Town(number + 1, students) for number in range(towns)]
    role = f"storm_{uuid.uuid4().hex[:10]}"
    await add_role(stormy_site.database_url or "", role)
    for town in country:
        await stormy_site.done("filter", "set", town.id, "-", stdin=HOMEROOM)
    async with AsyncExitStack() as stack:
        proxy = await stack.enter_async_context(proxied(socket_of(stormy_site.database_url or "")))
        consumer = await stack.enter_async_context(hearing(stormy_site.broker_url or ""))
        through_the_proxy = (
            f"postgresql://{role}@127.0.0.1:{proxy.port}/{urlsplit(stormy_site.database_url or '').path[1:]}"
        )
        environment = Site(
            stormy_site.folder, stormy_site.broker_url, through_the_proxy, PATIENT
        ).environment()
        supervisors = [Supervisor(environment) for _ in range(WORKERS)]
        storm = Storm(stormy_site, role, proxy, breakable_rabbitmq, supervisors, rng)
        async with AsyncExitStack() as running:
            for supervisor in supervisors:
                await running.enter_async_context(running_beside(supervisor.run()))
            async with running_beside(storm.rage()):
                sent = await _publish_for(seconds, pause, stormy_site, country, rng, storm)
            for town in country:
                await _until_right(stormy_site, consumer, town, supervisors)
        letters = await _dead_letters(stormy_site)

    assert {letter["district_id"] for letter in letters} == {UNREADABLE_OF}
    assert len(letters) >= 1
    assert sent > 0
    assert [code for each in supervisors for code in each.ended_by_itself] == []
    assert sum(each.killed for each in supervisors) > 0
    assert max(peak for each in supervisors for peak in each.peaks) < MEMORY
    assert {town.id: consumer.roster[town.id] == town.roster() for town in country} == dict.fromkeys(
        (town.id for town in country), True
    )


async def _publish_for(
    seconds: float, pause: float, site: Site, country: list[Town], rng: random.Random, storm: Storm
) -> int:
    """Publish arrivals and then days, with copies, marks in pairs, large and unreadable events among them.

    Until the time is over, and every fault has been there; between two days it pauses for so many seconds.
    """
    end = asyncio.get_running_loop().time() + seconds
    sent = 0
    for day in itertools.count():
        for town in country:
            events = town.first() if day == 0 else town.day(day)
            bodies = [(orjson.dumps(event), town.id) for event in _with_copies(events, rng)]
            bodies += [(orjson.dumps(_mark(town, events)), town.id)] * 2 if events else []
            bodies.insert(rng.randrange(len(bodies) + 1), (_large(events or town.day(-1)), town.id))
            bodies.insert(rng.randrange(len(bodies) + 1), (_unreadable(day), UNREADABLE_OF))
            await publish_surely(site.broker_url or "", bodies)
            sent += len(bodies)
        if asyncio.get_running_loop().time() > end and storm.has_done_all:
            return sent
        await asyncio.sleep(pause)  # of the publisher
    raise AssertionError("endless")


def _with_copies(events: list[dict[str, Any]], rng: random.Random) -> list[dict[str, Any]]:
    again = rng.sample(events, len(events) // 5)
    return [*events, *again]


def _mark(town: Town, events: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "type": "feed.settled",
        "district": town.id,
        "since": events[0]["id"],
        "through": events[-1]["id"],
        "count": len(events) - 1,
    }


def _large(events: list[dict[str, Any]]) -> bytes:
    """Return the last of some events as Clever gives it where very much of the record changed."""
    if not events:
        return b"{}"
    event = dict(events[-1])
    event["data"] = event["data"] | {"previous_attributes": {"name": "x" * LARGE}}
    return orjson.dumps(event)


def _unreadable(number: int) -> bytes:
    return orjson.dumps(
        {
            "id": f"66f0{number:020x}",
            "type": "users.created",
            "data": {"object": {"id": 7, "district": UNREADABLE_OF}},
        }
    )


async def _until_right(site: Site, consumer: Consumer, town: Town, supervisors: list[Supervisor]) -> None:
    """Wait until the consumer has the roster that the district is to come to."""
    expected = town.roster()
    try:
        await consumer.until(lambda: consumer.roster.get(town.id) == expected, seconds=180)
    except TimeoutError:
        lines = "\n".join(each.last_lines() for each in supervisors)
        raise AssertionError(f"{await site.show(town.id)}\n{lines}") from None


async def _dead_letters(site: Site) -> list[dict[str, Any]]:
    return [
        json.loads(line)
        for line in (await site.done("dead-letters", "list", "--json", "--limit", "10000")).splitlines()
    ]
