"""A plan read page by page: each row of the roster and of the findings beside those that are none of it."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.support.builders.district_rows import ENTRY
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.plans import SCHOOLS
from worker.domain.roster.canonical import to_bytes
from worker.domain.roster.plan_changes import Op
from worker.operations.plans import Removal

FINDING: Final = (
    "INSERT INTO findings (district_id, kind, record_id, member, code, severity, detail, open, reported) "
    "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, true)"
)
THERE: Final = '{"name": "there"}'
OTHERWISE: Final = '{"name": "otherwise"}'
STATES: Final[dict[str, tuple[str | None, str | None]]] = {
    # the candidate, and what is committed
    "added": (THERE, None),
    "changed": (OTHERWISE, THERE),
    "removed": (None, THERE),
    "same": (THERE, THERE),
}


@pytest.fixture(autouse=True)
async def districts(store: StoreUnderTest) -> None:
    for name, digest in (("other", 1), ("d", 2)):
        insert = "INSERT INTO districts (district_id, candidate_digest, error_digest) VALUES ($1, $2, $2)"
        await store.rows(insert, name, to_bytes(digest))


async def put(store: StoreUnderTest, kind: str, name: str, state: str, **more: Any) -> None:
    """Add a row of the roster, in one of the states."""
    values = {"district": "d", "school": None} | more
    await store.rows(ENTRY, values["district"], kind, name, *STATES[state], values["school"])


# Changes


async def listed(store: StoreUnderTest, **asked: Any) -> list[str]:
    plan = await store.plans.of("d", **asked)
    assert all(change.id.split()[-1] == change.op for change in plan.changes)
    return [f"{change.kind} {change.id}" for change in plan.changes]


async def test_a_plans_changes_are_read_by_kind_and_from_a_place_on(store: StoreUnderTest) -> None:
    for kind in ("student", "class"):
        for state in ("same", "removed", "changed", "added"):
            await put(store, kind, f"1 {state}", state)
            await put(store, kind, f"2 {state}", state, district="other")
    names = ("1 added", "1 changed", "1 removed")
    every = [f"{kind} {name}" for kind in ("class", "student") for name in names]

    assert await listed(store) == every
    assert await listed(store, kind="student") == every[3:]
    for op in Op:
        assert await listed(store, op=op) == [f"{kind} 1 {op}" for kind in ("class", "student")]
        assert await listed(store, kind="class", op=op) == [f"class 1 {op}"]
    assert await listed(store, after=("class", "1 removed")) == every[3:]
    assert await listed(store, after=("student", "1 added")) == every[4:]
    assert await listed(store, after=("student", "1 removed")) == []
    first = await store.plans.of("d", limit=4)
    assert (first.tally.candidate_digest, first.tally.error_digest) == (2, 2)
    assert first.following == ("student", "1 added")
    assert (await store.plans.of("d", limit=6)).following is None


# Guards


async def test_a_plans_guards_are_its_waivable_errors_in_stable_order(store: StoreUnderTest) -> None:
    detail = {"removed": 1}
    rows = [
        ("district", "d", b"1", "district.mass_removal", "error", True),
        ("district", "d", b"2", "district.class_change", "error", True),
        ("school", "b", b"3", "school.mass_removal", "error", True),
        ("school", "a", b"4", "school.mass_removal", "error", True),
        ("school", "c", b"5", "school.mass_removal", "warning", True),
        ("school", "e", b"6", "school.mass_removal", "error", False),
        ("student", "f", b"7", "student.no_section", "error", True),
    ]
    for kind, name, member, code, severity, is_open in rows:
        await store.rows(FINDING, "d", kind, name, member, code, severity, detail, is_open)
    await store.rows(FINDING, "other", "school", "g", b"8", "school.mass_removal", "error", detail, True)

    guards = (await store.plans.of("d")).guards

    assert [(guard.code.value, guard.record_id, guard.severity.value) for guard in guards] == [
        ("district.class_change", "d", "error"),
        ("district.mass_removal", "d", "error"),
        ("school.mass_removal", "a", "error"),
        ("school.mass_removal", "b", "error"),
    ]


# What schools lose


async def test_schools_are_listed_with_the_students_they_lose_and_have(store: StoreUnderTest) -> None:
    for school, removed, more in (("b", 1, 1), ("c", 2, 0), ("a", 1, 2)):
        for number in range(removed):
            await put(store, "student", f"{school} {number}", "removed", school=school)
        for number in range(more):
            await put(store, "student", f"{school} {number} stays", "same", school=school)
    await put(store, "school", "b", "changed")
    await put(store, "school", "a", "removed")
    await put(store, "class", "b", "removed", school="b")
    await put(store, "student", "of no school", "removed")
    await put(store, "student", "of another district", "removed", district="other", school="b")
    await put(store, "school", "c", "same", district="other")
    await put(store, "student", "changes", "changed", school="d")
    await put(store, "student", "comes", "added")

    removals = (await store.plans.of("d")).removals

    assert removals == [Removal("c", None, 2, 2), Removal("a", "there", 1, 3), Removal("b", "there", 1, 2)]
    assert (await store.plans.of("d", after=("class", "b"))).removals == []


async def test_of_many_schools_the_ones_that_lose_most_are_listed(store: StoreUnderTest) -> None:
    for number in reversed(range(SCHOOLS + 2)):
        await put(store, "student", f"{number:02}", "removed", school=f"{number:02}")
    await put(store, "student", "one more", "removed", school=f"{SCHOOLS + 1:02}")

    removals = (await store.plans.of("d")).removals

    assert [(one.school_id, one.removed) for one in removals] == [
        (f"{SCHOOLS + 1:02}", 2),
        *((f"{number:02}", 1) for number in range(SCHOOLS - 1)),
    ]
