"""Suggesting section filters: the search runs in a thread of its own, and ends in time or when asked to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from worker.domain.roster.section_filter import SectionFilter
from worker.runtime.progress import Progress, no_progress
from worker.suggest.deadline import Deadline
from worker.suggest.picture import DistrictPicture
from worker.suggest.search import MOST_SUGGESTIONS
from worker.suggest.suggestions import Suggestion, offered, suggest

NO_CLASSES: Final[Mapping[str, int]] = MappingProxyType({})
FEW_PERCENT: Final = 1
"""Of the students whose class stands: so many may lose it by a filter that is suggested."""


async def search(
    picture: Callable[[], DistrictPicture],
    in_force: SectionFilter,
    seconds: float,
    progress: Progress = no_progress,
    classes: Mapping[str, int] = NO_CLASSES,
    offers: Sequence[SectionFilter] = (),
) -> list[Suggestion]:
    """Return the best section filters for a district, by a search of at most about `seconds` in a thread.

    `picture` is asked for the district in that thread. A cancelled search ends at its next look at the clock.
    Of a rostered district `classes` are the classes of the last commit whose sections still list so many of
    their students: a filter that takes more than a few students out of these is not suggested. Filters that
    were worked out otherwise (`offers`) come first, unless a better one is found.
    """
    deadline = Deadline(seconds)

    def found() -> list[Suggestion]:
        district = picture()
        survey = district.within(in_force)
        best = suggest(survey, in_force, deadline, progress, is_rostered=bool(classes))
        for offer in offers:
            best = with_offer(offered(district.within(offer), offer), best)
        most = sum(classes.values()) * FEW_PERCENT / 100
        return [one for one in best if district.taken_out(one.section_filter, classes) <= most]

    try:
        return await asyncio.to_thread(found)
    finally:
        deadline.cancel()


def with_offer(offer: Suggestion, found: list[Suggestion]) -> list[Suggestion]:
    """Return the suggestions with one that was offered first, unless another one places more students."""
    if any(one.exactly_one > offer.exactly_one for one in found):
        return found
    others = [one for one in found if one.section_filter != offer.section_filter]
    return [offer, *others][:MOST_SUGGESTIONS]
