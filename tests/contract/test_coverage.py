"""Counting drafts of a filter: exactly what a trial gives, read once, kept while it is true."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from tests.support.builders.records import (
    DISTRICT,
    OTHER_DISTRICT,
    Json,
    course_json,
    record_id,
    school_json,
    section_json,
    student_json,
    term_json,
)
from tests.support.fixtures.people import LIMITS, Feed, evaluate, everybody, homeroom
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.operations.trial.service import try_filter
from worker.runtime.errors import StoreUnavailable, UnknownDistrictError
from worker.suggest.picture_builder import PictureBuilder
from worker.suggest.picture_cache import PictureCache
from worker.suggest.picture_store import Moment

LONG = 20.0
NAMES = (  # the escaped one is "MATH 4" in full width
    "Homeroom - Pell",
    "HOMEROOM  Núñez",
    "Chess",
    "Math 3",
    "\uff2d\uff21\uff34\uff28 \uff14",
    "homeroom",
    "",
)
TEXTS: dict[str, Sequence[str]] = {
    "name": ("homeroom", "home room", "NÚÑEZ", "chess", "math", "math4", "e", "zed"),
    "subject": ("homeroom/advisory", "math", "a"),
    "period": ("0", "1", "HR"),
    "grade": ("3", "4", "k"),
    "course_name": ("Homeroom", "Algebra", "a"),
    "course_number": ("HR-3", "A-1"),
    "school": (record_id(900), "larkspur", "Marrow Middle", "marrow", record_id(999)),
    "term": (record_id(850), "last year", "full", "spring"),
    "section_number": ("1", "2"),
    "sis_id": ("SEC-701", "SEC", "70"),
}
OPERATORS = ("is", "is_not", "contains", "not_contains", "starts_with", "one_of")


def mixed_district(dice: random.Random) -> list[tuple[str, Json]]:
    """Return a district in which every field is there, blank, or said in several ways."""
    students = [
        student_json(
            n,
            {
                "school": dice.choice([record_id(900), record_id(901), record_id(902), ""]),
                "grade": dice.choice(["3", "4", " k", ""]),
            },
        )
        for n in range(1, 41)
    ]
    ids = [student["id"] for student in students] + [record_id(n) for n in range(990, 993)]
    sections = [
        section_json(
            700 + n,
            name=dice.choice(NAMES),
            subject=dice.choice(["homeroom/advisory", "math", ""]),
            period=dice.choice(["0", "1", "hr", ""]),
            grade=dice.choice(["3", "4", "K", ""]),
            school=dice.choice([record_id(900), record_id(901), record_id(999), None]),
            course=dice.choice([record_id(800), record_id(801), record_id(888), None]),
            term_id=dice.choice([record_id(850), record_id(851), record_id(852), record_id(855), None]),
            section_number=dice.choice(["1", "2", ""]),
            sis_id=dice.choice([f"SEC-{700 + n}", ""]),
            students=dice.sample(ids, dice.randrange(0, 13)),
        )
        for n in range(40)
    ]
    return [
        ("schools", school_json(900)),
        ("schools", school_json(901, name="Marrow  Middle")),
        ("schools", school_json(902, name="")),
        ("terms", term_json(850, start_date="2019-08-10", end_date="2999-06-01")),
        ("terms", term_json(851, name="Last Year", start_date="2019-08-10", end_date="2020-06-01")),
        ("terms", term_json(852, name="Spring", start_date="2998-08-10", end_date=None)),
        ("courses", course_json()),
        ("courses", course_json(801, name="Algebra") | {"number": "A-1"}),
        *(("users", student) for student in students),
        *(("sections", section) for section in sections),
    ]


def some_filter(dice: random.Random) -> SectionFilter:
    def condition() -> Json:
        field, op = dice.choice(list(TEXTS)), dice.choice(OPERATORS)
        texts = TEXTS[field]
        value: Any = dice.sample(texts, dice.randint(1, 2)) if op == "one_of" else dice.choice(texts)
        return {"field": field, "op": op, "value": value}

    document = {
        "strategy": dice.choice(["union", "first_match"]),
        "current_term_only": dice.random() < 0.3,
        "scope": {
            "grades": dice.choice([[], [], ["3"], ["K", "4"], ["9"]]),
            "schools": dice.choice([[], [], [record_id(900)], [record_id(901), record_id(902)]]),
        },
        "rules": [
            {"all": [condition() for _ in range(dice.choice([1, 1, 2]))]} for _ in range(dice.randrange(0, 5))
        ],
    }
    return SectionFilter.model_validate(document, strict=False)


async def test_a_count_is_what_a_trial_gives_for_any_filter(store: StoreUnderTest) -> None:
    dice = random.Random(20261014)  # noqa: S311 — invented districts and filters
    await Feed(store).send(*mixed_district(dice))
    await evaluate(store)
    pictures = PictureCache(store.pictures)
    told = Counter[str]()

    for _ in range(25):
        chosen = some_filter(dice)
        coverage = await pictures.count(DISTRICT, chosen, LONG)
        tried = (await try_filter(store.trials, DISTRICT, chosen))["coverage"]
        assert coverage is not None
        counted = {name: getattr(coverage, name) for name in ("exactly_one", "none", "several")}
        assert counted == tried, chosen
        cells = [(cell.exactly_one, cell.none, cell.several) for cell in coverage.cells]
        assert tuple(map(sum, zip(*cells, strict=True)) if cells else (0, 0, 0)) == tuple(counted.values())
        told.update(name for name, number in counted.items() if number)

    assert min(told.values()) > 8, "the filters have to differ in what they give"


@pytest.mark.usefixtures("feed")
async def test_who_is_left_is_told_by_school_and_grade(store: StoreUnderTest) -> None:
    chosen = SectionFilter.model_validate(
        {"rules": [{"all": [{"field": "school", "op": "is", "value": record_id(900)}]}]}, strict=False
    )

    coverage = await PictureCache(store.pictures).count(DISTRICT, chosen, LONG)

    assert coverage is not None
    left, right = coverage.cells
    assert (left.school, left.school_name, left.grade) == (record_id(901), "Larkspur Elementary", "3")
    assert (left.exactly_one, left.none, left.several) == (0, 12, 0)
    assert (right.exactly_one, right.none, right.several) == (20, 0, 0)
    assert (coverage.students, coverage.sections) == (32, 1)


class Counting:
    """Pictures that count how often somebody reads a whole district; while shut, reading waits."""

    def __init__(self, store: StoreUnderTest) -> None:
        self._pictures = store.pictures
        self.readings = Counter[str]()
        self.gate = asyncio.Event()
        self.gate.set()
        self.trouble: Exception | None = None

    async def schools(self, district_id: str) -> dict[str, str]:
        return await self._pictures.schools(district_id)

    async def standing_classes(self, district_id: str) -> dict[str, int]:
        return await self._pictures.standing_classes(district_id)

    async def moment(self, district_id: str) -> Moment:
        return await self._pictures.moment(district_id)

    async def read(self, district_id: str) -> tuple[Moment, PictureBuilder]:
        self.readings[district_id] += 1
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        return await self._pictures.read(district_id)


async def test_a_district_is_read_once_and_again_after_a_batch(store: StoreUnderTest, feed: Feed) -> None:
    counting = Counting(store)
    pictures = PictureCache(counting)
    for _ in range(3):
        before = await pictures.count(DISTRICT, KEEP_ALL, LONG)
    assert counting.readings[DISTRICT] == 1

    await feed.send(("users", student_json(77)))
    assert await pictures.count(DISTRICT, KEEP_ALL, LONG) == before
    await evaluate(store)
    after = await pictures.count(DISTRICT, KEEP_ALL, LONG)

    assert counting.readings[DISTRICT] == 2
    assert before is not None
    assert after is not None
    assert (before.none, after.none) == (0, 1)


@pytest.mark.usefixtures("feed")
async def test_a_purged_district_is_read_again(store: StoreUnderTest) -> None:
    pictures = PictureCache(store.pictures)
    first = await pictures.of(DISTRICT)
    assert await pictures.of(DISTRICT) is first

    await store.rows("UPDATE districts SET purged_at = now()")

    assert await pictures.of(DISTRICT) is not first


@pytest.mark.usefixtures("feed")
async def test_those_who_ask_at_the_same_time_have_one_reading(store: StoreUnderTest) -> None:
    counting = Counting(store)
    pictures = PictureCache(counting)

    async with asyncio.timeout(LONG):
        counts = await asyncio.gather(*(pictures.count(DISTRICT, KEEP_ALL, LONG) for _ in range(5)))

    assert counting.readings[DISTRICT] == 1
    assert all(one is not None and one.exactly_one == 32 for one in counts)


@pytest.mark.usefixtures("feed")
async def test_whoever_would_wait_too_long_is_told_so_and_the_reading_goes_on(store: StoreUnderTest) -> None:
    counting = Counting(store)
    pictures = PictureCache(counting)
    counting.gate.clear()

    assert await pictures.count(DISTRICT, KEEP_ALL, 0.01) is None
    counting.gate.set()
    coverage = await pictures.count(DISTRICT, KEEP_ALL, LONG)

    assert coverage is not None
    assert counting.readings[DISTRICT] == 1


@pytest.mark.usefixtures("feed")
async def test_a_reading_that_fails_is_tried_again(store: StoreUnderTest) -> None:
    counting = Counting(store)
    pictures = PictureCache(counting)
    counting.trouble = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        await pictures.count(DISTRICT, KEEP_ALL, LONG)

    counting.trouble = None

    assert await pictures.count(DISTRICT, KEEP_ALL, LONG) is not None


@pytest.mark.parametrize("limit", [{"most_districts": 1}, {"most_bytes": 1}])
@pytest.mark.usefixtures("feed")
async def test_only_so_much_is_kept(store: StoreUnderTest, limit: dict[str, int]) -> None:
    counting = Counting(store)
    pictures = PictureCache(counting, **limit)
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", OTHER_DISTRICT)

    for district in (DISTRICT, OTHER_DISTRICT, OTHER_DISTRICT, DISTRICT):
        await pictures.count(district, KEEP_ALL, LONG)

    assert counting.readings == {DISTRICT: 2, OTHER_DISTRICT: 1}


async def test_a_district_that_was_never_seen_has_no_count(store: StoreUnderTest) -> None:
    with pytest.raises(UnknownDistrictError, match=DISTRICT):
        await PictureCache(store.pictures).count(DISTRICT, KEEP_ALL, LONG)


@pytest.mark.usefixtures("feed")
async def test_a_reading_is_given_up_when_the_process_stops(store: StoreUnderTest) -> None:
    counting = Counting(store)
    pictures = PictureCache(counting)
    counting.gate.clear()
    assert await pictures.count(DISTRICT, KEEP_ALL, 0.01) is None

    async with asyncio.timeout(LONG):
        await pictures.close()
        await pictures.close()


async def test_counting_waits_for_no_evaluation(store: StoreUnderTest, feed: Feed) -> None:
    await feed.send(*everybody()[:1], ("sections", homeroom(702, record_id(900), [1])))
    async with store.evaluations.next(LIMITS) as evaluation, asyncio.timeout(LONG):
        assert evaluation is not None
        assert await PictureCache(store.pictures).count(DISTRICT, KEEP_ALL, LONG) is not None
