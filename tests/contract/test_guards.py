"""Guards over hours: what counts as turnover, when the count starts over, and what a person confirms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders.records import DISTRICT, Json, record_id, section_json, student_json, user_json
from tests.support.fixtures.people import (
    NORTH,
    NORTHERN,
    SOUTH,
    SOUTHERN,
    Feed,
    commits,
    evaluate,
    fed_once,
    homeroom,
    renamed,
)
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres import statements
from worker.adapters.postgres.operations.retention import KEPT, PostgresRetention
from worker.domain.preflight.turnover import LONGEST_LOOK_BACK, FilterEffect
from worker.domain.roster.section_filter import SectionFilter
from worker.operations.rollback import roll_back
from worker.operations.trial.service import filter_effect, try_filter

CHESS = SectionFilter.model_validate(
    {"rules": [{"all": [{"field": "name", "op": "contains", "value": "chess"}]}]}, strict=False
)
HOMEROOMS = SectionFilter.model_validate(
    {"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]}, strict=False
)
EVERYBODY = [*NORTHERN, *SOUTHERN]
ELSEWHERE = record_id(999)
NO_FLOOR: dict[str, Any] = {"removal_limit_floor": 0}


async def leave(feed: Feed, *students: int) -> None:
    await feed.send(*(("users", str(record_id(student))) for student in students))


async def come(feed: Feed, *students: int, school: str = NORTH) -> None:
    await feed.send(*(("users", student_json(student, {"school": school})) for student in students))


async def by_code(store: StoreUnderTest) -> Json:
    """Return how many errors there are of each code."""
    rows = await store.rows(
        "SELECT code, count(*) AS n FROM findings WHERE open AND severity = 'error' GROUP BY code"
    )
    return {row["code"]: row["n"] for row in rows}


async def details(store: StoreUnderTest) -> list[Json]:
    rows = await store.rows("SELECT detail FROM findings WHERE open AND severity = 'error' ORDER BY code")
    return [row["detail"] for row in rows]


async def causes(store: StoreUnderTest) -> dict[str, Json]:
    review = (await store.districts.show(DISTRICT))["review"]
    return {cause["code"]: cause for cause in review["causes"]}


async def approve(store: StoreUnderTest) -> list[str]:
    plan = (await store.districts.show(DISTRICT))["plan"]["digest"]
    await store.districts.approve(DISTRICT, plan, "ada", "that is meant")
    return await evaluate(store)


@pytest.fixture
async def strict(store: StoreUnderTest) -> Feed:
    """The district of 32 students, judged without a floor: three may leave, nine may change class."""
    return await fed_once(store, have_no_floor)


async def have_no_floor(feed: Feed) -> None:
    await feed.store.districts.set_policy(DISTRICT, NO_FLOOR, "test")
    await evaluate(feed.store)


@pytest.fixture
async def clubs(store: StoreUnderTest) -> Feed:
    """The district with a club for everybody, which its filter does not keep."""
    return await fed_once(store, have_clubs)


async def have_clubs(feed: Feed) -> None:
    await feed.store.districts.set_filter(DISTRICT, HOMEROOMS, "test")
    await feed.send(("sections", homeroom(702, NORTH, EVERYBODY, name="Chess")))
    await evaluate(feed.store)


# What counts


GOING: dict[str, Callable[[int], tuple[str, Json | str]]] = {
    "deleted": lambda student: ("users", str(record_id(student))),
    "a teacher now": lambda student: ("users", user_json(student, {"teacher": {"sis_id": "T"}})),
    "another grade": lambda student: ("users", student_json(student, {"school": NORTH, "grade": "9"})),
    "another school": lambda student: (
        "users",
        student_json(student, {"school": ELSEWHERE, "schools": [ELSEWHERE]}),
    ),
}


@pytest.mark.parametrize("how", GOING)
async def test_students_who_go_in_small_steps_are_counted_together_however_they_go(
    store: StoreUnderTest, strict: Feed, how: str
) -> None:
    scope = {"grades": ["3"], "schools": [NORTH, SOUTH]}
    await store.districts.set_filter(
        DISTRICT, SectionFilter.model_validate({"scope": scope}, strict=False), "x"
    )
    await evaluate(store)
    before = len(await commits(store))

    for step in (NORTHERN[:2], NORTHERN[2:4]):
        await strict.send(*map(GOING[how], step))
        await evaluate(store)

    assert (await by_code(store))["district.mass_removal"] == 1
    assert len(await commits(store)) == before + 1


async def test_a_student_who_left_and_came_back_counts_no_more(store: StoreUnderTest, strict: Feed) -> None:
    for student in (1, 2, 3):
        await leave(strict, student)
        assert await evaluate(store) == ["commit"]
    await come(strict, 1)
    assert await evaluate(store) == ["commit"]

    await leave(strict, 4)
    assert await evaluate(store) == ["commit"]
    await leave(strict, 5)
    assert await evaluate(store) == ["review"]

    (detail,) = await details(store)
    assert detail == {"removed": 4, "committed": 32, "limit_percent": 10, "earlier": 3}


async def test_students_who_came_lately_are_guarded_as_removed(store: StoreUnderTest, strict: Feed) -> None:
    newcomers = range(40, 60)
    await come(strict, *newcomers)
    await strict.send(("sections", homeroom(703, NORTH, newcomers)))
    assert await evaluate(store) == ["commit"]

    await leave(strict, *newcomers)

    assert await evaluate(store) == ["review"]
    assert (await details(store))[0] == {"removed": 20, "committed": 52, "limit_percent": 10}


async def test_a_school_is_counted_as_it_was_at_the_start(store: StoreUnderTest, strict: Feed) -> None:
    await store.districts.set_policy(DISTRICT, NO_FLOOR | {"removal_limit_percent": 100}, "test")
    await evaluate(store)
    await leave(strict, 21, 22)
    await strict.send(("users", student_json(23, {"school": NORTH})))
    assert await evaluate(store) == ["commit"]

    await leave(strict, 23, 24)

    assert await evaluate(store) == ["review"]
    assert await details(store) == [{"removed": 4, "committed": 12, "limit_percent": 25, "earlier": 2}]


async def test_single_changes_of_class_are_counted_together(store: StoreUnderTest, strict: Feed) -> None:
    outcomes = list[str]()
    for moved in range(1, 8):
        await strict.send(
            ("sections", homeroom(700, NORTH, range(moved + 1, 21))),
            ("sections", homeroom(701, SOUTH, [*range(1, moved + 1), *SOUTHERN])),
        )
        outcomes += await evaluate(store)

    assert outcomes == ["commit"] * 6 + ["review"]
    assert await by_code(store) == {"school.class_change": 1}
    assert await details(store) == [{"class_changes": 7, "committed": 20, "limit_percent": 30, "earlier": 6}]
    assert list(await causes(store)) == ["sis.students_reassigned"]


async def test_a_class_back_as_at_the_start_has_not_changed(store: StoreUnderTest, strict: Feed) -> None:
    for students in (range(7, 21), NORTHERN, range(7, 21), NORTHERN):
        others = [student for student in NORTHERN if student not in students]
        await strict.send(
            ("sections", homeroom(700, NORTH, students)),
            ("sections", homeroom(701, SOUTH, [*others, *SOUTHERN])),
        )
        assert await evaluate(store) == ["commit"]


async def test_what_a_plan_does_not_add_to_is_no_reason_to_hold(store: StoreUnderTest, strict: Feed) -> None:
    for student in (1, 2, 3):
        await leave(strict, student)
        await evaluate(store)
    await store.districts.set_policy(DISTRICT, NO_FLOOR | {"removal_limit_percent": 1}, "test")
    await strict.send(renamed(4, "Wren"))

    assert await evaluate(store) == ["commit"]
    assert await by_code(store) == {}


async def test_another_districts_history_is_left_alone(store: StoreUnderTest, strict: Feed) -> None:
    await store.rows(
        "INSERT INTO guard_history SELECT 'another', 9, $1, now(), true, $2, 'c', false, NULL, NULL",
        record_id(5),
        NORTH,
    )
    await leave(strict, 1, 2, 3)
    assert await evaluate(store) == ["commit"]
    await leave(strict, 4)
    assert await evaluate(store) == ["review"]
    assert (await details(store))[0]["removed"] == 4
    assert await approve(store) == ["commit"]

    rows = await store.rows("SELECT district_id FROM guard_history")
    assert [row["district_id"] for row in rows] == ["another"]


# Time


async def test_a_district_held_by_its_last_hours_passes_later(store: StoreUnderTest, strict: Feed) -> None:
    await leave(strict, 1, 2)
    await evaluate(store)
    await leave(strict, 3, 4)
    assert await evaluate(store) == ["review"]
    (row,) = await store.rows("SELECT reevaluate_at FROM districts WHERE district_id = $1", DISTRICT)
    (kept,) = await store.rows("SELECT DISTINCT committed_at FROM guard_history")
    assert row["reevaluate_at"] == kept["committed_at"] + timedelta(hours=24)

    await store.rows("UPDATE guard_history SET committed_at = committed_at - interval '1 day'")
    await store.rows("UPDATE districts SET reevaluate_at = reevaluate_at - interval '1 day'")

    assert await evaluate(store) == ["commit"]
    assert len(await commits(store)) == 3
    assert (await store.districts.show(DISTRICT))["status"] == "rostered"


async def test_a_commits_counts_are_over_with_its_hours(store: StoreUnderTest, strict: Feed) -> None:
    await leave(strict, 1)
    await evaluate(store)
    await leave(strict, 2)
    await evaluate(store)

    (row,) = await store.rows("SELECT reevaluate_at FROM districts WHERE district_id = $1", DISTRICT)
    assert row["reevaluate_at"] is None


async def test_what_no_count_needs_is_forgotten_by_housekeeping(store: StoreUnderTest, strict: Feed) -> None:
    await leave(strict, 1)
    await evaluate(store)
    await store.rows("UPDATE guard_history SET committed_at = committed_at - interval '8 days'")
    await leave(strict, 2)
    await evaluate(store)

    await PostgresRetention(store.database, dict.fromkeys(KEPT, LONGEST_LOOK_BACK)).forget()

    rows = await store.rows("SELECT student_id FROM guard_history")
    assert [row["student_id"] for row in rows] == [record_id(2)]


# When the count starts over


async def test_a_rollback_starts_the_count_over(store: StoreUnderTest, strict: Feed) -> None:
    for student in (1, 2, 3):
        await leave(strict, student)
        await evaluate(store)
    await roll_back(store.rollbacks, DISTRICT, 3, "ada", "it was a mistake")
    assert await store.rows("SELECT FROM guard_history") == []
    await store.districts.resume(DISTRICT, "ada", "it was none")
    assert await evaluate(store) == ["commit"]

    await leave(strict, 4, 5)
    assert await evaluate(store) == ["commit"]
    await leave(strict, 6)
    assert await evaluate(store) == ["review"]


async def test_a_new_school_year_passes_with_one_approval(store: StoreUnderTest, feed: Feed) -> None:
    rooms = {700: (NORTH, NORTHERN), 701: (SOUTH, SOUTHERN)}
    await feed.send(
        *(("users", student_json(n, {"school": NORTH, "grade": "5"})) for n in NORTHERN),
        *(("users", student_json(n, {"school": SOUTH, "grade": "5"})) for n in SOUTHERN),
        *(("sections", str(record_id(number))) for number in rooms),
        *(("sections", homeroom(number + 10, *room)) for number, room in rooms.items()),
    )
    assert await evaluate(store) == ["review"]
    assert list(await causes(store)) == ["vendor.rollover"]
    assert await approve(store) == ["commit"]

    await feed.send(
        *(("sections", str(record_id(number + 10))) for number in rooms),
        *(("sections", homeroom(number + 20, school, some)) for number, (school, some) in rooms.items()),
    )
    assert await evaluate(store) == ["review"]
    assert {detail["class_changes"] for detail in await details(store)} == {12, 20, 32}
    assert all("earlier" not in detail for detail in await details(store))


# Filters


async def test_an_unconfirmed_filter_is_held_with_its_cause(store: StoreUnderTest, clubs: Feed) -> None:
    assert clubs
    await store.districts.set_filter(DISTRICT, CHESS, "ada")

    assert await evaluate(store) == ["review"]
    assert await by_code(store) == {"district.class_change": 1, "school.class_change": 2}
    cause = (await causes(store))["filter.other_sections_kept"]
    assert (cause["owner"], cause["class_changes"], cause["students"]) == ("filter", 32, 0)


async def shown(store: StoreUnderTest) -> FilterEffect:
    effect = await filter_effect(store.trials, DISTRICT, CHESS)
    assert effect is not None
    return effect


async def test_a_confirmed_filter_commits_and_resets_the_count(store: StoreUnderTest, clubs: Feed) -> None:
    effect = await shown(store)
    assert effect.text == "32 of 32 students change class"
    await store.districts.set_filter(DISTRICT, CHESS, "ada", confirmed=effect.moves)

    assert await evaluate(store) == ["commit"]
    assert await store.rows("SELECT FROM guard_history") == []
    await clubs.send(
        ("sections", homeroom(702, NORTH, range(1, 21), name="Chess")),
        ("sections", homeroom(703, NORTH, SOUTHERN, name="Chess too")),
    )
    assert await evaluate(store) == ["review"]


async def test_more_students_than_confirmed_are_an_accident(store: StoreUnderTest, clubs: Feed) -> None:
    effect = await shown(store)
    await leave(clubs, *range(1, 13))
    await store.districts.set_filter(DISTRICT, CHESS, "ada", confirmed=effect.moves)

    assert await evaluate(store) == ["review"]
    assert await by_code(store) == {"district.mass_removal": 1, "school.mass_removal": 1}


async def test_a_confirmation_waits_for_errors_and_serves_once(store: StoreUnderTest, clubs: Feed) -> None:
    effect = await shown(store)
    await clubs.send(("users", student_json(1, {"school": NORTH, "sis_id": ""})))
    await store.districts.set_filter(DISTRICT, CHESS, "ada", confirmed=effect.moves)
    assert await evaluate(store) == ["review"]
    await come(clubs, 1)
    assert await evaluate(store) == ["commit"]

    await clubs.send(
        ("sections", str(record_id(702))), ("sections", homeroom(704, NORTH, EVERYBODY, name="Chess"))
    )
    assert await evaluate(store) == ["review"]
    assert await by_code(store) == {"district.class_change": 1, "school.class_change": 2}


async def test_a_confirmation_does_not_serve_the_next_filter(store: StoreUnderTest, clubs: Feed) -> None:
    assert clubs
    effect = await shown(store)
    await store.districts.set_filter(DISTRICT, CHESS, "ada", confirmed=effect.moves)
    await store.districts.set_filter(DISTRICT, CHESS, "bo")

    assert await evaluate(store) == ["review"]


async def test_a_filter_that_moves_nobody_needs_no_confirmation(store: StoreUnderTest, clubs: Feed) -> None:
    assert clubs
    effect = await filter_effect(store.trials, DISTRICT, HOMEROOMS)
    assert effect is not None
    assert not effect.needs_confirmation
    assert await filter_effect(store.trials, "never seen", CHESS) is None
    await store.rows("UPDATE districts SET last_commit_id = NULL")
    assert await filter_effect(store.trials, DISTRICT, CHESS) is None


async def test_a_trial_tells_how_many_students_change_class(store: StoreUnderTest, clubs: Feed) -> None:
    assert clubs
    tried = await try_filter(store.trials, DISTRICT, CHESS)

    assert tried["turnover"] == {"committed": 32, "class_changes": 32, "removed": 0}


# Causes


@pytest.mark.parametrize(
    ("section", "code"),
    [
        ({"sis_id": "a section's own"}, "sis.class_ids_changed"),
        ({"sis_id": "another", "name": "Algebra", "subject": "math"}, "sharing.sections_unshared"),
        ({"sis_id": "another", "name": "Algebra"}, "sis.class_made_anew"),
        ({"sis_id": "another", "subject": "math"}, "sis.class_made_anew"),
    ],
)
async def test_what_takes_the_place_of_a_deleted_section_tells_the_cause(
    store: StoreUnderTest, feed: Feed, section: Json, code: str
) -> None:
    former = {"sis_id": "A Section's own ", "name": "Homeroom", "subject": "homeroom/advisory"}
    await feed.send(("sections", section_json(700, **_listed(), **former)))
    assert await evaluate(store) == ["commit"]
    nobody: Json = {"teacher": None, "teachers": []} if "name" in section else {}

    await feed.send(
        ("sections", str(record_id(700))),
        ("sections", section_json(710, **_listed(), **(former | section | nobody))),
    )

    assert await evaluate(store) == ["review"]
    found = await causes(store)
    assert list(found) == [code]
    assert found[code]["class_changes"] == 20
    assert found[code]["sections"] == [record_id(710)]
    assert "rostering approve" in found[code]["advice"]


def _listed() -> Json:
    return {"school": NORTH, "students": [record_id(student) for student in NORTHERN]}


async def test_students_of_a_section_that_is_gone_in_one_that_was_there_were_merged_into_it(
    store: StoreUnderTest, feed: Feed
) -> None:
    await feed.send(("sections", str(record_id(700))), ("sections", homeroom(701, SOUTH, EVERYBODY)))

    assert await evaluate(store) == ["review"]
    assert list(await causes(store)) == ["sis.classes_merged"]


# Plans of queries


@pytest.mark.parametrize("has_statistics", [False, True])
@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("evaluation/guards", "turnovers"),
        ("evaluation/guards", "most_moved"),
        ("evaluation/error_figures", "class_changes"),
    ],
)
@pytest.mark.usefixtures("feed")
async def test_what_guards_count_is_found_by_the_plan_and_never_in_the_whole_district(
    store: StoreUnderTest, file: str, name: str, has_statistics: bool
) -> None:
    if has_statistics:
        await store.rows("ANALYZE")
    values = {
        "turnovers": ("now()", "10", "20", "25", "30"),
        "most_moved": ("now()", "10", "20", "25", "30"),
        "class_changes": ("20", "'2026-11-30'"),
    }[name]
    statement = statements.load(file)[name]
    for place, value in enumerate(values, start=2):
        statement = statement.replace(f"${place}", value)

    found = await store.rows(f"EXPLAIN {statement}", DISTRICT)

    text = "\n".join(row[0] for row in found)
    assert "roster_plan" in text
    assert "Seq Scan on roster" not in text
    assert "Scan using roster_committed_school on roster  (" not in text
    assert "Scan using roster_school" not in text
