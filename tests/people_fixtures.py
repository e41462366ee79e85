"""A rostered district of two schools in the store, and what tests of people's decisions do with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import Any

import pytest
from builders import (
    DISTRICT,
    Json,
    event_id,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
)
from store_fixtures import StoreUnderTest

from schemas import clever
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.records import KINDS
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.ingest import translate
from worker.pipeline.ingest.inbox import Arrival
from worker.runtime.errors import OrderRefused
from worker.runtime.metrics import Metrics

HOUR = timedelta(hours=1)
LIMITS = WindowLimits(timedelta(0), HOUR, 1000, HOUR)
PATIENT = WindowLimits(HOUR, HOUR, 1000, HOUR)
"""Windows that only a request closes."""
NORTH, SOUTH = record_id(900), record_id(901)
NORTHERN, SOUTHERN = range(1, 21), range(21, 33)


class Feed:
    """The district's feed: each call is an event behind the last one."""

    def __init__(self, store: StoreUnderTest, last: int = 0) -> None:
        self._store = store
        self._last = last

    async def send(self, *records: tuple[str, Json | str]) -> None:
        """Store events: records by collection, or an id of one that is deleted."""
        await self._store.inbox.store([self._arrival(*record) for record in records], [], [])

    def _arrival(self, collection: str, record: Json | str) -> Arrival:
        self._last += 1
        kind = KINDS[collection]
        assert kind is not None
        if isinstance(record, str):
            return Arrival(DISTRICT, event_id(self._last), kind, record, None)
        text = translate.staged_json(clever.read_record(collection, record, DISTRICT))
        return Arrival(DISTRICT, event_id(self._last), kind, record["id"], text)


@pytest.fixture
async def feed(store: StoreUnderTest) -> Feed:
    """The feed of a district that is rostered: two schools with a homeroom each."""
    feed = Feed(store)
    await feed.send(*everybody())
    await evaluate(store)
    assert (await store.districts.show(DISTRICT))["status"] == "rostered"
    return feed


def everybody() -> list[tuple[str, Json]]:
    """Return the records of the district."""
    return [
        *(("schools", school_json(number)) for number in (900, 901)),
        ("users", teacher_json()),
        *(("users", student_json(number, {"school": NORTH})) for number in NORTHERN),
        *(("users", student_json(number, {"school": SOUTH})) for number in SOUTHERN),
        ("sections", homeroom(700, NORTH, NORTHERN)),
        ("sections", homeroom(701, SOUTH, SOUTHERN)),
    ]


def homeroom(number: int, school: str, students: Iterable[int], **fields: Any) -> Json:
    listed = [record_id(student) for student in students]
    return section_json(number, school=school, students=listed, **fields)


def renamed(number: int, name: str) -> tuple[str, Json]:
    return "users", student_json(number, {"school": NORTH}, name={"first": name, "last": "Fernquay"})


async def evaluate(store: StoreUnderTest, limits: WindowLimits = LIMITS) -> list[str]:
    """Evaluate all that is due; return the outcomes."""
    stage = EvaluateStage(store.evaluations, limits, Metrics())
    outcomes = list[str]()
    stage.watch = lambda _district, _evaluation, decided: outcomes.append(decided.outcome.value)
    while await stage.once():
        pass
    return outcomes


async def commits(store: StoreUnderTest) -> list[Json]:
    rows = await store.rows("SELECT summary FROM decisions WHERE outcome = 'commit' ORDER BY number")
    return [row["summary"] for row in rows]


async def refused(order: Awaitable[object]) -> str:
    with pytest.raises(OrderRefused) as no:
        await order
    return str(no.value)


async def until(is_so: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await is_so():  # noqa: ASYNC110 — the database tells nobody who waits
            await asyncio.sleep(0.01)


async def until_it_waits(store: StoreUnderTest, task: asyncio.Future[Any]) -> None:
    """Return once a task waits for what somebody else has, or has ended without."""

    async def waits_or_is_done() -> bool:
        return task.done() or await anybody_waits(store)

    await until(waits_or_is_done)


async def anybody_waits(store: StoreUnderTest) -> bool:
    """Whether a transaction in this database waits for another one."""
    return bool(
        await store.rows(
            "SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        )
    )


async def somebody_waits(store: StoreUnderTest) -> bool:
    """Return whether somebody waits for a lock."""
    return bool(await store.rows("SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"))
