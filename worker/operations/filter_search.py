"""A search for section filters that a person orders: what it finds is kept with the district."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from worker.domain.review.sharing_rules import MAY_NAME
from worker.operations.districts import Districts
from worker.runtime.progress import Progress, no_progress
from worker.suggest.picture import DistrictPicture
from worker.suggest.service import search
from worker.suggest.suggestions import Suggestion


async def find_filters(
    districts: Districts,
    district_id: str,
    picture: Callable[[], DistrictPicture],
    seconds: float,
    progress: Progress = no_progress,
    *,
    classes: Mapping[str, int],
) -> list[Suggestion]:
    """Return the best section filters for a district, by a search of at most about `seconds`.

    `classes` are those of the last commit with how many of their students their sections still list: as in
    a review, no filter is suggested that takes more than a few students out of them.
    One that may name a person is kept without its words: a district may be asked for what is kept.
    """
    in_force = (await districts.current_filter(district_id)).section_filter
    found = await search(picture, in_force, seconds, progress, classes)
    await districts.keep_search(district_id, [_kept(one) for one in found])
    return found


def _kept(one: Suggestion) -> dict[str, Any]:
    without_words = {"filter": None, "text": None, "sharing_rules": False, "why_not_shared": MAY_NAME}
    return one.to_json() | ({} if one.names_nobody else without_words)
