"""What guards count of a plan and of the commits before it, and what a person confirmed of a filter."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.builders.records import Json
from tests.support.fakes.evaluation import MemoryEvaluation, stage_of
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.turnover import Confirmation, SchoolLimits, Turnovers
from worker.domain.roster import staging
from worker.domain.roster.records import RecordKind
from worker.domain.roster.section_filter import SectionFilter
from worker.pipeline.evaluate.candidate.district import planned_moves
from worker.pipeline.evaluate.preflight import context_of, run_preflight, terms_that_count, today

NAMES = [f"s{number:02}" for number in range(20)]
STUDENT: Json = {"student": {"texts": {"grade": "3", "school_id": "h"}}}
GUARDED = Policy(
    required_fields=(),
    unique_fields=(),
    removal_limit_floor=0,
    removal_limit_percent=15,
    school_removal_limit_percent=100,
    class_change_limit_percent=40,
)
GUARDS = {Code.DISTRICT_MASS_REMOVAL, Code.DISTRICT_CLASS_CHANGE, Code.SCHOOL_CLASS_CHANGE}


async def committed(policy: Policy = GUARDED) -> MemoryEvaluation:
    """Return a district with a first commit of twenty students in one class."""
    district = MemoryEvaluation()
    district.state.policy = policy
    for name in NAMES:
        district.send(RecordKind.USER, name, STUDENT)
    district.send(RecordKind.SECTION, "c", {"students": NAMES, "teachers": []})
    assert await stage_of(district).once()
    assert district.committed()
    return district


async def without(district: MemoryEvaluation, *names: str, seconds: float = 60) -> None:
    """Evaluate the district so much later, without these students."""
    district.next_window(seconds=seconds)
    for name in names:
        district.send(RecordKind.USER, name, None)
    assert await stage_of(district).once()


def guards(district: MemoryEvaluation) -> dict[Code, Json]:
    return {one.code: one.detail for one in district.findings.values() if one.code in GUARDS}


async def test_removals_of_the_hours_before_count_with_the_plan_until_the_first_is_too_old() -> None:
    district = await committed()
    await without(district, "s00", "s01")
    first = district.window.now
    assert (guards(district), district.state.guards_until) == ({}, None)

    await without(district, "s02", "s03")

    assert guards(district) == {
        Code.DISTRICT_MASS_REMOVAL: {"removed": 4, "committed": 20, "limit_percent": 15.0, "earlier": 2}
    }
    assert district.state.guards_until == first + timedelta(hours=24)
    assert district.asked == (18, SchoolLimits(0, 100.0, 40.0))


async def test_what_was_removed_longer_ago_counts_no_more() -> None:
    district = await committed()
    await without(district, "s00", "s01")
    await without(district, "s02", "s03", seconds=25 * 3600)

    assert guards(district) == {}
    assert ("student", "s02") not in district.committed()


async def test_the_count_of_students_costs_nothing_where_no_student_moves_or_none_is_committed() -> None:
    district = await committed()
    assert (district.calls["most moved"], district.calls["turnovers"]) == (0, 0)

    district.next_window()
    district.send(RecordKind.SCHOOL, "h", {"name": "North"})
    await stage_of(district).once()
    assert (district.calls["most moved"], district.calls["turnovers"]) == (0, 0)

    await without(district, "s00")
    assert (district.calls["most moved"], district.calls["turnovers"]) == (1, 0)

    await without(district, *NAMES[1:9])
    assert (district.calls["most moved"], district.calls["turnovers"]) == (2, 1)
    assert Code.DISTRICT_MASS_REMOVAL in guards(district)


async def test_of_a_roster_whose_size_was_never_kept_guards_ask_as_of_an_empty_one() -> None:
    district = await committed()
    district.state.committed_counts = {}
    await without(district, *NAMES[1:9])
    assert district.asked == (0, SchoolLimits(0, 100.0, 40.0))

    district.asked = None
    assert await planned_moves(district.port()) != Turnovers()
    assert district.asked == (0, SchoolLimits(0, 100, 100))


async def test_a_plan_alone_moves_nobody_before_the_first_commit() -> None:
    district = MemoryEvaluation()
    assert await planned_moves(district.port()) == Turnovers()

    district = await committed()
    await without(district, *NAMES[:6])
    moves = await planned_moves(district.port())
    assert (moves.removal.students, moves.removal.earlier, moves.since) == (6, 0, None)


SPLIT = SectionFilter.model_validate({"rules": [{"all": [{"field": "name", "op": "is", "value": "new"}]}]})


async def refiltered(confirmation: Confirmation | None) -> MemoryEvaluation:
    """Return a district in which another filter puts twelve of twenty students into another class."""
    district = await committed()
    district.send(RecordKind.SECTION, "d", {"students": NAMES[:12], "teachers": [], "name": "new"})
    district.send(RecordKind.SECTION, "c", {"students": NAMES[12:], "teachers": [], "name": "new"})
    district.state.section_filter, district.state.filter_version = SPLIT, 2
    district.state.confirmation = confirmation
    district.next_window()
    await judge_now(district)
    return district


async def judge_now(district: MemoryEvaluation) -> None:
    claimed = await district.claim_events(None, 100)
    await run_preflight(district.port(), staging.apply(claimed.staged, claimed.events))


@pytest.mark.parametrize(
    ("confirmation", "codes", "is_confirmed"),
    [
        (None, {Code.DISTRICT_CLASS_CHANGE, Code.SCHOOL_CLASS_CHANGE}, False),
        (Confirmation(0, 12, {}, {"h": 12}), set(), True),
        (Confirmation(0, 12), {Code.SCHOOL_CLASS_CHANGE}, True),
        (Confirmation(0, 2), {Code.DISTRICT_CLASS_CHANGE, Code.SCHOOL_CLASS_CHANGE}, False),
    ],
)
async def test_what_a_person_confirmed_of_a_filter_raises_no_guard(
    confirmation: Confirmation | None, codes: set[Code], is_confirmed: bool
) -> None:
    district = await refiltered(confirmation)

    assert set(guards(district)) == codes
    assert district.state.is_confirmed is is_confirmed


async def test_a_confirmation_of_a_former_evaluation_stands_for_no_other() -> None:
    district = await refiltered(Confirmation(0, 12, {}, {"h": 12}))
    district.state.confirmation = None

    await judge_now(district)

    assert not district.state.is_confirmed


@pytest.mark.parametrize("is_read", [False, True])
async def test_a_district_that_must_be_read_whole_is_held_back_until_it_was(is_read: bool) -> None:
    district = MemoryEvaluation()
    district.state.policy = replace(GUARDED, needs_baseline=True)
    district.state.baseline_at = district.window.now if is_read else None

    await judge_now(district)

    assert (Code.NO_BASELINE in {one.code for one in district.errors()}) is not is_read


async def test_a_context_is_of_another_filter_where_the_last_evaluation_was() -> None:
    district = MemoryEvaluation()
    terms = await terms_that_count(district.port())
    calendar = terms.calendar(today(district.port()), 0)
    assert not (await context_of(district.port(), calendar)).is_new_filter
    district.state.filter_version += 1
    assert (await context_of(district.port(), calendar)).is_new_filter
