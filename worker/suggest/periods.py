"""Whether the number of a period says anything: hardly where a class has one teacher for all of the day.

Attendance is taken in the first period where students change rooms. In an elementary school each period
gives every student one section, and the first of them is no better than the others.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.texts import folded
from worker.suggest.columns import BLANK
from worker.suggest.survey import Survey

YOUNG: Final = frozenset(
    {
        *("infanttoddler", "preschool", "prekindergarten", "pk", "tk", "transitionalkindergarten"),
        *("kindergarten", "k", "1", "2", "3", "4", "5"),
    }
)
MOST_STUDENTS: Final = 800
"""That are looked at, spread evenly."""
ALIKE: Final = 0.9
"""Of the young students: so many have exactly one section in a period that counts as well as another."""
FEWEST_ALIKE: Final = 3
"""Periods that count alike, from which on the number of one says nothing."""


def young_shares(survey: Survey) -> npt.NDArray[np.float64]:
    """Return for each section the share of its students who are in an elementary grade."""
    young = np.repeat(_young(survey), np.diff(survey.starts))
    seats = np.bincount(survey.edge_section, minlength=survey.sections)
    of_young = np.bincount(survey.edge_section, weights=young, minlength=survey.sections)
    shares: npt.NDArray[np.float64] = of_young / np.maximum(seats, 1)
    return shares


def periods_are_alike(survey: Survey) -> bool:
    """Whether several periods give nearly every young student exactly one section."""
    young = np.flatnonzero(_young(survey))
    if not len(young):
        return False
    some = young[:: max(1, len(young) // MOST_STUDENTS)]
    codes = survey.columns["period"].codes
    ones: dict[int, int] = {}
    for student in some.tolist():
        of = codes[survey.edge_section[survey.starts[student] : survey.starts[student + 1]]]
        values, times = np.unique(of[of != BLANK], return_counts=True)
        for value in values[times == 1].tolist():
            ones[value] = ones.get(value, 0) + 1
    return sum(count >= ALIKE * len(some) for count in ones.values()) >= FEWEST_ALIKE


def _young(survey: Survey) -> npt.NDArray[np.bool_]:
    grades = np.array([folded(grade) in YOUNG for grade in survey.grades], dtype=np.bool_)
    young: npt.NDArray[np.bool_] = grades[survey.student_grade]
    return young
