"""Sections that put together students of many classes: a pack, a family, a crew across the grades.

By its words and its size such a group is as good as a class. But in an elementary school where classes go
through the day together, the class is the section whose students have their lessons together as well.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.class_shape import LARGEST_CLASS, SMALLEST_CLASS, chunks
from worker.suggest.columns import Bools
from worker.suggest.evidence import Kind
from worker.suggest.survey import Survey

TOGETHER: Final = 0.8
"""Of the students of a class: so many sit in one lesson of theirs."""
SCATTERED: Final = 0.65
"""Of the students of a group across classes: no more sit in any lesson of theirs. Of two classes half do."""
ONE_GRADE: Final = 0.65
"""Of the students of a homeroom: where more are of one grade, it stays one."""
NEARLY_ALL: Final = 0.9
"""Of its students, who have another section that may be their class, and whose students stay together."""
_MAY_BE_CLASS: Final = (Kind.HOMEROOM, Kind.CLASS, Kind.UNKNOWN)
_CALLED: Final = (Kind.HOMEROOM, Kind.CLASS)
_SHARED: Final = (Kind.READING, Kind.MATH, Kind.CORE, Kind.SPECIAL)
Floats = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]


def scattered(
    survey: Survey, kinds: npt.NDArray[np.int8], seats: Places, may_stay: Bools, young: Bools
) -> Bools:
    """Return which of the `young` sections are groups across classes, where their students have a class.

    `seats` are the students of the survey in each section, `may_stay` the sections whose teachers and sizes
    are those of a class.
    """
    fits = (seats >= SMALLEST_CLASS) & (seats <= LARGEST_CLASS)
    candidates = np.isin(kinds, _MAY_BE_CLASS) & fits
    choosing = survey.counts(candidates & young) > 1
    none = np.zeros(survey.sections, dtype=np.bool_)
    if not choosing.any():
        return none
    shares = _shares(survey, candidates, np.isin(kinds, _SHARED) & fits, choosing)
    apart = candidates & young & (shares >= 0) & (shares <= SCATTERED)
    if not apart.any():
        return none
    stays = candidates & may_stay & (shares >= TOGETHER)
    is_called = np.isin(kinds, _CALLED)
    old = candidates & ~young & is_called  # where students change rooms, nobody stays together
    of_homeroom = _have(survey, (stays & is_called) | old) >= NEARLY_ALL * seats
    of_others = _have(survey, stays | old) >= NEARLY_ALL * seats
    of_homeroom &= _largest_grade(survey) <= ONE_GRADE * seats
    found: Bools = apart & np.where(kinds == Kind.HOMEROOM, of_homeroom, of_others)
    return found


def _largest_grade(survey: Survey) -> Places:
    """Return how many students of each section are of the grade that most of them are of."""
    grades = len(survey.grades)
    of = (
        np.repeat(survey.student_grade, np.diff(survey.starts))
        + survey.edge_section.astype(np.int64) * grades
    )
    counts = np.bincount(of, minlength=survey.sections * grades).reshape(survey.sections, grades)
    largest: Places = counts.max(axis=1)
    return largest


def _have(survey: Survey, wanted: Bools) -> Floats:
    """Return how many students of each section have one of those wanted."""
    has_one = np.repeat(survey.counts(wanted) > 0, np.diff(survey.starts)).astype(np.float64)
    return np.bincount(survey.edge_section, weights=has_one, minlength=survey.sections).astype(np.float64)


def _shares(survey: Survey, candidates: Bools, lessons: Bools, choosing: Bools) -> Floats:
    """Return for each candidate what share of its students a student meets in a lesson, at most, on average.

    Only of students who have several candidates; -1 where none of them sits.
    """
    total, number = np.zeros(survey.sections), np.zeros(survey.sections)
    for first, last in chunks(survey):
        edges = np.arange(survey.starts[first], survey.starts[last])
        owners: Places = np.repeat(np.arange(last - first), np.diff(survey.starts[first : last + 1]))
        sections = survey.edge_section[edges].astype(np.int64)
        stays = choosing[first:last][owners]
        owners, sections = owners[stays], sections[stays]
        among = candidates[sections]
        of, candidate = owners[among], sections[among]
        here = np.bincount(candidate, minlength=survey.sections)
        met = _met(of, candidate, owners[lessons[sections]], sections[lessons[sections]], survey.sections)
        total += np.bincount(candidate, weights=met / here[candidate], minlength=survey.sections)
        number += here
    return np.where(number > 0, total / np.maximum(number, 1), -1.0)


def _met(of: Places, candidate: Places, owners: Places, lesson: Places, sections: int) -> Floats:
    """Return for each seat in a candidate how many of its students the student meets in one lesson, at most.

    `of` and `owners` are the students of the seats in candidates and in lessons, both in order.
    """
    begins, ends = np.searchsorted(owners, of, side="left"), np.searchsorted(owners, of, side="right")
    sizes = ends - begins
    offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    pairs = np.repeat(candidate, sizes) * sections + lesson[np.repeat(begins, sizes) + offsets]
    _, which, times = np.unique(pairs, return_inverse=True, return_counts=True)
    met = np.zeros(len(of))
    np.maximum.at(met, np.repeat(np.arange(len(of)), sizes), times[which])
    return met
