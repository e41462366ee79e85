"""What a review says, and how it and others tell of a district's students and its plan."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from schemas.messages import review
from schemas.messages.batch import Batch
from schemas.timestamps import instant
from worker.domain.messages.size_limit import truncated
from worker.domain.preflight.checks import ErrorChanges, StandingFinding
from worker.domain.preflight.tally import Tally, plan_counts
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.clever_sync import sync_state


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
    causes: Sequence[review.Cause] = (),
    suggestions: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return a review; `changed` is what differs from the last one, `causes` fold all the errors.

    Its lists are shortened where it would be too large for a message.
    """
    message = review.ReviewMessage(
        schema_name=review.REVIEW_SCHEMA,
        review_id=review_id,
        district_id=district_id,
        sequence=sequence,
        decided_at=batch.closed_at,
        standing_since=standing_since,
        batch=batch,
        students=students_summary(tally),
        findings=_findings(tally, changed, causes),
        causes=causes,
        suggestions=suggestions,
        sync=sync_state(district, batch.closed_at),
        plan=plan_summary(tally),
    )
    body = message.wire()
    # As they are kept, and their digest is taken: a model of each would cost more than all the rest.
    body["findings"]["items"] = [{**item.finding.item, "since": instant(item.since)} for item in items]
    return truncated(body)


def _findings(tally: Tally, changed: ErrorChanges, causes: Sequence[review.Cause]) -> review.FindingsSummary:
    standing = standing_errors(causes, changed.new)
    return review.FindingsSummary(
        errors=tally.errors,
        warnings=tally.warnings,
        by_code=tally.by_code(),
        new=sum(changed.new.values()),
        resolved=sum(changed.resolved.values()),
        standing=sum(standing.values()),
        changes=review.ErrorChanges(new=changed.new, resolved=changed.resolved, standing=standing),
        since=min((cause.since for cause in causes if cause.since), default=None),
        items=(),
    )


def students_summary(tally: Tally) -> review.StudentsSummary:
    """Return how many students are ready, and how many blocked."""
    return review.StudentsSummary(
        total=tally.students,
        ready=tally.students - tally.blocked,
        blocked=tally.blocked,
        outside_scope=tally.outside_scope,
    )


def plan_summary(tally: Tally) -> review.PlanSummary:
    """Return what would be committed."""
    return review.PlanSummary(digest=to_hex(tally.candidate_digest), counts=plan_counts(tally))


def standing_errors(causes: Sequence[review.Cause], new: Mapping[str, int]) -> dict[str, int]:
    """Return how many open errors the last review told already, by code."""
    errors: Counter[str] = Counter()
    for cause in causes:
        errors.update(cause.findings)
    return dict(errors - Counter(new))
