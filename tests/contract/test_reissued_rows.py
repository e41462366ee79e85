"""Students who are found again under a new id; beside them stand others whom nobody is taken for."""

from __future__ import annotations

import json
from typing import Any, Final

import pytest

from tests.support.builders.records import Json
from tests.support.districts.full_run import with_filter
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.section_filter import KEEP_ALL

ROSTER: Final = (
    "INSERT INTO roster (district_id, kind, record_id, candidate, candidate_member, committed, "
    "committed_member) VALUES ($1, $2, $3, $4, sha256($4::text::bytea), $5, sha256($5::text::bytea))"
)
BEFORE: Final = ["they are gone", "they are still there"]
"""What is so of those who are there under an old id, when the new ones come."""


class Roster:
    """The rows of the roster of a district that is known."""

    def __init__(self, store: StoreUnderTest, before: str) -> None:
        self._store = store
        self.are_there = before == "they are still there"

    async def old(self, name: str, kind: str = "student", district: str = "d", **record: Any) -> None:
        """Add one who was committed, and is gone or still there."""
        candidate = record if self.are_there else None
        await self.row(name, candidate, record, kind, district)

    async def new(self, name: str, kind: str = "student", district: str = "d", **record: Any) -> None:
        await self.row(name, record, None, kind, district)

    async def row(
        self, name: str, candidate: Json | None, committed: Json | None, kind: str, district: str = "d"
    ) -> None:
        texts = [None if record is None else json.dumps(record) for record in (candidate, committed)]
        await self._store.rows(ROSTER, district, kind, name, *texts)

    async def found(self) -> dict[str, str]:
        """Return the new ids, each with the old one."""
        async with with_filter(self._store, "d", KEEP_ALL) as evaluation:
            assert evaluation is not None
            if self.are_there:
                both = await evaluation.students_with_two_ids()
                return dict(zip(both[1::2], both[::2], strict=True))
            plan = [json.loads(change) async for change in evaluation.plan_changes(names_replaced=True)]
            return {change["id"]: change["replaces"] for change in plan if "replaces" in change}


@pytest.fixture(params=BEFORE)
async def roster(store: StoreUnderTest, request: pytest.FixtureRequest) -> Roster:
    await store.rows("INSERT INTO districts (district_id) VALUES ('d')")
    return Roster(store, request.param)


async def test_a_student_is_found_again_by_any_number_however_it_is_written(roster: Roster) -> None:
    await roster.old("a old", sis_id="1", state_id="old")
    await roster.new("b new", sis_id="1", state_id="new")
    await roster.old("d old", state_id="2")
    await roster.new("c new", state_id="2")
    await roster.old("e old", student_number=" Ab")
    await roster.new("f new", student_number="aB ")

    assert await roster.found() == {"b new": "a old", "c new": "d old", "f new": "e old"}


async def test_a_number_that_two_have_or_in_another_field_says_nothing(roster: Roster) -> None:
    await roster.old("other field, old", sis_id="3")
    await roster.new("other field, new", state_id="3")
    assert await roster.found() == {}

    await roster.old("two old", sis_id="1")
    await roster.old("two old, another", sis_id="1")
    await roster.new("two old, new", sis_id="1")
    await roster.old("two new, old", sis_id="2")
    await roster.new("two new", sis_id="2")
    await roster.new("two new, another", sis_id="2")

    assert await roster.found() == {}


async def test_only_students_of_the_districts_plan_are_looked_at(roster: Roster) -> None:
    for number in range(1, 7):
        await roster.old(f"old {number}", sis_id=str(number))
        await roster.new(f"new {number}", sis_id=str(number))
    await roster.old("of a class", kind="class", sis_id="1")
    await roster.new("of a class, new", kind="class", sis_id="2")
    await roster.old("of another district", district="other", sis_id="3")
    await roster.new("of another district, new", district="other", sis_id="4")
    await roster.row("changes to it", {"sis_id": "5"}, {"sis_id": "old"}, "student")
    if not roster.are_there:
        await roster.row("changes from it", {"sis_id": "new"}, {"sis_id": "6"}, "student")
        await roster.row("stays", {"sis_id": "6"}, {"sis_id": "6"}, "student")
    else:
        await roster.row("gone", None, {"sis_id": "6"}, "student")

    assert await roster.found() == {f"new {number}": f"old {number}" for number in range(1, 7)}


async def test_of_several_who_agree_the_sis_id_counts_first_and_the_name_last(roster: Roster) -> None:
    name = {"first_name": "Ada", "last_name": "Fern", "grade": "3"}
    await roster.old("a", sis_id="1", state_id="1", student_number="1", **name)
    await roster.new("a by name", **name)
    await roster.new("a by number", student_number="1")
    await roster.new("a by state", state_id="1")
    await roster.new("a by sis", sis_id="1")
    await roster.new("b", sis_id="2", state_id="2", student_number="2")
    await roster.old("b by number", student_number="2")
    await roster.old("b by state", state_id="2")
    await roster.old("b by sis", sis_id="2")

    assert await roster.found() == {"a by sis": "a", "b": "b by sis"}


@pytest.mark.parametrize(("others", "are_half"), [(2, True), (3, False)])
async def test_name_and_grade_count_where_half_of_the_students_are_found_again(
    roster: Roster, others: int, are_half: bool
) -> None:
    await roster.old("old by number", sis_id="1")
    await roster.new("by number", sis_id="1")
    name = {"first_name": "Ada", "last_name": "Fern"}
    await roster.old("old by name", **name, grade="3")
    await roster.new("by name", **name, grade="3")
    for number in range(others):
        other = {"first_name": "Bo", "last_name": f"Moss {number}"}
        await roster.old(f"old {number}", **other, grade="4")
        await roster.new(f"new {number}", **other, grade="5")

    by_name = {"by name": "old by name"} if are_half else {}
    assert await roster.found() == {"by number": "old by number"} | by_name
