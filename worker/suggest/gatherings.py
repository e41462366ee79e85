"""Sections in which several classes come together: the meeting of a team, of a house, of a whole grade.

By count, and often by its words, a meeting is as good as a class. But its students have no lesson with so
many others, and are divided among smaller sections that may be their class.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.class_shape import SMALLEST_CLASS, chunks
from worker.suggest.columns import Bools
from worker.suggest.evidence import Kind
from worker.suggest.survey import Survey

OF_A_GATHERING: Final = 0.6
"""Of its students: no more sit in any of their lessons, nor in what may be their class."""
NEARLY_ALL: Final = 0.9
"""Of its students, for whom that is so."""
_LESSONS: Final = (Kind.READING, Kind.MATH, Kind.CORE)
_NO_LESSONS: Final = (Kind.HOMEROOM, Kind.CLASS, Kind.UNKNOWN)


def gatherings(survey: Survey, seats: npt.NDArray[np.int64], kinds: npt.NDArray[np.int8]) -> Bools:
    """Return which sections bring several classes together, of those that are no lessons nor homerooms.

    `seats` are the students of the survey in each section.
    """
    may_be_class = np.isin(kinds, _NO_LESSONS)
    in_lesson = np.where(np.isin(kinds, _LESSONS), seats, 0)
    in_class = np.where(may_be_class & (seats >= SMALLEST_CLASS), seats, np.iinfo(np.int64).max)
    agreeing = np.zeros(survey.sections)
    for first, last in chunks(survey):
        begin, end = int(survey.starts[first]), int(survey.starts[last])
        if begin == end:
            continue
        sections, sizes = survey.edge_section[begin:end], np.diff(survey.starts[first : last + 1])
        starts = (survey.starts[first:last] - begin)[sizes > 0]
        sizes = sizes[sizes > 0]
        lesson = np.repeat(np.maximum.reduceat(in_lesson[sections], starts), sizes)
        smallest = np.repeat(np.minimum.reduceat(in_class[sections], starts), sizes)
        most = OF_A_GATHERING * seats[sections]
        agrees = (lesson > 0) & (lesson <= most) & (smallest <= most)
        agreeing += np.bincount(sections, weights=agrees, minlength=survey.sections)
    unsaid = may_be_class & (kinds != Kind.HOMEROOM) & (seats > 0)
    found: Bools = unsaid & (agreeing >= NEARLY_ALL * seats)
    return found
