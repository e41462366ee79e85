"""The decision on a batch: commit, review, put off, or nothing to say."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from schemas.words import Trigger
from worker.domain.preflight.window import CUT_SHORT, WindowLimits, deferral_expired

_NAMESPACE: Final = uuid.UUID("6f0d7b0e-5c0f-4c43-9a51-4a2f2f6a9d11")


class Outcome(StrEnum):
    """What became of a batch; the values stand in the database and in metrics."""

    COMMIT = "commit"
    REVIEW = "review"
    DEFERRED = "deferred"
    UNCHANGED = "unchanged"
    HELD = "held"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The preflight's outcome, and what was last said of the district.

    `reported_digest` is that of the error findings in the review the district stands in, None where it
    stands in none. `guard_errors` are those of the errors that an approval waives, and `is_approved` says
    that a person approved this very plan.
    """

    errors: int
    error_digest: int
    plan_is_empty: bool
    reported_digest: int | None
    guard_errors: int
    is_approved: bool

    @property
    def passes(self) -> bool:
        """Whether nothing stands against a commit."""
        return not self.errors or (self.needs_approval and self.is_approved)

    @property
    def needs_approval(self) -> bool:
        """Whether guards are all that stands against one."""
        return 0 < self.errors == self.guard_errors


def decide(
    verdict: Verdict,
    trigger: Trigger,
    deferred_since: datetime | None,
    now: datetime,
    limits: WindowLimits,
) -> Outcome:
    """Decide on a batch that `trigger` closed at `now`. A hold turns a commit into `held` afterwards.

    An approval takes no events: what was put off before it is still in mid-change.
    """
    in_review = verdict.reported_digest is not None
    if verdict.passes:
        return Outcome.COMMIT if in_review or not verdict.plan_is_empty else Outcome.UNCHANGED
    if verdict.error_digest == verdict.reported_digest:
        return Outcome.UNCHANGED
    cut_short = trigger in CUT_SHORT or (trigger is Trigger.APPROVAL and deferred_since is not None)
    if cut_short and not deferral_expired(deferred_since, now, limits):
        return Outcome.DEFERRED
    return Outcome.REVIEW


def batch_id(district_id: str, number: int) -> str:
    """Return the id of a district's batch, the same whenever it is asked for."""
    return _identifier("batch", district_id, number)


def decision_id(outcome: Outcome, district_id: str, sequence: int) -> str:
    """Return the id of a district's commit or review by its sequence, the same whenever it is asked for."""
    return _identifier(outcome.value, district_id, sequence)


def alert_id(district_id: str, incident: str, status: str) -> str:
    """Return the id of an alert: one firing and one resolved for each incident."""
    return str(uuid.uuid5(_NAMESPACE, f"alert/{district_id}/{incident}/{status}"))


def _identifier(what: str, district_id: str, number: int) -> str:
    return str(uuid.uuid5(_NAMESPACE, f"{what}/{district_id}/{number}"))
