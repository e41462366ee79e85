"""What rules cost that give students something else than a class, by what the sections are that they keep.

Counting alone says nothing where a class goes through the day together: every lesson gives every student
one section. So each student whom a rule places by lunch costs more than the student is worth, by reading a
little, by a homeroom nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.class_shape import LARGEST_CLASS, class_shape
from worker.suggest.columns import Bools
from worker.suggest.evidence import Kind, TextFlags, kinds, read_texts
from worker.suggest.gatherings import gatherings
from worker.suggest.periods import periods_are_alike, young_shares
from worker.suggest.rule_kinds import Meaning
from worker.suggest.scattered import scattered
from worker.suggest.survey import Survey
from worker.suggest.taught_apart import TaughtApart, taught_apart

Floats = npt.NDArray[np.float64]

WORTHLESS: Final = 1.2
"""Of a student placed by what is no class: better none, who is told of, than that."""
OF_KINDS: Final = {
    Kind.HOMEROOM: 0.0,
    Kind.CLASS: 0.02,
    Kind.ROOM: 0.028,
    Kind.READING: 0.045,
    Kind.MATH: 0.055,
    Kind.CORE: 0.065,
    Kind.HELP: 0.1,
    Kind.SPECIAL: WORTHLESS,
    Kind.IDLE: WORTHLESS,
}
"""Of the students placed by sections of each kind; of those that say nothing see `OF_MEANINGS`."""
OF_MEANINGS: Final = {
    Meaning.HOMEROOM: 0.0,
    Meaning.CLASS: 0.02,
    Meaning.WORD: 0.03,
    Meaning.FIRST: 0.035,
    Meaning.SUBJECT: 0.05,
    Meaning.NUMBER: 0.08,
    Meaning.NOTHING: 0.02,
}
"""Of the students placed by sections that say nothing, by what the rule says itself."""
UNSAID: Final = 0.003
"""Of the students placed by homerooms, where the rule does not say that they are."""
ONLY_LEFT: Final = 0.02
"""The same where the rule says only what they are not, or a number."""
FIRST_OF_ONE_KIND: Final = 0.05
"""Of the students placed by a first period in which all have the same lesson: behind reading, before math."""
HOMEROOMS: Final = 0.1
"""Of the students whom a number places: so many by homerooms, and the others by what may be a class."""
NUMBERS: Final = frozenset({Meaning.FIRST, Meaning.NUMBER})
ALIKE: Final = 0.75
"""Of the students whom a number places: so many by one kind of section, and the number means that kind."""
SHARED: Final = 2.5
"""Times as many students as the teacher of the class has: from here on a teacher has many classes."""
SHARED_PRICE: Final = 0.1
"""For each such time more, up to `MOST_SHARED_PRICE`."""
MOST_SHARED_PRICE: Final = 0.3
CROWDED_PRICE: Final = 0.3
"""Of students in sections that no room holds."""
GATHERED_PRICE: Final = 0.15
"""Of students in sections where several classes come together: such a one is none, whatever it is called."""
MOSTLY: Final = 0.5
"""Of the students of a section, for it to be one of elementary grades."""
TOLD_BY_SHAPE: Final = 0.2
"""Of all seats."""
UNWORDED: Final = 0.15
"""Of a student: so much of those prices does not count where the section is called a homeroom."""
WORDED: Final = 0.1
"""Of the rest there."""
CALLED_CLASSES: Final = (Kind.HOMEROOM, Kind.CLASS, Kind.ROOM)
LESSONS: Final = (Kind.READING, Kind.MATH, Kind.CORE)
NO_LESSONS: Final = (*CALLED_CLASSES, Kind.UNKNOWN)
NO_LESSONS_SHARE: Final = 0.9
"""Of the seats that a rule gives."""
_KINDS: Final = len(Kind)
_SHAPE: Final = _KINDS
"""The column of the features behind the kinds: the price of the section's shape."""
_VAGUE: Final = _KINDS + 1
"""The column behind that: 1 where a number says nothing about the section."""


@dataclass(frozen=True)
class Pricing:
    """The features of each section that its price follows from, for one student in it."""

    survey: Survey

    @cached_property
    def kinds(self) -> npt.NDArray[np.int8]:
        """What each section is."""
        return kinds(self.survey, self.texts)

    @cached_property
    def texts(self) -> TextFlags:
        """What the texts of each section say."""
        return read_texts(self.survey)

    @cached_property
    def apart(self) -> TaughtApart:
        """Who is taught apart, and where."""
        return taught_apart(self.survey, self.kinds, self.texts)

    @cached_property
    def seats(self) -> npt.NDArray[np.int64]:
        """Students of the survey in each section."""
        return np.bincount(self.survey.edge_section, minlength=self.survey.sections)

    @cached_property
    def features(self) -> npt.NDArray[np.float32]:
        """One column for each kind, with a 1 in that of the section; then those of shape and of numbers."""
        found = np.zeros((self.survey.sections, _KINDS + 2), dtype=np.float32)
        found[np.arange(self.survey.sections), self.kinds] = 1
        shape = self._shape()
        several = gatherings(self.survey, self.seats, self.kinds)
        several |= scattered(self.survey, self.kinds, self.seats, shape == 0, self._young > MOSTLY)
        found[:, _SHAPE] = shape + GATHERED_PRICE * several
        if self._is_told_by_shape(shape):
            return found
        unsaid = np.isin(self.kinds, (Kind.UNKNOWN, Kind.CLASS))
        found[:, _VAGUE] = self._young * unsaid * periods_are_alike(self.survey)
        return found

    @cached_property
    def _young(self) -> Floats:
        """The share of each section's students who are in an elementary grade."""
        return young_shares(self.survey)

    def _is_told_by_shape(self, shape: npt.NDArray[np.float32]) -> bool:
        """Whether some sections are known by their teachers to be no class."""
        seats = self.seats.astype(np.float64)
        return float(seats @ (shape > 0)) >= TOLD_BY_SHAPE * float(seats.sum())

    @property
    def shape(self) -> npt.NDArray[np.float32]:
        """Of a student in each section: what its shape costs."""
        shape: npt.NDArray[np.float32] = self.features[:, _SHAPE]
        return shape

    def _shape(self) -> npt.NDArray[np.float32]:
        may_be_class = ~np.isin(self.kinds, (Kind.SPECIAL, Kind.IDLE))
        shape = class_shape(self.survey, may_be_class)
        price = np.clip((shape.sharing - SHARED) * SHARED_PRICE, 0, MOST_SHARED_PRICE)
        price += CROWDED_PRICE * (shape.listed > LARGEST_CLASS)
        unsaid = np.isin(self.kinds, (Kind.UNKNOWN, Kind.CLASS))
        price[unsaid & shape.is_of_specialist & (self._young > MOSTLY)] = WORTHLESS
        at_home = self.kinds == Kind.HOMEROOM
        price[at_home] = WORDED * np.maximum(price[at_home] - UNWORDED, 0)
        priced: npt.NDArray[np.float32] = price.astype(np.float32)
        return priced

    def sums(self, kept: Bools) -> Floats:
        """Return the features of all seats of the kept sections, added up."""
        seats = self.seats[kept].astype(np.float64)
        summed: Floats = seats @ self.features[kept]
        return summed


def prices(meanings: Sequence[Meaning], sums: Floats) -> Floats:
    """Return what rules cost, in students; `sums[rule]` are the features of the seats that each gives."""
    seats = sums[:, :_KINDS]
    own = np.array([OF_MEANINGS[one] for one in meanings])
    is_number = np.array([one in NUMBERS for one in meanings])
    of_kinds = np.array([OF_KINDS.get(kind, 0.0) for kind in Kind])
    each = np.repeat(of_kinds[None, :], len(sums), axis=0)
    each[:, Kind.UNKNOWN] = own
    each[:, Kind.HOMEROOM] = [_unsaid(one) for one in meanings]
    each[:, Kind.CLASS] += [_unsaid(one) if one is Meaning.NOTHING else 0.0 for one in meanings]
    linear = (seats * each).sum(axis=1)
    prevailing = _prevailing(seats)
    is_first = np.array([one is Meaning.FIRST for one in meanings]) & (prevailing < WORTHLESS)
    prevailing = np.where(is_first, np.minimum(prevailing, FIRST_OF_ONE_KIND), prevailing)
    numbered = np.maximum(own, prevailing) * (seats.sum(axis=1) - seats[:, Kind.HOMEROOM])
    numbered += ONLY_LEFT * seats[:, Kind.HOMEROOM]
    numbered += WORTHLESS * sums[:, _VAGUE]
    as_homerooms = OF_MEANINGS[Meaning.WORD] * (seats.sum(axis=1) - seats[:, Kind.HOMEROOM])
    as_homerooms += ONLY_LEFT * seats[:, Kind.HOMEROOM]
    numbered = np.where(_is_of_homerooms(seats), as_homerooms, numbered)
    price: Floats = np.where(is_number, numbered, linear) + sums[:, _SHAPE]
    return price


def _unsaid(meaning: Meaning) -> float:
    if meaning is Meaning.HOMEROOM:
        return 0.0
    return ONLY_LEFT if meaning is Meaning.NOTHING or meaning in NUMBERS else UNSAID


def classes(sums: Floats, meaning: Meaning) -> float:
    """Return the seats in sections that are called a class, and not only have a number among others."""
    called = (Kind.HOMEROOM,) if meaning in NUMBERS else CALLED_CLASSES
    return float(sums[list(called)].sum())


def may_be_classes(meanings: Sequence[Meaning], sums: Floats) -> Bools:
    """Return for each rule whether nearly all its seats are in no lessons, and it is more than a number.

    A number that homerooms have says more: what else has it, and is no lesson, may be a class as well.
    """
    says_more = np.array([one not in NUMBERS for one in meanings], dtype=np.bool_)
    says_more |= _is_of_homerooms(sums[:, :_KINDS])
    seats = sums[:, :_KINDS].sum(axis=1)
    found: Bools = says_more & (sums[:, list(NO_LESSONS)].sum(axis=1) >= NO_LESSONS_SHARE * seats)
    return found


def _is_of_homerooms(seats: Floats) -> Bools:
    """Return for each rule whether some seats are in homerooms, and nearly all others in no lessons."""
    total, homerooms = seats.sum(axis=1), seats[:, Kind.HOMEROOM]
    may_be = seats[:, list(NO_LESSONS)].sum(axis=1)
    found: Bools = (homerooms >= HOMEROOMS * total) & (may_be >= NO_LESSONS_SHARE * total) & (total > 0)
    return found


def lesson_of(sums: Floats) -> Kind | None:
    """Return the lesson that nearly all seats of a rule are of, if they are of one."""
    seats = sums[:_KINDS]
    return next((kind for kind in LESSONS if seats[kind] >= ALIKE * seats.sum() > 0), None)


def _prevailing(seats: Floats) -> Floats:
    """Return the price of the kind of section that nearly all seats are of, 0 where they are of several."""
    total = np.maximum(seats.sum(axis=1), 1e-9)
    price = np.zeros(len(seats))
    for kinds_of_one in (
        (Kind.READING,),
        (Kind.MATH,),
        (Kind.CORE,),
        (Kind.HELP,),
        (Kind.SPECIAL, Kind.IDLE),
    ):
        prevails = seats[:, kinds_of_one].sum(axis=1) >= ALIKE * total
        price[prevails] = OF_KINDS[kinds_of_one[0]]
    return price
