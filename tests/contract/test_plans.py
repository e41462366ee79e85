"""Plans as people read them: page by page, each change with what was and what will be."""

from __future__ import annotations

import pytest

from tests.support.builders.records import DISTRICT, record_id, student_json
from tests.support.fixtures.people import NORTH, SOUTH, SOUTHERN, Feed, evaluate, homeroom, renamed
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres import statements
from worker.domain.roster.plan_changes import FieldChange, Op, planned_change
from worker.operations.plans import Removal
from worker.runtime.errors import UnknownDistrictError


async def change_much(store: StoreUnderTest, feed: Feed) -> None:
    """Hold the district; a student is renamed, one comes, the southern school closes."""
    await store.districts.hold(DISTRICT, "ada", "wait")
    gone = [("users", str(record_id(number))) for number in SOUTHERN]
    await feed.send(
        renamed(1, "Zelda"),
        ("users", student_json(77, {"school": NORTH})),
        ("sections", homeroom(700, NORTH, [*range(1, 21), 77])),
        *gone,
        ("sections", str(record_id(701))),
        ("schools", SOUTH),
    )
    await evaluate(store)


async def test_a_plan_tells_what_comes_changes_and_goes(store: StoreUnderTest, feed: Feed) -> None:
    await change_much(store, feed)

    plan = await store.plans.of(DISTRICT)

    told = {(change.kind, change.id): change.op for change in plan.changes}
    assert told == {
        ("class", record_id(701)): Op.REMOVED,
        ("school", SOUTH): Op.REMOVED,
        ("student", record_id(1)): Op.CHANGED,
        ("student", record_id(77)): Op.ADDED,
        **{("student", record_id(number)): Op.REMOVED for number in SOUTHERN},
    }
    assert [(change.kind, change.id) for change in plan.changes] == sorted(told)
    assert plan.following is None
    assert plan.removals == [Removal(SOUTH, "Larkspur Elementary", 12, 12)]
    assert sum(sum(ops.values()) for ops in plan.tally.plan().values()) == len(plan.changes)


async def test_the_pages_of_a_plan_together_are_the_plan(store: StoreUnderTest, feed: Feed) -> None:
    await change_much(store, feed)
    whole = await store.plans.of(DISTRICT)

    page = await store.plans.of(DISTRICT, limit=3)
    changes = list(page.changes)
    while page.following is not None:
        page = await store.plans.of(DISTRICT, after=page.following, limit=3)
        assert len(page.changes) <= 3
        changes += page.changes

    assert changes == whole.changes
    assert await removed(store) == list(SOUTHERN)


async def removed(store: StoreUnderTest) -> list[int]:
    plan = await store.plans.of(DISTRICT, kind="student", op=Op.REMOVED)
    return [int(change.id, 16) for change in plan.changes]


@pytest.mark.usefixtures("feed")
async def test_a_plan_without_a_change_is_empty(store: StoreUnderTest) -> None:
    plan = await store.plans.of(DISTRICT)

    assert (plan.changes, plan.following, plan.guards, plan.removals) == ([], None, [], [])
    assert plan.tally.plan_is_empty
    assert not plan.needs_approval


async def test_only_guards_in_the_way_make_it_need_an_approval(store: StoreUnderTest, feed: Feed) -> None:
    await change_much(store, feed)
    assert (await store.plans.of(DISTRICT)).needs_approval

    await feed.send(("users", student_json(2, {"school": NORTH, "sis_id": ""})))
    await evaluate(store)
    plan = await store.plans.of(DISTRICT)

    assert [guard.record_id for guard in plan.guards] == [DISTRICT, SOUTH]
    assert not plan.needs_approval


async def test_a_district_that_was_never_seen_has_no_plan(store: StoreUnderTest) -> None:
    with pytest.raises(UnknownDistrictError, match=DISTRICT):
        await store.plans.of(DISTRICT)


@pytest.mark.parametrize("has_statistics", [False, True])
@pytest.mark.usefixtures("feed")
async def test_a_page_is_found_by_the_index_of_plans(store: StoreUnderTest, has_statistics: bool) -> None:
    if has_statistics:
        await store.rows("ANALYZE")

    found = await store.rows(
        f"EXPLAIN {statements.load('operations/plans')['changes']}",
        DISTRICT,
        "student",
        record_id(9),
        None,
        None,
        51,
    )

    text = "\n".join(row[0] for row in found)
    assert "roster_plan" in text
    assert "roster_pkey" not in text
    assert "Sort" not in text


# Differences


def test_a_change_names_only_the_fields_that_differ() -> None:
    change = planned_change(
        "student",
        "1",
        '{"first_name":"Ada","grade":"3","class_id":null,"extra":{"ext.house":"red"}}',
        '{"first_name":"Ada","grade":"4","class_id":"c","extra":{"ext.house":null}}',
    )

    assert change.op is Op.CHANGED
    assert change.fields == (
        FieldChange("grade", "3", "4"),
        FieldChange("extra.ext.house", "red", None),
        FieldChange("class_id", None, "c"),
    )


def test_what_comes_or_goes_is_told_whole_without_blanks() -> None:
    record = '{"name":"Homeroom","teacher_ids":["a","b"],"term_id":null,"teachers":[]}'

    assert planned_change("class", "1", None, record).fields == (
        FieldChange("name", None, "Homeroom"),
        FieldChange("teacher_ids", None, "a, b"),
    )
    gone = planned_change("school", "1", '{"name":"Larkspur"}', None)
    assert (gone.op, gone.value("name"), gone.value("sis_id")) == (Op.REMOVED, "Larkspur", None)
