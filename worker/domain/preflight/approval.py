"""Approvals: a person's single-use yes to one plan, which waives the guards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from schemas.timestamps import instant
from schemas.words import Severity
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code, Policy
from worker.domain.preflight.tally import Tally, plan_counts
from worker.domain.roster.canonical import MODULUS, to_hex
from worker.runtime.count_text import counted

REMOVAL_GUARDS: Final = frozenset({Code.DISTRICT_MASS_REMOVAL, Code.SCHOOL_MASS_REMOVAL})
CLASS_CHANGE_GUARDS: Final = frozenset({Code.DISTRICT_CLASS_CHANGE, Code.SCHOOL_CLASS_CHANGE})
GUARDS: Final = REMOVAL_GUARDS | CLASS_CHANGE_GUARDS | {Code.KIND_VANISHED}
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
        return Ended(Ending.VOID, f"the plan {to_hex(plan)} changed with commit {before}")
    if before == after:
        return None
    if was_needed:
        return Ended(Ending.USED, f"commit {after}")
    return Ended(Ending.VOID, f"commit {after} needed no approval")


@dataclass(frozen=True, slots=True)
class Hold:
    """That a person stopped a district's commits: who, since when, and why."""

    actor: str
    held_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class PlanToApprove:
    """A district's plan, with all that can stand against approving it."""

    district_id: str
    plan: Tally
    guards: Sequence[Finding]
    """The open guards that hold the district back."""
    other_errors: Mapping[str, int]
    """The other open errors, by code."""
    hold: Hold | None


def why_not_approvable(found: PlanToApprove, wanted: str) -> str | None:
    """Return why an approval of the plan with this digest could not be used; None where it could."""
    district, digest = found.district_id, to_hex(found.plan.candidate_digest)
    if digest != wanted:
        return (
            f"the plan of district {district} changed: it is now {digest} "
            f"({plan_text(plan_counts(found.plan))}), blocked by {guards_text(found.guards)}"
        )
    if found.other_errors:
        errors = ", ".join(f"{code} {count:,}" for code, count in found.other_errors.items())
        return (
            f"the plan of district {district} has errors that an approval cannot waive: {errors}. Fix them "
            "first: an approval waives only guards, such as mass removals and class changes"
        )
    if not found.guards:
        return f"the plan of district {district} needs no approval: nothing blocks it"
    if found.hold is not None:
        return f"district {district} is on hold {hold_text(found.hold)}; resume it first"
    return None


def hold_text(hold: Hold | None) -> str:
    """Return who set a hold, since when and why; one that has just ended is not known any more."""
    return f"by {hold.actor} since {instant(hold.held_at)}: {hold.reason}" if hold else "for now"


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
    if "records" in detail:
        return f"all {detail['removed']:,} {detail['records']}"
    if "class_changes" in detail:
        what = f"{detail['class_changes']:,} of {counted(detail['committed'], 'student')} change class"
    else:
        what = f"{detail['removed']:,} of {counted(detail['committed'], 'student')}"
    earlier = f", {detail['earlier']:,} of them already committed" if detail.get("earlier") else ""
    return f"{what}{earlier}, limit {detail['limit_percent']:g} %"
