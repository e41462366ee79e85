"""Suggesting section filters: the search runs in a thread of its own, and ends in time or when asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from worker.domain.roster.section_filter import SectionFilter
from worker.runtime.progress import Progress, no_progress
from worker.suggest.deadline import Deadline
from worker.suggest.picture import DistrictPicture
from worker.suggest.suggestions import Suggestion, suggest


async def search(
    picture: Callable[[], DistrictPicture],
    in_force: SectionFilter,
    seconds: float,
    progress: Progress = no_progress,
) -> list[Suggestion]:
    """Return the best section filters for a district, by a search of at most about `seconds` in a thread.

    `picture` is asked for the district in that thread. A cancelled search ends at its next look at the clock.
    """
    deadline = Deadline(seconds)
    try:
        return await asyncio.to_thread(
            lambda: suggest(picture().within(in_force), in_force, deadline, progress)
        )
    finally:
        deadline.cancel()
