"""Only what differs is written, and whoever left the scope is told of."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, cast

import pytest

from schemas.words import RosterKind
from tests.support.builders.records import finding
from worker.domain.preflight.approval import Approval
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally
from worker.domain.roster.canonical import MODULUS
from worker.domain.roster.records import RecordId, Student
from worker.domain.roster.roster import Entry
from worker.domain.roster.scope import KnownScope
from worker.domain.roster.section_filter import SectionFilter
from worker.domain.roster.terms import without_grace
from worker.pipeline.evaluate.candidate.context import Context
from worker.pipeline.evaluate.candidate.step2_students import _outside
from worker.pipeline.evaluate.preflight import verdict_on
from worker.pipeline.evaluate.rosters import (
    CandidateChanges,
    EntryState,
    EntryWrite,
    EvaluatedRoster,
    OpenFinding,
    StudentState,
)
from worker.pipeline.evaluate.state import DistrictState

ENTRY = Entry(RosterKind.STUDENT, "s1", '{"id":"s1"}')
WRITE = EntryWrite(RosterKind.STUDENT, "s1", ENTRY, "n", ("a",), "3")
STANDS = EntryState(ENTRY.member, ENTRY.member, None, ("a",))


@dataclass
class FakeRoster:
    """Keeps what is written."""

    entries: list[EntryWrite] = field(default_factory=list)
    opened: list[Finding] = field(default_factory=list)
    closed: list[Finding] = field(default_factory=list)
    calls: int = 0

    async def write_candidate(self, changes: CandidateChanges) -> set[str]:
        self.calls += 1
        self.entries += changes.entries
        self.opened += changes.opened
        self.closed += changes.closed
        return set(changes.sizes)

    async def write_findings(self, opened: Collection[Finding], closed: Collection[Finding]) -> None:
        self.calls += 1
        self.opened += opened
        self.closed += closed


def context(roster: FakeRoster, **fields: Any) -> Context:
    made = Context(
        cast("EvaluatedRoster", roster),
        Tally(),
        SectionFilter(),
        Policy(),
        without_grace(date(2026, 9, 15)),
        KnownScope(),
    )
    return replace(made, **fields)


@pytest.mark.parametrize(
    ("write", "stands", "is_written"),
    [
        (WRITE, STANDS, False),
        (WRITE, replace(STANDS, committed=None), False),
        (WRITE, replace(STANDS, candidate=None), True),
        (WRITE, replace(STANDS, candidate=7), True),
        (WRITE, replace(STANDS, sections=("b",)), True),
        (replace(WRITE, sections=None), replace(STANDS, sections=("b",)), False),
        (replace(WRITE, entry=None), STANDS, True),
        (EntryWrite(RosterKind.STUDENT, "s1", None, sections=()), EntryState(), False),
    ],
)
async def test_an_entry_is_written_and_counted_where_it_differs_from_its_row(
    write: EntryWrite, stands: EntryState, is_written: bool
) -> None:
    roster = FakeRoster()
    made = context(roster)

    assert await made.write_changes([(write, stands), (WRITE, STANDS)]) == set()

    assert roster.entries == [write] * is_written
    assert roster.calls == is_written
    after = write.entry.member if write.entry else None
    moved = (after is not None) - (stands.candidate is not None) if is_written else 0
    assert made.tally.students == moved


async def test_findings_that_stay_are_left_alone_and_the_others_opened_and_closed() -> None:
    roster = FakeRoster()
    made = context(roster)
    stays, goes, comes = (finding(Code.FIELD_MISSING, field=name) for name in ("grade", "dob", "email"))

    await made.write_finding_changes(
        [OpenFinding(one.record_id, one) for one in (stays, goes)], [stays, comes]
    )
    assert (roster.opened, roster.closed) == ([comes], [goes])
    await made.write_finding_changes([OpenFinding(stays.record_id, stays)], [stays])
    await made.write_finding_changes([], [])
    assert roster.calls == 1
    await made.write_finding_changes([OpenFinding(stays.record_id, stays)], [])
    await made.write_finding_changes([], [stays])
    assert roster.calls == 3
    assert not made.is_new_filter


async def test_what_looking_again_changes_is_written_together() -> None:
    roster = FakeRoster()
    made = context(roster)
    goes, comes = (finding(Code.FIELD_MISSING, field=name) for name in ("dob", "email"))
    out = EntryWrite(RosterKind.STUDENT, "s1", None, sections=())

    turned = await made.write_changes(
        [(out, STANDS)], [OpenFinding(goes.record_id, goes)], [comes], {"a": -1}
    )
    assert (roster.entries, roster.opened, roster.closed, turned) == ([out], [comes], [goes], {"a"})
    assert await made.write_changes([(WRITE, STANDS)], [], [], {}) == set()
    assert roster.calls == 1
    assert await made.write_changes([], [], [], {"b": 1}) == {"b"}


STUDENT = Student(RecordId("s1"), {})


@pytest.mark.parametrize(
    ("student", "ranks", "committed", "was_told", "is_new_filter", "is_told"),
    [
        (STUDENT, {"a": 0}, 7, False, False, True),
        (STUDENT, {"a": 0}, 7, False, True, True),
        (STUDENT, {"a": 0}, None, True, False, True),
        (STUDENT, {"a": 0}, None, True, True, False),
        (STUDENT, {"a": 0}, None, False, False, False),
        (STUDENT, {}, 7, True, False, False),
        (None, {"a": 0}, 7, True, False, False),
    ],
)
def test_who_left_the_scope_is_told_of_while_a_kept_section_lists_him(
    student: Student | None,
    ranks: dict[str, int],
    committed: int | None,
    was_told: bool,
    is_new_filter: bool,
    is_told: bool,
) -> None:
    state = StudentState("s1", None, ranks, school_known=True, entry=EntryState(7, committed))

    write, found = _outside(
        context(FakeRoster(), is_new_filter=is_new_filter), state, student, was_told=was_told
    )

    assert write == EntryWrite(RosterKind.STUDENT, "s1", None, sections=())
    assert [one.code for one in found] == [Code.LEFT_SCOPE] * is_told


def test_a_verdict_has_the_errors_the_plan_and_whether_an_approval_fits_it() -> None:
    tally = Tally(candidate_digest=5 + MODULUS, error_digest=9 + MODULUS)
    tally.counts.update({"errors": 3, f"code:{Code.SCHOOL_MASS_REMOVAL}": 2, "plan:student:removed": 1})
    state = DistrictState(
        tally, SectionFilter(), 0, 0, Policy(), None, None, commit_sequence=4, reported_digest=9
    )

    without, fits, other = (
        verdict_on(state, approval) for approval in (None, Approval(1, 5, 4), Approval(1, 5, 3))
    )

    assert (without.errors, without.error_digest, without.reported_digest) == (3, 9, 9)
    assert (without.guard_errors, without.plan_is_empty) == (2, False)
    assert [one.is_approved for one in (without, fits, other)] == [False, True, False]
