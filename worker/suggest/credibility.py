"""Which of the students with exactly one section may well have their class by it.

What is not called a class must give one to nearly everybody of a school and grade: an elective that half of
them take is no class of theirs. Nor is English for most of them, and history for those who have no English.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.columns import Bools, Ints
from worker.suggest.survey import Survey

NEARLY_ALL: Final = 0.9
"""Of the students of a school and grade, by one rule that is not called a class."""
MORE_OF_MANY: Final = 0.03
"""The same, for each such rule more that places any of them: with many, some fit by chance."""
ALL: Final = 0.99
"""The most that is asked for."""
MOST: Final = 0.6
"""Of the students of a school, and of those whom such rules place: less is a part that fits by chance."""


def credible(
    survey: Survey, single: Bools, called: Bools, uncalled: Sequence[Bools], lessons: Sequence[Bools]
) -> float:
    """Return how many students with a single section may have their class by it.

    `called` are those who sit in what is called a class, `uncalled` those whom each rule for something else
    places, `lessons` those whom each kind of lesson places, if there are several.
    """
    if not uncalled:
        return float(single.sum())
    if len(lessons) > 1:
        single = single & (called | _by_the_lesson_of_most(survey, lessons))
    reached = _reached(single, survey.cells, _least(survey, uncalled)) & _reached(
        single, survey.student_school + 1, MOST
    )
    reached &= ~_reached(called, survey.cells, NEARLY_ALL)  # a few without a class are told of, not filled up
    others = single & ~called
    believed = float((others & reached).sum())
    return float((single & called).sum()) + (believed if believed >= MOST * others.sum() else 0.0)


def _least(survey: Survey, uncalled: Sequence[Bools]) -> npt.NDArray[np.float64]:
    """Return for each school and grade what is asked of the rules that place any of its students."""
    size = int(survey.cells.max()) + 1
    rules = np.zeros(size)
    for one in uncalled:
        rules += np.bincount(survey.cells[one], minlength=size) > 0
    least: npt.NDArray[np.float64] = np.minimum(ALL, NEARLY_ALL + MORE_OF_MANY * np.maximum(rules - 1, 0))
    return least


def _by_the_lesson_of_most(survey: Survey, lessons: Sequence[Bools]) -> Bools:
    """Return who is placed by no lesson, or by the one that places the most of the same school and grade."""
    size = int(survey.cells.max()) + 1
    counts = np.array([np.bincount(survey.cells[one], minlength=size) for one in lessons])
    most = counts.argmax(axis=0)[survey.cells]
    by_most = np.logical_or.reduce([one & (most == place) for place, one in enumerate(lessons)])
    found: Bools = by_most | ~np.logical_or.reduce(list(lessons))
    return found


def _reached(
    single: Bools, places: Ints | npt.NDArray[np.int64], least: float | npt.NDArray[np.float64]
) -> Bools:
    """Return for each student whether so large a share of those at the same place have exactly one."""
    everybody = np.bincount(places)
    ones = np.bincount(places[single], minlength=len(everybody))
    reached: Bools = (ones >= least * everybody)[places]
    return reached
