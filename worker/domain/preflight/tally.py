"""Counts and digests of one district, kept up by what each batch changes.

Reading them costs the same for a thousand students and for a million; a property test holds them to
what counting anew would give.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from schemas.words import RosterKind, Severity
from worker.domain.preflight.checks import Finding
from worker.domain.roster.canonical import to_hex

_CODE: Final = "code:"
_ROSTER: Final = "roster:"
_PLAN: Final = "plan:"
_BLOCKED: Final = "blocked"
_ERRORS: Final = "errors"
_WARNINGS: Final = "warnings"
_SHARED: Final = "shared"
_AT: Final = "shared:"


@dataclass(slots=True)
class Tally:
    """What is true of a district's candidate roster and open findings, as numbers."""

    counts: Counter[str] = field(default_factory=Counter)
    candidate_digest: int = 0
    error_digest: int = 0

    @property
    def students(self) -> int:
        """Students in scope."""
        return self.counts[_ROSTER + RosterKind.STUDENT]

    @property
    def shared(self) -> int:
        """Students that Clever shares, in scope or not."""
        return self.counts[_SHARED]

    @property
    def outside_scope(self) -> int:
        """Shared students out of scope."""
        return max(0, self.shared - self.students)

    def shared_at(self, key: str) -> int:
        """Shared students at one value of the scope."""
        return self.counts[_AT + key]

    @property
    def blocked(self) -> int:
        """Students in scope with an error."""
        return self.counts[_BLOCKED]

    @property
    def errors(self) -> int:
        """Open findings that hold the district back."""
        return self.counts[_ERRORS]

    @property
    def warnings(self) -> int:
        """Open findings that do not."""
        return self.counts[_WARNINGS]

    def by_code(self) -> dict[str, int]:
        """Open findings by code, those without any left out."""
        found = {
            name.removeprefix(_CODE): count for name, count in self.counts.items() if name.startswith(_CODE)
        }
        return {code: count for code, count in sorted(found.items()) if count}

    def roster(self) -> dict[RosterKind, int]:
        """Return how many records the candidate roster has, by kind."""
        return {kind: self.counts[_ROSTER + kind] for kind in RosterKind}

    def plan(self) -> dict[RosterKind, dict[str, int]]:
        """Return how many records a commit would upsert and remove, by kind."""
        return {
            kind: {op: self.counts[f"{_PLAN}{kind}:{op}"] for op in ("upserted", "removed")}
            for kind in RosterKind
        }

    @property
    def plan_is_empty(self) -> bool:
        """Whether the candidate and the committed roster are the same."""
        return not any(count for ops in self.plan().values() for count in ops.values())

    def count_finding(self, finding: Finding, sign: int) -> None:
        """Open (`sign` 1) or close (-1) a finding."""
        self.counts[_CODE + finding.code] += sign
        self.counts[_ERRORS if finding.is_error else _WARNINGS] += sign
        if finding.is_error:
            self.error_digest += sign * finding.member

    def add_findings(self, code: str, severity: Severity, number: int) -> None:
        """Count so many more findings of one code; the digest of errors does not change."""
        self.counts[_CODE + code] += number
        self.counts[_ERRORS if severity is Severity.ERROR else _WARNINGS] += number

    def add_entry(self, kind: RosterKind, candidate: int | None, committed: int | None) -> None:
        """Count a record that was not looked at before, by its members of the two rosters' digests."""
        upserted, removed = candidate not in (None, committed), candidate is None and committed is not None
        self.add_entries(kind, int(candidate is not None), candidate or 0, int(upserted), int(removed))

    def add_entries(
        self, kind: RosterKind, candidates: int, digest: int, upserted: int, removed: int
    ) -> None:
        """Count so many records more that are of the candidate roster, or that the plan changes."""
        self.counts[_ROSTER + kind] += candidates
        self.candidate_digest += digest
        self.counts[f"{_PLAN}{kind}:upserted"] += upserted
        self.counts[f"{_PLAN}{kind}:removed"] += removed

    def count_shared(self, sign: int, at: Iterable[str]) -> None:
        """Count a shared student, and at which values of the scope he is."""
        self.counts[_SHARED] += sign
        for key in at:
            self.counts[_AT + key] += sign

    def take_shared(self, other: Tally) -> None:
        """Count the shared students that another tally has counted."""
        for name, number in other.counts.items():
            if name == _SHARED or name.startswith(_AT):
                self.counts[name] += number

    def forget_shared(self) -> None:
        """Begin to count shared students anew."""
        for name in [name for name in self.counts if name == _SHARED or name.startswith(_AT)]:
            del self.counts[name]

    def count_blocked(self, change: int) -> None:
        """Move the number of students who have an error."""
        self.counts[_BLOCKED] += change

    def count_entry(
        self, kind: RosterKind, before: int | None, after: int | None, committed: int | None
    ) -> None:
        """Replace a record of the candidate roster; each is the record's member of the digest, or None."""
        self.counts[_ROSTER + kind] += (after is not None) - (before is not None)
        self.candidate_digest += (after or 0) - (before or 0)
        for candidate, sign in ((before, -1), (after, 1)):
            if candidate != committed:
                op = "removed" if candidate is None else "upserted"
                self.counts[f"{_PLAN}{kind}:{op}"] += sign

    def count_committed(
        self, kind: RosterKind, candidate: int | None, before: int | None, after: int | None
    ) -> None:
        """Replace a record of the committed roster, and with it what the plan has to change."""
        op = "removed" if candidate is None else "upserted"
        self.counts[f"{_PLAN}{kind}:{op}"] += (candidate != after) - (candidate != before)

    def clear_plan(self) -> None:
        """Say that the candidate roster is now the committed one."""
        for name in [name for name in self.counts if name.startswith(_PLAN)]:
            del self.counts[name]

    def to_json(self) -> dict[str, int]:
        """Return the counts as they are stored, zeros left out."""
        return {name: count for name, count in self.counts.items() if count}

    @classmethod
    def from_json(cls, counts: Mapping[str, int], candidate_digest: int, error_digest: int) -> Tally:
        """Read what was stored."""
        return cls(Counter(counts), candidate_digest, error_digest)


PLURALS: Final = {
    RosterKind.SCHOOL: "schools",
    RosterKind.TEACHER: "teachers",
    RosterKind.CLASS: "classes",
    RosterKind.STUDENT: "students",
}


def plan_counts(tally: Tally) -> dict[str, dict[str, int]]:
    """Return what the plan changes, by kind."""
    return {kind.value: counts for kind, counts in tally.plan().items()}


def roster_counts(tally: Tally) -> dict[str, int]:
    """Return the size of the candidate roster, by kind, in the words of messages."""
    return {PLURALS[kind]: count for kind, count in tally.roster().items()}


def roster_summary(tally: Tally) -> dict[str, Any]:
    """Return the candidate roster as a commit of it tells of it: its size, and its digest as the proof."""
    return {**roster_counts(tally), "digest": to_hex(tally.candidate_digest)}
