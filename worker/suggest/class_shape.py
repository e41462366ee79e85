"""What a class looks like, whatever it is called: a teacher of its own, and about as many as fit into a room.

The teacher of a class teaches few students. Who teaches art, or eats lunch, with every class of the school
teaches many. How many that is differs from school to school, so that each student's sections are compared
with the one whose teacher has the fewest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.columns import Ints
from worker.suggest.survey import Survey

Floats = npt.NDArray[np.float32]

AT_ONCE: Final = 100_000
"""Students looked at in one go: what is held for each of their seats is soon given back."""
LARGEST_CLASS: Final = 45
"""Students in one room."""
MANY_GROUPS: Final = 4
"""Times as many students as sit in the section: from here on its teacher has the groups of many others."""
ABOUT_ONCE: Final = 1.3
"""Sections of a teacher for each student of that teacher."""
TOGETHER: Final = 3
"""Sections of the same students."""
SMALLEST_CLASS: Final = 4
"""Fewer are pulled out of another section."""


@dataclass(frozen=True)
class ClassShape:
    """For each section: how many times as many students its teacher has as the teacher of their class."""

    sharing: Floats
    """1 where nobody teaches its students who teaches fewer others."""
    listed: Ints
    """Students of the survey who sit in it."""
    is_of_specialist: npt.NDArray[np.bool_]
    """Whether its teacher has many groups, each once, which stay together for other sections."""


def class_shape(survey: Survey, may_be_class: npt.NDArray[np.bool_]) -> ClassShape:
    """Return the shape of each section; sections that cannot be the class are no measure for others."""
    listed = np.bincount(survey.edge_section, minlength=survey.sections).astype(np.int32)
    load, times = _load(survey, listed)
    specialist = (load >= MANY_GROUPS) & (times <= ABOUT_ONCE) & _stays_together(survey)
    fits = may_be_class & (listed >= SMALLEST_CLASS) & (listed <= LARGEST_CLASS)
    measure = np.where(fits, load, np.float32(np.inf)).astype(np.float32)
    total = np.zeros(survey.sections)
    for first, last in chunks(survey):
        begin, end = int(survey.starts[first]), int(survey.starts[last])
        sections = survey.edge_section[begin:end]
        least = _least(measure[sections], survey.starts[first : last + 1] - begin)
        own = np.repeat(least, np.diff(survey.starts[first : last + 1]))
        share = np.where(np.isfinite(own), load[sections] / own, 1.0)
        total += np.bincount(sections, weights=share, minlength=survey.sections)
    sharing = np.where(listed > 0, total / np.maximum(listed, 1), 1.0)
    return ClassShape(sharing.astype(np.float32), listed, specialist)


def _stays_together(survey: Survey) -> npt.NDArray[np.bool_]:
    """Return whether the same students, and no others, sit in several other sections."""
    marks = np.random.default_rng(1).random(survey.students)
    sums = np.zeros(survey.sections)
    for first, last in chunks(survey):
        begin, end = int(survey.starts[first]), int(survey.starts[last])
        weights = np.repeat(marks[first:last], np.diff(survey.starts[first : last + 1]))
        sums += np.bincount(survey.edge_section[begin:end], weights=weights, minlength=survey.sections)
    _, group, sizes = np.unique(sums, return_inverse=True, return_counts=True)
    together: npt.NDArray[np.bool_] = (sizes[group] >= TOGETHER) & (sums > 0)
    return together


def _load(survey: Survey, listed: Ints) -> tuple[Floats, Floats]:
    """Return how many times a section's students its teacher has in all, and how often each of them.

    Of several teachers, the one with the fewest students counts.
    """
    ids: dict[str, int] = {}
    sets = [[ids.setdefault(one, len(ids)) for one in some] for some in survey.teachers]
    sizes = np.array([len(some) for some in sets], dtype=np.int64)
    starts = np.concatenate(([0], np.cumsum(sizes)))
    of_sets = np.array([one for some in sets for one in some], dtype=np.int64)
    students, seats = np.zeros(len(ids)), np.zeros(len(ids))
    for first, last in chunks(survey):
        begin, end = int(survey.starts[first]), int(survey.starts[last])
        owner = np.repeat(np.arange(last - first), np.diff(survey.starts[first : last + 1]))
        among = survey.section_teachers[survey.edge_section[begin:end]]
        each = sizes[among]
        offsets = np.arange(each.sum()) - np.repeat(np.cumsum(each) - each, each)
        teacher = of_sets[np.repeat(starts[among], each) + offsets]
        seats += np.bincount(teacher, minlength=len(ids))
        pairs = np.unique(teacher * (last - first) + np.repeat(owner, each))
        students += np.bincount(pairs // (last - first), minlength=len(ids))
    fewest = [min(some, key=lambda one: students[one]) if some else -1 for some in sets]
    of_set = np.array([*fewest, -1], dtype=np.int64)[survey.section_teachers]
    taught = np.append(students, 0.0)[of_set]
    times = np.append(seats / np.maximum(students, 1), 0.0)[of_set]
    load = np.maximum(1.0, taught / np.maximum(listed, 1))
    return load.astype(np.float32), times.astype(np.float32)


def _least(values: Floats, starts: npt.NDArray[np.int64]) -> Floats:
    least = np.full(len(starts) - 1, np.inf, dtype=np.float32)
    seated = np.diff(starts) > 0
    if seated.any():
        least[seated] = np.minimum.reduceat(values, starts[:-1][seated])
    return least


def chunks(survey: Survey) -> list[tuple[int, int]]:
    """Return the students in parts that are looked at in one go: the first of each, and the one behind."""
    return [(first, min(first + AT_ONCE, survey.students)) for first in range(0, survey.students, AT_ONCE)]
