"""What a decision says: the bodies of commits, reviews and alerts, as JSON values.

`schemas.messages` is the model of their shape; a test holds these to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from schemas.words import Trigger
from worker.domain.messages.size_limit import truncated
from worker.domain.preflight.checks import ErrorChanges, StandingFinding
from worker.domain.preflight.tally import Tally, plan_counts
from worker.domain.review.causes.model import Cause
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.clever_sync import sync_state
from worker.domain.roster.timestamps import instant

COMMIT_SCHEMA: Final = "rostering.commit/v1"
REVIEW_SCHEMA: Final = "rostering.review/v1"

REVIEW_ITEMS: Final = 500
"""Findings that a review lists; its totals count all."""


@dataclass(frozen=True, slots=True)
class Batch:
    """The batch that a decision was made on."""

    id: str
    trigger: Trigger
    events: int
    opened_at: datetime
    closed_at: datetime

    def to_json(self) -> dict[str, Any]:
        """Return it as it stands in messages."""
        return {
            "batch_id": self.id,
            "trigger": self.trigger.value,
            "events": self.events,
            "opened_at": instant(self.opened_at),
            "closed_at": instant(self.closed_at),
        }


def commit_envelope(
    *,
    district_id: str,
    commit_id: str,
    previous_commit_id: str | None,
    sequence: int,
    batch: Batch,
    counts: Mapping[str, Mapping[str, int]],
    roster: Mapping[str, Any],
    rolled_back_to: int | None = None,
) -> dict[str, Any]:
    """Return a commit without what differs between its parts.

    `counts` is what it changes, `roster` tells of the roster after it; `rolled_back_to` is the sequence of
    the commit after which the roster was the same, where it is a rollback.
    """
    return {
        "schema": COMMIT_SCHEMA,
        "commit_id": commit_id,
        "district_id": district_id,
        "sequence": sequence,
        "previous_commit_id": previous_commit_id,
        "rolled_back_to": rolled_back_to,
        "decided_at": instant(batch.closed_at),
        "batch": batch.to_json(),
        "counts": counts,
        "roster": roster,
    }


def review_body(
    *,
    district_id: str,
    review_id: str,
    sequence: int,
    standing_since: datetime,
    batch: Batch,
    tally: Tally,
    changed: ErrorChanges,
    items: Sequence[StandingFinding],
    district: Mapping[str, Any] | None,
    causes: Sequence[Cause] = (),
    suggestions: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return a review; `changed` is what differs from the last one, `causes` fold all the errors.

    Its lists are shortened where it would be too large for a message.
    """
    standing = standing_errors(causes, changed.new)
    dates = [cause.since for cause in causes if cause.since]
    review = {
        "schema": REVIEW_SCHEMA,
        "review_id": review_id,
        "district_id": district_id,
        "sequence": sequence,
        "decided_at": instant(batch.closed_at),
        "standing_since": instant(standing_since),
        "batch": batch.to_json(),
        "students": {
            "total": tally.students,
            "ready": tally.students - tally.blocked,
            "blocked": tally.blocked,
            "outside_scope": tally.outside_scope,
        },
        "findings": {
            "errors": tally.errors,
            "warnings": tally.warnings,
            "by_code": tally.by_code(),
            "new": sum(changed.new.values()),
            "resolved": sum(changed.resolved.values()),
            "standing": sum(standing.values()),
            "changes": {
                "new": dict(changed.new),
                "resolved": dict(changed.resolved),
                "standing": standing,
            },
            "since": instant(min(dates)) if dates else None,
            "items": [{**item.finding.item, "since": instant(item.since)} for item in items],
        },
        "causes": [cause_json(cause) for cause in causes],
        "suggestions": [dict(suggestion) for suggestion in suggestions],
        "sync": sync_state(district, batch.closed_at),
        "plan": {"digest": to_hex(tally.candidate_digest), "counts": plan_counts(tally)},
    }
    return truncated(review)


def standing_errors(causes: Sequence[Cause], new: Mapping[str, int]) -> dict[str, int]:
    """Return how many open errors the last review told already, by code."""
    errors: Counter[str] = Counter()
    for cause in causes:
        errors.update(cause.findings)
    return {
        code: count - new.get(code, 0) for code, count in sorted(errors.items()) if count > new.get(code, 0)
    }


def cause_json(cause: Cause) -> dict[str, Any]:
    """Return a cause as it stands in a review."""
    return {
        "code": cause.code,
        "owner": cause.owner.value,
        "students": cause.students,
        "unblocks": cause.unblocks,
        "removed": cause.removed,
        "class_changes": cause.class_changes,
        "findings": dict(cause.findings),
        "field": cause.field,
        "schools": list(cause.schools),
        "school_count": cause.school_count,
        "grades": list(cause.grades),
        "sections": list(cause.sections),
        "since": instant(cause.since) if cause.since else None,
        "advice": cause.advice,
    }
