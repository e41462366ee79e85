"""The fold: from the figures of a district to its causes, the one that blocks most students first."""

from __future__ import annotations

from schemas.messages.review import Cause
from worker.domain.review.causes.district import pile_up_others
from worker.domain.review.causes.facts import CauseFacts
from worker.domain.review.causes.reasons import ErrorReason
from worker.domain.review.causes.remedies import advice
from worker.domain.review.causes.students import pile_up


def fold(facts: CauseFacts) -> list[Cause]:
    """Return the causes of all the district's errors, each error in just one of them."""
    piles = {**pile_up(facts), **pile_up_others(facts)}
    causes = [
        pile.cause(reason.code, reason.owner, advice(reason, pile, facts), _field(reason))
        for reason, pile in piles.items()
    ]
    return sorted(causes, key=_order)


def _field(reason: ErrorReason) -> str | None:
    if " " in reason.field:  # several at once
        return None
    return reason.field or (reason.fate.field if reason.fate else None) or None


def _order(cause: Cause) -> tuple[int, int, str, str]:
    weight = max(filter(None, (cause.students, cause.removed, cause.class_changes)), default=0)
    return (-weight, -cause.unblocks, cause.code, cause.advice)
