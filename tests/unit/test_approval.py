from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.words import Severity
from tests.support.builders.records import DISTRICT, finding
from worker.domain.preflight.approval import (
    GUARDS,
    Approval,
    Ended,
    Ending,
    Hold,
    PlanToApprove,
    ending,
    guard_errors,
    guards_text,
    hold_text,
    plan_text,
    why_not_approvable,
)
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally
from worker.domain.roster.canonical import MODULUS, to_hex

PLAN, OTHER_PLAN = 0xA1, 0xB2
APPROVAL = Approval(1, PLAN, 7)
"""Of a plan made when the district had seven commits."""


def ended(plan: int = PLAN, before: int = 7, after: int = 7, *, was_needed: bool = True) -> Ended | None:
    return ending(APPROVAL, plan=plan, before=before, after=after, was_needed=was_needed)


def test_an_approval_fits_its_plan_only_from_the_committed_roster_that_it_was_given_for() -> None:
    assert APPROVAL.fits(PLAN, 7)
    assert APPROVAL.fits(PLAN + MODULUS, 7)
    assert not APPROVAL.fits(OTHER_PLAN, 7)
    assert not APPROVAL.fits(PLAN, 8)


def test_an_approval_stays_open_while_its_plan_stands_and_is_not_committed() -> None:
    assert ended() is None
    assert ended(was_needed=False) is None


def test_the_commit_that_it_was_needed_for_uses_it() -> None:
    assert ended(after=8) == Ended(Ending.USED, "commit 8")


def test_a_commit_that_needed_no_approval_leaves_none_behind() -> None:
    found = ended(after=8, was_needed=False)

    assert found == Ended(Ending.VOID, "commit 8 needed no approval")


@pytest.mark.parametrize("after", [7, 8])
@pytest.mark.parametrize("was_needed", [False, True])
def test_another_plan_makes_it_void_and_says_which(after: int, was_needed: bool) -> None:
    found = ended(OTHER_PLAN, after=after, was_needed=was_needed)

    assert found == Ended(Ending.VOID, f"the plan changed: it is now {OTHER_PLAN:064x}")


def test_another_commit_makes_it_void_though_the_roster_to_come_is_the_same() -> None:
    found = ended(before=9, after=9)

    assert found is not None
    assert found.how is Ending.VOID
    assert "commit 9" in found.why


def test_guards_count_only_where_they_hold_a_district_back() -> None:
    by_code = {
        "district.mass_removal": 1,
        "school.mass_removal": 3,
        "district.class_change": 1,
        "school.class_change": 2,
        "student.no_section": 5,
    }
    lenient = Policy(severities={Code.SCHOOL_MASS_REMOVAL: Severity.WARNING})

    assert {code.value for code in GUARDS} == {
        *("district.mass_removal", "school.mass_removal"),
        *("district.class_change", "school.class_change"),
        "district.kind_vanished",
    }
    assert guard_errors(by_code, Policy()) == 7
    assert guard_errors(by_code, lenient) == 4
    assert guard_errors({"student.no_section": 5}, Policy()) == 0


def test_a_plan_is_told_by_kind_and_without_what_stays() -> None:
    counts = {"student": {"upserted": 1200, "removed": 3}, "class": {"upserted": 0, "removed": 0}}

    assert plan_text(counts) == "student: 1,200 upserted, 3 removed"
    assert plan_text({}) == "nothing to commit"


def test_guards_are_told_with_what_they_guard_the_first_three_by_name() -> None:
    detail = {"removed": 40, "committed": 120, "limit_percent": 25.0}
    one = finding(Code.SCHOOL_MASS_REMOVAL, Severity.ERROR, "school", 900, **detail)

    told = guards_text([one] * 5)

    assert told.startswith(f"school.mass_removal on {one.record_id} (40 of 120 students, limit 25 %)")
    assert told.endswith("; and 2 more")
    assert guards_text([]) == "no guard"
    assert DISTRICT not in told


HOLD = Hold("ada", datetime(2026, 9, 1, 8, 30, tzinfo=UTC), "new schools")
REMOVAL = finding(Code.DISTRICT_MASS_REMOVAL, removed=40, committed=100, limit_percent=20.0)
BLOCKED = PlanToApprove(DISTRICT, Tally.from_json({}, PLAN, 0), [REMOVAL], {}, None)
"""A plan that a guard alone holds back."""


def test_a_plan_that_only_guards_hold_back_can_be_approved() -> None:
    assert why_not_approvable(BLOCKED, to_hex(PLAN)) is None


@pytest.mark.parametrize(
    ("found", "wanted", "reason"),
    [
        (BLOCKED, OTHER_PLAN, "changed: it is now"),
        (replace(BLOCKED, other_errors={"student.no_section": 1200}), PLAN, "student.no_section 1,200"),
        (replace(BLOCKED, guards=[]), PLAN, "needs no approval: nothing blocks it"),
        (replace(BLOCKED, hold=HOLD), PLAN, "is on hold by ada since 2026-09-01T08:30:00.000Z: new schools"),
    ],
)
def test_a_plan_beyond_approval_says_what_is_wrong(found: PlanToApprove, wanted: int, reason: str) -> None:
    why = why_not_approvable(found, to_hex(wanted))

    assert why is not None
    assert reason in why
    assert DISTRICT in why


def test_of_several_reasons_against_an_approval_the_first_to_mend_is_named() -> None:
    everything = replace(BLOCKED, other_errors={"student.no_section": 1}, hold=HOLD)

    assert "changed" in (why_not_approvable(everything, to_hex(OTHER_PLAN)) or "")
    assert "cannot waive" in (why_not_approvable(everything, to_hex(PLAN)) or "")
    assert "no approval" in (why_not_approvable(replace(BLOCKED, guards=[], hold=HOLD), to_hex(PLAN)) or "")


def test_a_hold_that_has_just_ended_has_no_name() -> None:
    assert hold_text(None) == "for now"
