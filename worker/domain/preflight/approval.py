"""Approvals: a person's single-use yes to one plan, which waives the guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code, Policy, Severity
from worker.domain.preflight.turnover import students_text
from worker.domain.roster.canonical import MODULUS, to_hex

REMOVAL_GUARDS: Final = frozenset({Code.DISTRICT_MASS_REMOVAL, Code.SCHOOL_MASS_REMOVAL})
CLASS_CHANGE_GUARDS: Final = frozenset({Code.DISTRICT_CLASS_CHANGE, Code.SCHOOL_CLASS_CHANGE})
GUARDS: Final = REMOVAL_GUARDS | CLASS_CHANGE_GUARDS
"""The findings that ask a person whether a plan is meant; all others say that something is wrong."""

LISTED_GUARDS: Final = 3
"""Guard findings that a refused approval names."""


class Ending(StrEnum):
    """How an approval ended; the values stand in the database."""

    USED = "used"
    VOID = "void"


@dataclass(frozen=True, slots=True)
class Approval:
    """An open approval: of the plan with this digest, when the district had so many commits."""

    id: int
    plan: int
    commit_sequence: int

    def fits(self, plan: int, commit_sequence: int) -> bool:
        """Whether this is the plan that was approved: from the same committed roster to the same one."""
        return self.plan == plan % MODULUS and self.commit_sequence == commit_sequence


@dataclass(frozen=True, slots=True)
class Ended:
    """That an approval ended, and why."""

    how: Ending
    why: str


def guard_errors(by_code: Mapping[str, int], policy: Policy) -> int:
    """Return how many of the open findings are guards that hold the district back."""
    return sum(by_code.get(code, 0) for code in GUARDS if policy.severity(code) is Severity.ERROR)


def ending(approval: Approval, *, plan: int, before: int, after: int, was_needed: bool) -> Ended | None:
    """Return how an evaluation ended an approval; None where it is still open.

    `plan` is the evaluation's; `before` and `after` are the district's commits around it, and `was_needed`
    says that its commit would not have been made without the approval.
    """
    if approval.plan != plan % MODULUS:
        return Ended(Ending.VOID, f"the plan changed: it is now {to_hex(plan)}")
    if approval.commit_sequence != before:
        return Ended(Ending.VOID, f"the plan {to_hex(plan)} is another one since commit {before}")
    if before == after:
        return None
    if was_needed:
        return Ended(Ending.USED, f"commit {after}")
    return Ended(Ending.VOID, f"commit {after} needed no approval")


def plan_text(counts: Mapping[str, Mapping[str, int]]) -> str:
    """Return what a plan changes, by kind, in words."""
    parts = [
        f"{kind}: {ops['upserted']:,} upserted, {ops['removed']:,} removed"
        for kind, ops in counts.items()
        if any(ops.values())
    ]
    return "; ".join(parts) or "nothing to commit"


def guards_text(guards: Sequence[Finding]) -> str:
    """Return the guards that stand, in words."""
    listed = [
        f"{finding.code.value} on {finding.record_id} ({guarded_text(finding.detail)})" for finding in guards
    ]
    more = len(listed) - LISTED_GUARDS
    told = "; ".join(listed[:LISTED_GUARDS]) + (f"; and {more:,} more" if more > 0 else "")
    return told or "no guard"


def guarded_text(detail: Mapping[str, Any]) -> str:
    """Return what a guard's finding counts, in words."""
    if "class_changes" in detail:
        what = f"{detail['class_changes']:,} of {students_text(detail['committed'])} change class"
    else:
        what = f"{detail['removed']:,} of {students_text(detail['committed'])}"
    earlier = f", {detail['earlier']:,} of them already committed" if detail.get("earlier") else ""
    return f"{what}{earlier}, limit {detail['limit_percent']:g} %"
