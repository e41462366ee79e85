"""Suggesting section filters: the search runs in a thread of its own, and ends in time or when asked to."""

from __future__ import annotations

import asyncio

from worker.domain.roster.section_filter import SectionFilter
from worker.runtime.progress import Progress, no_progress
from worker.suggest.deadline import Deadline
from worker.suggest.suggestions import Suggestion, suggest
from worker.suggest.survey import SurveyBuilder
from worker.suggest.survey_store import Surveys


async def suggest_filters(
    surveys: Surveys, district_id: str, seconds: float, progress: Progress = no_progress
) -> list[Suggestion]:
    """Return the best section filters for a district as it is staged now; changes nothing.

    The search takes at most about `seconds`, reading the district not counted. Raises `UnknownDistrictError`.
    """
    survey = await surveys.of(district_id)
    return await search(survey.builder, survey.in_force, seconds, progress)


async def search(
    builder: SurveyBuilder, in_force: SectionFilter, seconds: float, progress: Progress = no_progress
) -> list[Suggestion]:
    """Search in a thread; a cancelled search ends at its next look at the clock."""
    deadline = Deadline(seconds)
    try:
        return await asyncio.to_thread(lambda: suggest(builder.build(), in_force, deadline, progress))
    finally:
        deadline.cancel()
