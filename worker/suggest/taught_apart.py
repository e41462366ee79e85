"""Students who have all their lessons in a class of a program, with its teacher: that one is their class.

A special day class goes through the day together. Its students may be listed in a homeroom as well, whose
teacher teaches them nothing. Who is pulled out for an hour or two has lessons with others besides, and stays
a student of the homeroom.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.columns import Bools
from worker.suggest.evidence import Kind, TextFlags
from worker.suggest.lesson_words import Says
from worker.suggest.survey import Survey

LEAST_LESSONS: Final = 2
"""With the teacher of the program, beside its class."""
MOST: Final = 0.8
"""Of the students of a class: so many must be taught there alone."""
_CORE: Final = (Kind.READING, Kind.MATH, Kind.CORE)


@dataclass(frozen=True)
class TaughtApart:
    """Which students are taught apart, and which sections are classes of such students."""

    students: Bools
    classes: Bools

    @property
    def are_any(self) -> bool:
        """Whether the district has such students."""
        return bool(self.students.any())


def taught_apart(survey: Survey, kinds: npt.NDArray[np.int8], texts: TextFlags) -> TaughtApart:
    """Return who is taught apart, and where: of several sections, in those that are called a class."""
    rooms = texts.is_program & _have_teachers(survey)
    called = ((texts.lesson & Says.CLASS) > 0) | texts.is_home
    nobody = TaughtApart(np.zeros(survey.students, dtype=np.bool_), np.zeros(survey.sections, dtype=np.bool_))
    if not rooms.any():
        return nobody
    pairs = _pairs(survey, rooms)
    lessons, elsewhere = _lessons(survey, pairs, np.isin(kinds, _CORE), rooms)
    is_apart = (lessons >= LEAST_LESSONS) & (elsewhere == 0)
    seats = np.bincount(pairs.rooms, minlength=survey.sections)
    apart = np.bincount(pairs.rooms[is_apart], minlength=survey.sections)
    classes = rooms & (apart > 0) & (apart >= MOST * seats)
    if not classes.any():
        return nobody
    students = survey.counts(classes) > 0
    in_called = survey.counts(classes & called) > 0
    beside = pairs.rooms[in_called[pairs.students]]
    less = np.bincount(beside, minlength=survey.sections) >= MOST * np.maximum(seats, 1)
    return TaughtApart(students, classes & (called | ~less))


@dataclass(frozen=True)
class _Pairs:
    """Side by side: students, and a room that each of them is in."""

    students: npt.NDArray[np.int64]
    rooms: npt.NDArray[np.int64]


def _have_teachers(survey: Survey) -> Bools:
    return np.array([bool(some) for some in survey.teachers], dtype=np.bool_)[survey.section_teachers]


def _pairs(survey: Survey, rooms: Bools) -> _Pairs:
    edges = np.flatnonzero(rooms[survey.edge_section])
    students = np.searchsorted(survey.starts, edges, side="right") - 1
    return _Pairs(students.astype(np.int64), survey.edge_section[edges].astype(np.int64))


def _lessons(
    survey: Survey, pairs: _Pairs, core: Bools, rooms: Bools
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return for each pair the student's lessons with the room's teachers, and those with others."""
    starts, sizes = survey.starts[pairs.students], np.diff(survey.starts)[pairs.students]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    sections = survey.edge_section[np.repeat(starts, sizes) + offsets]
    room = np.repeat(pairs.rooms, sizes)
    own = survey.section_teachers[sections] == survey.section_teachers[room]
    is_core = core[sections]
    is_other_room = rooms[sections] & (sections != room)
    lessons = np.bincount(owner[own & (is_core | is_other_room)], minlength=len(sizes))
    return lessons, np.bincount(owner[~own & is_core], minlength=len(sizes))
