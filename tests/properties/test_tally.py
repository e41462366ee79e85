"""Counting any changes gives what counting anew gives."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from schemas.words import RosterKind, Severity
from tests.support.builders.records import finding
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.preflight.tally import Tally

Key = tuple[RosterKind, int]


@dataclass(frozen=True)
class PutBack:
    """One record of the committed roster becomes what it was."""

    key: Key
    member: int | None


Step = tuple[Key, int | None] | PutBack | Finding | int | None


@dataclass
class CountedAnew:
    """What a tally speaks of, kept whole, so that everything can be counted from the beginning."""

    candidate: dict[Key, int] = field(default_factory=dict)
    committed: dict[Key, int] = field(default_factory=dict)
    findings: dict[int, Finding] = field(default_factory=dict)
    blocked: int = 0

    def plan(self) -> dict[RosterKind, dict[str, int]]:
        plan = {kind: {"upserted": 0, "removed": 0} for kind in RosterKind}
        for key, member in self.candidate.items():
            plan[key[0]]["upserted"] += self.committed.get(key) != member
        for key in self.committed.keys() - self.candidate.keys():
            plan[key[0]]["removed"] += 1
        return plan

    def roster(self) -> dict[RosterKind, int]:
        return {kind: sum(key[0] is kind for key in self.candidate) for kind in RosterKind}

    def errors(self) -> list[Finding]:
        return [one for one in self.findings.values() if one.severity is Severity.ERROR]


def take(step: Step, whole: CountedAnew, tally: Tally) -> None:
    """Make one change to both: a commit, a student more or less blocked, a finding, an entry, a rollback."""
    match step:
        case None:
            whole.committed = dict(whole.candidate)
            tally.clear_plan()
        case int():
            whole.blocked += step
            tally.count_blocked(step)
        case Finding():
            opens = whole.findings.pop(step.member, None) is None
            if opens:
                whole.findings[step.member] = step
            tally.count_finding(step, 1 if opens else -1)
        case PutBack(key, member):
            tally.count_committed(key[0], whole.candidate.get(key), whole.committed.get(key), member)
            whole.committed.pop(key, None)
            if member is not None:
                whole.committed[key] = member
        case key, member:
            tally.count_entry(key[0], whole.candidate.get(key), member, whole.committed.get(key))
            whole.candidate.pop(key, None)
            if member is not None:
                whole.candidate[key] = member


KEYS = st.tuples(st.sampled_from(list(RosterKind)), st.integers(1, 3))
ENTRIES = st.tuples(KEYS, st.none() | st.sampled_from([7, 11, 2**255 + 3]))
PUT_BACK = st.builds(PutBack, KEYS, st.none() | st.sampled_from([7, 11, 2**255 + 3]))
FINDINGS = st.builds(
    finding,
    st.sampled_from([Code.NO_SECTION, Code.FIELD_MISSING, Code.NO_TEACHER]),
    st.sampled_from(Severity),
    number=st.integers(1, 3),
    field=st.sampled_from(["grade", "sis_id"]),
)
STEPS: st.SearchStrategy[list[Step]] = st.lists(
    ENTRIES | PUT_BACK | FINDINGS | st.sampled_from([1, -1]) | st.none(), max_size=20
)


@given(STEPS)
def test_counting_changes_gives_what_counting_anew_gives(steps: list[Step]) -> None:
    whole, tally = CountedAnew(), Tally()
    for step in steps:
        take(step, whole, tally)

    assert tally.roster() == whole.roster()
    assert tally.plan() == whole.plan()
    assert tally.plan_is_empty == (whole.candidate == whole.committed)
    assert tally.candidate_digest == sum(whole.candidate.values())
    assert tally.error_digest == sum(one.member for one in whole.errors())
    assert tally.errors == len(whole.errors())
    assert tally.warnings == len(whole.findings) - tally.errors
    assert tally.by_code() == dict(sorted(Counter(one.code.value for one in whole.findings.values()).items()))
    assert tally.blocked == whole.blocked
    assert tally.students == whole.roster()[RosterKind.STUDENT]


@given(STEPS, STEPS)
def test_a_stored_tally_counts_on_as_if_never_stored(first: list[Step], second: list[Step]) -> None:
    whole, tally = CountedAnew(), Tally()
    for step in first:
        take(step, whole, tally)

    read = Tally.from_json(tally.to_json(), tally.candidate_digest, tally.error_digest)
    for step in second:
        take(step, whole, read)

    assert (read.plan(), read.roster()) == (whole.plan(), whole.roster())
    assert all(read.to_json().values())
