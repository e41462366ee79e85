"""When a review says which section filter would serve better, and when it need not search for it anew."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from worker.domain.policy import Code
from worker.domain.tally import Tally

FEW_PERCENT: Final = 1.0
"""Of a rostered district's students without exactly one class: so few are no fault of the filter."""
DRIFT_PERCENT: Final = 10.0
"""By so much the number of those students may differ from when the suggestions were found."""
DRIFT_STUDENTS_PERCENT: Final = 0.2
"""Or by so much of all students: what single students do is no reason to search a large district again."""
STALE: Final = timedelta(days=1)
"""Older suggestions are looked for anew."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Suggestions as they stand in reviews, with what they were found for."""

    made_at: datetime
    filter_version: int
    unplaced: int
    suggestions: Sequence[dict[str, Any]]

    def still_holds(self, now: datetime, filter_version: int, unplaced: int, students: int) -> bool:
        """Whether the district is much as it was, so that a search would find the same."""
        drift = abs(unplaced - self.unplaced) * 100
        is_small = drift <= max(DRIFT_PERCENT * self.unplaced, DRIFT_STUDENTS_PERCENT * students)
        return is_small and filter_version == self.filter_version and now - self.made_at < STALE


def unplaced(tally: Tally) -> int:
    """Return how many students in scope do not have exactly one class."""
    by_code = tally.by_code()
    return by_code.get(Code.NO_SECTION, 0) + by_code.get(Code.MULTIPLE_SECTIONS, 0)


def is_wanted(tally: Tally, *, was_rostered: bool) -> bool:
    """Whether another section filter may be what the district needs."""
    count = unplaced(tally)
    if not was_rostered:
        return count > 0
    return count * 100 > tally.students * FEW_PERCENT
