"""Clever as a live source: the worker needs an address and credentials, and does the rest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.program import CLEVER_DEMO, Consumer, Site, Worker, consuming
from tests.acceptance.reaper import running_beside
from tests.acceptance.sandbox import HOMEROOM, Sandbox, sandbox
from tests.support.builders.clever_pages import write_pages
from worker.sandbox.district import DistrictSpec, generate
from worker.sandbox.expected_roster import truth


@dataclass(frozen=True)
class Size:
    """How many districts, students of each, and changes in each; few enough changes to be no mass removal.

    And of how many answers one fails.
    """

    districts: int
    students: int
    changes: int
    fault_every: int = 10


FULL = Size(20, 700, 500)
SIZES = [
    pytest.param(Size(3, 120, 16, fault_every=5), id="small"),
    pytest.param(FULL, id="full", marks=pytest.mark.full),
]
EVERY_FAULT = [
    *("429", "500", "502_html", "html", "cut", "slow"),
    *("expired_token", "empty", "repeat", "reorder", "drop"),
]


async def set_rules(site: Site, districts: Iterable[str]) -> None:
    """Set the rule of every district, a few commands at a time."""
    at_once = asyncio.Semaphore(4)

    async def one(district_id: str) -> None:
        async with at_once:
            await site.done("filter", "set", district_id, "-", stdin=HOMEROOM)

    await asyncio.gather(*(one(district_id) for district_id in districts))


def reviewed(consumer: Consumer) -> set[str]:
    return {review["district_id"] for review in consumer.reviews}


def digests(consumer: Consumer) -> dict[str, str]:
    return {commit["district_id"]: commit["roster"]["digest"] for commit in consumer.commits}


async def as_in_clever(clever: Sandbox, consumer: Consumer, seconds: float) -> None:
    """Wait until every district's last commit is what the sandbox says it ought to be."""
    truth = {district_id: await clever.truth(district_id) for district_id in await clever.districts()}
    try:
        await consumer.until(lambda: digests(consumer) == truth, seconds)
    except TimeoutError:
        told = digests(consumer)
        behind = [district_id for district_id in truth if told.get(district_id) != truth[district_id]]
        last = {one["district_id"]: one["findings"]["by_code"] for one in consumer.reviews}
        raise AssertionError(f"not as in Clever: {[(one, last.get(one)) for one in behind]}") from None


@pytest.mark.full
@pytest.mark.timeout(300)
async def test_districts_are_found_read_reviewed_and_committed_in_full(site: Site) -> None:
    """As `test_the_same_while_answers_fail_and_the_poller_is_killed` does of some small ones."""
    size = FULL
    async with (
        sandbox("--districts", str(size.districts), "--students", str(size.students)) as clever,
        consuming(site.broker_url or "") as consumer,
        site.worker(**clever.settings),
    ):
        districts = set(await clever.districts())
        await consumer.until(lambda: reviewed(consumer) == districts, 90)
        assert all(review["batch"]["trigger"] == "resync" for review in consumer.reviews)
        assert not consumer.commits

        await set_rules(site, districts)
        await as_in_clever(clever, consumer, 60)

        await asyncio.gather(*(clever.change(one, "day", changes=size.changes) for one in districts))
        await as_in_clever(clever, consumer, 90)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("size", SIZES)
async def test_the_same_while_answers_fail_and_the_poller_is_killed(site: Site, size: Size) -> None:
    async with (
        sandbox("--districts", str(size.districts), "--students", str(size.students)) as clever,
        consuming(site.broker_url or "") as consumer,
        site.worker("--stages", "ingest,evaluate,relay", **clever.settings),
    ):
        await clever.order("faults", every=size.fault_every, kinds=EVERY_FAULT, slow_seconds=1.5)
        districts = set(await clever.districts())
        async with _pollers_that_die(site, clever) as deaths:
            await consumer.until(lambda: reviewed(consumer) == districts, 240)
            assert not consumer.commits
            await set_rules(site, districts)
            for changes in (size.changes, 10, 10):
                await asyncio.gather(*(clever.change(one, "day", changes=changes) for one in districts))
                await as_in_clever(clever, consumer, 240)
        assert len(deaths) > 2
        assert set((await clever.look(""))["spoiled"]) == set(EVERY_FAULT)
        assert not consumer.dead_letters


@asynccontextmanager
async def _pollers_that_die(site: Site, clever: Sandbox) -> AsyncIterator[list[int]]:
    """Keep one polling process running, and kill it every two seconds."""
    deaths: list[int] = []

    async def storm() -> None:
        while True:
            worker = await Worker.start(site.environment(**clever.settings), ("--stages", "poll"))
            try:
                await worker.logged("worker.started")
                await asyncio.sleep(2)  # the beat of the storm itself
            finally:
                worker.kill()
                await worker.process.wait()
            deaths.append(worker.process.pid)

    async with running_beside(storm()):
        yield deaths


@pytest.mark.full
@pytest.mark.timeout(120)
async def test_from_the_served_event_to_the_commit_it_takes_less_than_a_second(site: Site) -> None:
    """On a machine that has nothing else to do."""
    site.settings["WINDOW__QUIET_SECONDS"] = "60"
    async with (
        sandbox("--districts", "1", "--students", "1000") as clever,
        consuming(site.broker_url or "") as consumer,
        site.worker(**clever.settings),
    ):
        (district_id,) = await clever.districts()
        await site.done("filter", "set", district_id, "-", stdin=HOMEROOM)
        await as_in_clever(clever, consumer, 30)
        taken = [await _seconds_to_the_commit(clever, consumer, district_id, seed) for seed in range(8)]
    assert sorted(taken)[len(taken) // 2] < 1, taken


async def _seconds_to_the_commit(clever: Sandbox, consumer: Consumer, district_id: str, seed: int) -> float:
    commits = len(consumer.commits)
    made = await clever.change(district_id, "day", changes=15, seed=seed)
    await consumer.until(lambda: len(consumer.commits) > commits, 30)
    now = datetime.now().astimezone()
    served = await clever.look(f"districts/{district_id}/served/{made['last_event_id']}")
    return (now - datetime.fromisoformat(served["at"])).total_seconds()


@pytest.mark.timeout(120)
@pytest.mark.skipif(not CLEVER_DEMO.is_dir(), reason="Clever's demo district is not here")
async def test_clevers_demo_district_from_a_server_gives_the_digest_of_its_pages(site: Site) -> None:
    async with (
        sandbox("--from", str(CLEVER_DEMO)) as clever,
        consuming(site.broker_url or "") as consumer,
        site.worker(**clever.settings),
    ):
        (district_id,) = await clever.districts()
        await site.done("filter", "set", district_id, "-", stdin=HOMEROOM)
        await consumer.until(lambda: bool(consumer.commits), 60)

    digest = "385fcb14ea8eb7326b30ec7d4052b87f8545d9b4d612b79032dea72251d7c078"
    assert digests(consumer) == {district_id: digest}


@pytest.mark.timeout(180)
async def test_what_clever_does_to_a_district_is_followed_and_no_window_waited_for(site: Site) -> None:
    site.settings["WINDOW__QUIET_SECONDS"] = "600"
    async with (
        sandbox("--districts", "1", "--students", "100") as clever,
        consuming(site.broker_url or "") as consumer,
        site.worker(PREFLIGHT__REQUIRED_FIELDS='["sis_id","dob"]', **clever.settings),
    ):
        (district_id,) = await clever.districts()
        await site.done("filter", "set", district_id, "-", stdin=HOMEROOM)
        await as_in_clever(clever, consumer, 30)

        # A narrower sharing rule keeps every student: only what no homeroom needs is gone.
        await clever.change(district_id, "narrow", name_contains="homeroom")
        await clever.change(district_id, "widen")
        await _settled(site, district_id)
        await as_in_clever(clever, consumer, 30)

        # A field that vanishes from everybody is one cause, and the district's sharing owns it.
        await clever.change(district_id, "pause", until="2099-08-12T00:00:00.000Z")
        await clever.change(district_id, "withdraw", field="dob")
        await consumer.until(lambda: bool(consumer.reviews) and _is_withdrawn(consumer.reviews[-1]), 30)
        review = consumer.reviews[-1]
        (cause,) = review["causes"]
        assert (cause["code"], cause["owner"], cause["field"]) == (
            "sharing.field_withdrawn",
            "sharing",
            "dob",
        )
        assert cause["students"] == review["students"]["total"]
        assert review["sync"]["paused"]
        assert "until 2099-08-12" in review["sync"]["warning"]
        await clever.change(district_id, "resume")
        await clever.change(district_id, "restore", field="dob")
        await _settled(site, district_id)
        await as_in_clever(clever, consumer, 30)

        # Most students gone at once is a matter for people, by the feed as well as by a baseline.
        commits = len(consumer.commits)
        await clever.change(district_id, "delete-students", percent=80)
        await consumer.until(lambda: "district.mass_removal" in _codes(consumer.reviews[-1]), 30)
        assert len(consumer.commits) == commits

        # A district that disconnects is left as it is, until somebody purges it.
        await clever.change(district_id, "disconnect")
        await _until(site, district_id, lambda shown: shown["status"] == "disconnected")
        shown = await site.show(district_id)
        assert shown["roster"]["students"] > 0
        out = await site.done("purge", district_id, "--yes")
        assert "staged" in out
        assert (await site.show(district_id))["roster"].get("students", 0) == 0


@pytest.mark.timeout(180)
@pytest.mark.parametrize(
    "answer",
    ["error", pytest.param("empty", marks=pytest.mark.full), pytest.param("oldest", marks=pytest.mark.full)],
)
async def test_a_feed_that_forgot_where_we_were_is_mended_by_a_baseline(site: Site, answer: str) -> None:
    async with (
        sandbox("--districts", "1", "--students", "100") as clever,
        consuming(site.broker_url or "") as consumer,
    ):
        (district_id,) = await clever.districts()
        await clever.order("settings", unknown_cursor=answer)
        async with site.worker(**clever.settings):
            await site.done("filter", "set", district_id, "-", stdin=HOMEROOM)
            await as_in_clever(clever, consumer, 30)
            await clever.change(district_id, "day", changes=20)
            await as_in_clever(clever, consumer, 30)
        await clever.change(district_id, "day", changes=20, seed=2)
        await clever.change(district_id, "forget-events")
        await clever.change(district_id, "day", changes=20, seed=3)
        async with site.worker(**clever.settings):
            await as_in_clever(clever, consumer, 30)


@pytest.mark.timeout(120)
async def test_saved_pages_are_read_and_a_read_that_lost_most_is_refused(site: Site, tmp_path: Path) -> None:
    district = generate(DistrictSpec(students=200, seed=3))
    write_pages(district, tmp_path / "whole")
    expected = truth(district).digest
    for student in [user["id"] for user in district.students()][40:]:
        district.remove("users", student)
    write_pages(district, tmp_path / "part")

    async with consuming(site.broker_url or "") as consumer, site.worker():
        await site.done("filter", "set", district.id, "-", stdin=HOMEROOM)
        out = await site.done("resync", district.id, "--from", str(tmp_path / "whole"))
        assert "Read " in out
        await consumer.until(lambda: digests(consumer) == {district.id: expected})

        refused = await site.command("resync", district.id, "--from", str(tmp_path / "part"))
        assert (refused.code, refused.err.count("\n")) == (1, 1)
        assert "read only 40 of 200 stored students" in refused.err
        await consumer.until(lambda: _told(consumer, "baseline.refused") == ["firing"])

        await site.done("resync", district.id, "--from", str(tmp_path / "part"), "--accept-fewer")
        await consumer.until(lambda: bool(consumer.reviews))
        assert "district.mass_removal" in _codes(consumer.reviews[-1])
        await consumer.until(lambda: _told(consumer, "baseline.refused") == ["firing", "resolved"])


def _told(consumer: Consumer, code: str) -> list[str]:
    return [alert["status"] for alert in consumer.alerts if alert["code"] == code]


def _is_withdrawn(review: dict[str, Any]) -> bool:
    return bool(review["findings"]["by_code"].get("student.field_missing") == review["students"]["total"])


def _codes(review: dict[str, Any]) -> set[str]:
    return set(review["findings"]["by_code"])


async def _until(site: Site, district_id: str, happened: Any, seconds: float = 30) -> None:
    async with asyncio.timeout(seconds):
        while not happened(await site.show(district_id)):  # noqa: ASYNC110 — another process's work
            await asyncio.sleep(0.5)


async def _settled(site: Site, district_id: str) -> None:
    """Wait until the district's window is closed, and the feed was read after that."""
    began = datetime.now().astimezone()

    def happened(shown: dict[str, Any]) -> bool:
        read = shown["source"]["feed_read_at"]
        return shown["window"] is None and read is not None and datetime.fromisoformat(read) > began

    await _until(site, district_id, happened)
