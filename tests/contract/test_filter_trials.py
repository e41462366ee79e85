"""A filter that is tried gives what an evaluation under it finds, and neither waits for the other."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence
from typing import Any, Final

import pytest

from tests.contract.test_coverage import some_filter
from tests.support.builders.records import (
    DISTRICT,
    Json,
    course_json,
    record_id,
    student_json,
    teacher_json,
    term_json,
)
from tests.support.districts.full_run import evaluated, with_filter
from tests.support.fixtures.people import Feed, arrival, evaluate, everybody, homeroom, rostered_feed
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.filter_trials import PostgresTrials
from worker.domain.preflight.policy import Policy
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.operations.trial.service import filter_effect, try_filter
from worker.runtime.errors import TrialTooLong, UnknownDistrictError

SCHOOLS: Final = [record_id(900), record_id(901)]
STUDENTS: Final = range(1, 41)
SECONDS: Final = 20.0


def of_name(name: str, **scope: Sequence[str]) -> SectionFilter:
    rule = {"all": [{"field": "name", "op": "contains", "value": name}]}
    return SectionFilter.model_validate({"scope": scope, "rules": [rule]}, strict=False)


HOMEROOMS: Final = of_name("homeroom")
CHESS: Final = of_name("chess")
THIRD_GRADE: Final = of_name("chess", grades=["3"])
ONE_SCHOOL: Final = of_name("homeroom", schools=[SCHOOLS[0]])


async def check(store: StoreUnderTest, section_filter: SectionFilter) -> dict[str, Any]:
    """Try a filter, and hold the result to that of an evaluation; return it."""
    tried = await try_filter(store.trials, DISTRICT, section_filter)
    assert tried == await evaluated(store, DISTRICT, section_filter), section_filter
    return tried


def some_student(dice: random.Random, number: int) -> Json:
    fields: Json = {
        "school": dice.choice([*SCHOOLS, *SCHOOLS, record_id(999), ""]),
        "grade": dice.choice(["3", "3", "4", " k", ""]),
        "schools": dice.sample(SCHOOLS, dice.randint(0, 2)),
    }
    if dice.random() < 0.2:
        fields["sis_id"] = dice.choice(["twin", "TWIN ", ""])
    name = {"first": dice.choice(["Ada", "Zoë", 'Q"uote\\', "", "\u2028"]), "last": "Fernquay"}
    return student_json(number, fields, name=name)


def some_section(dice: random.Random, number: int) -> Json:
    return homeroom(
        number,
        dice.choice(SCHOOLS),
        dice.sample([*STUDENTS, 990, 991], dice.randint(0, 14)),
        name=dice.choice(["Homeroom A", "Homeroom B", "Chess", "Math 3"]),
        teachers=dice.choice([[record_id(500)], [record_id(500), record_id(501)], [record_id(599)], []]),
        course=dice.choice([record_id(800), None]),
        term_id=dice.choice([record_id(850), record_id(851), None]),
    )


async def go_on(dice: random.Random, feed: Feed) -> None:
    """Let a few records come, change and go; some cannot be read whole."""
    changes: list[tuple[str, Json | str]] = []
    for _ in range(dice.randint(1, 6)):
        student, section = dice.choice(STUDENTS), dice.randrange(700, 712)
        change = dice.choice(
            [("users", some_student(dice, student)), ("sections", some_section(dice, section))] * 2
            + [("users", str(record_id(student))), ("sections", str(record_id(section)))]
        )
        changes.append(change)
    await feed.send(*changes)
    if dice.random() < 0.3:
        feed.last += 1
        whole = arrival("users", some_student(dice, dice.choice(STUDENTS)), feed.last)
        record = json.loads(whole.record or "")
        record["student"]["unread"] = ["schools"]
        await feed.store.inbox.store([whole._replace(record=json.dumps(record))], [], [])


@pytest.mark.parametrize("seed", range(3))
async def test_a_trial_says_what_an_evaluation_would(store: StoreUnderTest, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 — invented districts and filters
    feed = Feed(store)
    await feed.send(
        *everybody(),
        ("users", teacher_json()),
        ("courses", course_json()),
        ("terms", term_json(850, start_date="2019-08-10", end_date="2999-06-01")),
        ("terms", term_json(851, name="Last Year", start_date="2019-08-10", end_date="2020-06-01")),
    )
    outcomes = await evaluate(store)
    codes = set[str]()
    for step in range(5):
        await go_on(dice, feed)
        outcomes += await evaluate(store)
        if step == 1:
            await store.districts.set_policy(DISTRICT, {"required_fields": ["sis_id"]}, "ada")
        if step == 2:
            await store.districts.set_filter(DISTRICT, some_filter(dice), "ada")
        if step == 3:
            await go_on(dice, feed)  # which waits in the window
        for section_filter in (some_filter(dice), some_filter(dice), ONE_SCHOOL, KEEP_ALL):
            codes |= (await check(store, section_filter))["by_code"].keys()
    assert {"commit", "review"} <= set(outcomes)
    assert len(codes) > 6, "the trials have to differ in what they find"


def in_room(number: int, room: int) -> Json:
    school = SCHOOLS[room - 700]
    return student_json(number, {"school": school, "schools": [school]})


@pytest.mark.parametrize("seed", range(2))
async def test_a_trial_counts_moves_as_guards_do(store: StoreUnderTest, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 — invented districts
    feed = await rostered_feed(store)
    rooms = {number: 700 if number <= 20 else 701 for number in range(1, 33)}
    outcomes, codes = list[str](), set[str]()
    for _ in range(6):
        for number in dice.sample(sorted(rooms), 2):
            rooms[number] = dice.choice([700, 701, 0])
        sections = [
            homeroom(room, SCHOOLS[room - 700], [one for one, at in rooms.items() if at == room])
            for room in (700, 701)
        ]
        clubs = [homeroom(702 + n, SCHOOLS[n], range(1 + n, 33, 2), name="Chess") for n in (0, 1)]
        await feed.send(
            *(
                ("users", in_room(number, room) if room else str(record_id(number)))
                for number, room in rooms.items()
            ),
            *(("sections", section) for section in [*sections, *clubs]),
        )
        await store.districts.set_filter(DISTRICT, HOMEROOMS, "ada")
        outcomes += await evaluate(store)
        for section_filter in (HOMEROOMS, CHESS, THIRD_GRADE, ONE_SCHOOL, KEEP_ALL):
            codes |= (await check(store, section_filter))["by_code"].keys()
    assert outcomes.count("commit") > 1
    assert codes & {"district.mass_removal", "school.mass_removal", "school.class_change"}


@pytest.mark.usefixtures("feed")
async def test_a_trial_and_an_evaluation_do_not_wait_for_each_other(store: StoreUnderTest) -> None:
    async with asyncio.timeout(SECONDS), with_filter(store, DISTRICT, KEEP_ALL) as evaluation:
        assert evaluation is not None
        tried = await try_filter(store.trials, DISTRICT, HOMEROOMS)
    assert tried["coverage"]["exactly_one"] == 32

    await store.districts.set_filter(DISTRICT, CHESS, "ada")
    async with asyncio.timeout(SECONDS), store.trials.snapshot(DISTRICT) as snapshot:
        assert snapshot is not None
        assert await evaluate(store) == ["review"]
        assert snapshot.state.evaluated_filter == KEEP_ALL


@pytest.mark.usefixtures("feed")
async def test_a_trial_that_takes_too_long_says_so(store: StoreUnderTest) -> None:
    async def slow_trial() -> None:
        async with PostgresTrials(store.database, Policy(), seconds=0.05).snapshot(DISTRICT) as snapshot:
            assert snapshot is not None
            await snapshot._connection.fetch("SELECT pg_sleep($1)", SECONDS)

    with pytest.raises(TrialTooLong, match=r"took longer than 0\.05 seconds$"):
        await slow_trial()


async def test_an_unknown_district_cannot_be_tried(store: StoreUnderTest) -> None:
    with pytest.raises(UnknownDistrictError):
        await try_filter(store.trials, "never seen", KEEP_ALL)
    assert await filter_effect(store.trials, "never seen", KEEP_ALL) is None
