"""Approvals and baselines in the evaluation of a district in memory."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from schemas.words import Trigger
from tests.support.builders.records import DISTRICT
from tests.support.fakes.evaluation import STUDENT, MemoryEvaluation, committed, last, stage_of, students
from worker.domain.preflight.approval import Approval, Ending
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Code
from worker.domain.roster.canonical import MODULUS, to_hex
from worker.domain.roster.records import EventId, RecordId, RecordKind
from worker.domain.roster.staging import Change
from worker.pipeline.evaluate.candidate.refresh import stage
from worker.pipeline.evaluate.state import Adopted


async def guarded() -> MemoryEvaluation:
    """Return a district in review for a plan that removes 12 of 20."""
    names = [f"s{number:02}" for number in range(20)]
    district = await committed(*names)
    for name in names[:12]:
        district.send(RecordKind.USER, name, None)
    await stage_of(district).once()
    assert last(district)[0] is Outcome.REVIEW
    district.next_window(Trigger.APPROVAL)
    return district


def approval(district: MemoryEvaluation) -> Approval:
    return Approval(1, district.state.tally.candidate_digest % MODULUS, district.state.commit_sequence)


async def test_an_approval_has_the_plan_committed_that_it_was_given_for_without_what_came_since() -> None:
    district = await guarded()
    assert {one.code for one in district.errors()} == {Code.DISTRICT_MASS_REMOVAL, Code.SCHOOL_MASS_REMOVAL}
    district.approval = approval(district)
    students(district, "new")
    district.contexts = ["later"]

    await stage_of(district).once()

    assert last(district) == (Outcome.COMMIT, Trigger.APPROVAL, 0)
    assert (len(district.waiting), district.event_contexts) == (2, [])
    assert [(one.how, one.why) for one in district.ended] == [(Ending.USED, "commit 2")]
    assert district.errors() == []
    assert district.past == []


async def test_an_approval_ends_with_another_plan_and_stays_open_while_the_same_one_is_held() -> None:
    district = await guarded()
    district.approval, district.is_held = approval(district), True
    await stage_of(district).once()
    assert (last(district)[0], district.ended) == (Outcome.HELD, [])

    district.send(RecordKind.USER, "s15", None)
    district.next_window()
    await stage_of(district).once()

    plan = to_hex(district.state.tally.candidate_digest)
    assert [(one.how, one.why) for one in district.ended] == [
        (Ending.VOID, f"the plan changed: it is now {plan}")
    ]


async def test_an_approval_that_was_not_needed_is_void() -> None:
    district = await committed("a")
    students(district, "a", "b")
    await stage_of(district).once()
    district.approval = approval(district)
    district.state.reported_digest = 5
    district.next_window(Trigger.APPROVAL)

    await stage_of(district).once()

    assert [(one.how, one.why) for one in district.ended] == [(Ending.VOID, "commit 3 needed no approval")]


async def test_a_district_that_was_never_judged_takes_its_events_with_an_approval_too() -> None:
    district = MemoryEvaluation()
    district.next_window(Trigger.APPROVAL)
    students(district, "a")

    await stage_of(district).once()

    assert last(district) == (Outcome.COMMIT, Trigger.APPROVAL, 2)


def baseline(*names: str) -> Adopted:
    """Return a baseline that brings these students and their class."""
    records = {RecordId(name): (RecordKind.USER, STUDENT) for name in names}
    records[RecordId("c")] = (RecordKind.SECTION, {"students": sorted(names), "teachers": []})
    changes = [Change(kind, name, EventId("0"), None, record) for name, (kind, record) in records.items()]
    return Adopted(len(changes), len(changes), changes)


@pytest.mark.parametrize("at_once", [2, 3])
async def test_a_baseline_is_adopted_with_what_came_since(at_once: int) -> None:
    district = MemoryEvaluation(adopted=baseline("a", "b"))
    await judge_baseline(district)
    district.next_window(Trigger.APPROVAL)
    district.state.evaluated_policy = district.state.policy.fingerprint()
    steps: list[str] = []

    def progress(district_id: str) -> Callable[[str, int], None]:
        assert district_id == DISTRICT
        return lambda what, _: steps.append(what)

    students(district, "a", "b", "d")
    await stage_of(district, adopted_at_once=at_once, progress=progress).once()

    assert last(district) == (Outcome.COMMIT, Trigger.RESYNC, 4)
    assert {key[1] for key in district.committed()} == {"a", "b", "c", "d"}
    assert bool(steps) is (at_once < 3)
    assert "baseline.refused" in district.incidents[-1][0]


async def judge_baseline(district: MemoryEvaluation) -> None:
    """Stage what a baseline brought, as its adoption does."""
    assert district.adopted
    assert district.adopted.changes
    await stage(district.port(), district.adopted.changes)


async def test_a_baseline_that_changed_nothing_is_judged_all_the_same() -> None:
    district = await committed("a")
    district.adopted = Adopted(2, 0, [])

    await stage_of(district).once()

    assert last(district) == (Outcome.UNCHANGED, Trigger.RESYNC, 0)
