"""Which of the students with exactly one section may well have their class by it.

What is not called a class must give one to nearly everybody of a school and grade: an elective that half of
them take is no class of theirs.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.columns import Bools, Ints
from worker.suggest.survey import Survey

NEARLY_ALL: Final = 0.9
"""Of the students of a school and grade, by one rule that is not called a class."""
MORE_OF_MANY: Final = 0.03
"""The same, for each such rule more: with many, some fit by chance."""
ALL: Final = 0.99
"""The most that is asked for."""
MOST: Final = 0.6
"""Of the students of a school, and of those whom such rules place: less is a part that fits by chance."""


def credible(survey: Survey, single: Bools, called: Bools, uncalled: int) -> float:
    """Return how many students with a single section may have their class by it.

    `called` are those who sit in what is called a class, `uncalled` is the number of rules for other things.
    """
    if not uncalled:
        return float(single.sum())
    least = min(ALL, NEARLY_ALL + MORE_OF_MANY * (uncalled - 1))
    reached = _reached(single, survey.cells, least) & _reached(single, survey.student_school + 1, MOST)
    reached &= ~_reached(called, survey.cells, NEARLY_ALL)  # a few without a class are told of, not filled up
    others = single & ~called
    believed = float((others & reached).sum())
    return float((single & called).sum()) + (believed if believed >= MOST * others.sum() else 0.0)


def _reached(single: Bools, places: Ints | npt.NDArray[np.int64], least: float) -> Bools:
    """Return for each student whether so large a share of those at the same place have exactly one."""
    everybody = np.bincount(places)
    ones = np.bincount(places[single], minlength=len(everybody))
    reached: Bools = (ones >= least * everybody)[places]
    return reached
