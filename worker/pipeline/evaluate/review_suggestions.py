"""What a review suggests: section filters found before where they still hold, or a new search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import structlog

from schemas.messages.review import Cause
from schemas.timestamps import instant
from worker.domain.preflight.tally import Tally
from worker.domain.review.kept_suggestions import (
    KeptSuggestions,
    is_wanted,
    lies_in_filter,
    search_input,
    unplaced,
)
from worker.domain.roster.section_filter import SectionFilter
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.runtime import logs
from worker.suggest.service import search
from worker.suggest.suggestions import Suggestion


async def advise(
    evaluation: Evaluation, causes: Sequence[Cause], seconds: float, offers: Sequence[SectionFilter] = ()
) -> Sequence[dict[str, Any]]:
    """Return suggestions for the review of a district under evaluation: those found before, or new ones.

    `causes` are those of the review, `offers` filters that their figures led to. None where the filter is not
    what is wrong, or where `seconds` allows no search. None takes students of a rostered district out of
    classes that still list them. The filter in force is left out where it may name somebody: a review is read
    by everybody.
    """
    state, now = evaluation.state, evaluation.window.now
    was_rostered = state.last_commit_id is not None
    if seconds <= 0 or not is_wanted(state.tally, causes, was_rostered=was_rostered):
        return ()
    found_for = search_input(state.tally, state.filter_version, state.search_input_batch)
    known = await evaluation.advice()
    if known is not None and known.still_holds(now, found_for, state.tally.students, state.policy.time_zone):
        return known.suggestions
    picture = await evaluation.picture()
    classes = await evaluation.standing_classes() if was_rostered else {}
    try:
        found = await search(picture.build, state.section_filter, seconds, classes=classes, offers=offers)
    except Exception as error:  # noqa: BLE001 — a review without suggestions is better than none
        structlog.get_logger().error(
            "suggestions.failed",
            district_id=evaluation.window.district_id,
            error=type(error).__name__,
            where=logs.where(error),
        )
        return ()
    if not any(map(lies_in_filter, causes)) and not _is_better(found, state.tally):
        found = []
    advice = KeptSuggestions(
        now, found_for, [{**one.to_json(), "as_of": instant(now)} for one in found if one.names_nobody]
    )
    await evaluation.keep_advice(advice)
    return advice.suggestions


def _is_better(found: Sequence[Suggestion], tally: Tally) -> bool:
    """Whether the best suggestion is not in force, and places more students than what is."""
    placed = tally.students - unplaced(tally)
    return bool(found) and not found[0].is_in_force and found[0].exactly_one > placed
