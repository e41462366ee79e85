"""A district's seating: its sections and who sits in them, kept to count drafts of a filter as one types.

It answers what the preflight would for any filter at all - every field, any scope, either strategy, terms -
while a survey answers for the scope in force, and for what rules are suggested of.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.records import School
from worker.domain.roster.scope import KnownScope, find_schools
from worker.domain.roster.scope_counts import ScopeValue, unmatched
from worker.domain.roster.section_filter import Condition, Rule, Scope, SectionFilter
from worker.domain.roster.texts import folded, wanted
from worker.suggest.survey import BLANK, Bools, Ints, SectionColumn

COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    **{
        name: (name,)
        for name in (
            "name",
            "subject",
            "period",
            "grade",
            "course_name",
            "course_number",
            "section_number",
            "sis_id",
        )
    },
    "school": ("school_id", "school_name"),
    "term": ("term_id", "term_name"),
}
"""Where the values of each field of a filter are: a school and a term have two, of which either may fit."""
NOT_KEPT: Final = 1 << 20
"""A rank behind those of all rules."""
NEGATIVE: Final = frozenset({"is_not", "not_contains"})


@dataclass(frozen=True, slots=True)
class Cell:
    """Students of one grade at one school, by how many classes a filter would give them."""

    school: str | None
    school_name: str | None
    grade: str | None
    exactly_one: int
    none: int
    several: int


@dataclass(frozen=True, slots=True)
class FilterCoverage:
    """What a filter would give: students with exactly one class, with none, with several; and where."""

    exactly_one: int
    none: int
    several: int
    sections: int
    """How many sections it keeps."""
    cells: Sequence[Cell]
    """Every grade of every school in scope, those with the most students left the first."""
    outside_scope: int = 0
    """Shared students out of scope."""
    scope_matches_nothing: Sequence[ScopeValue] = ()
    """Values of the scope that no shared student or school has."""

    @property
    def students(self) -> int:
        """All students in scope."""
        return self.exactly_one + self.none + self.several


@dataclass(frozen=True)
class Enrolments:
    """A district in columns; students lie one after the other, with their sections between two `starts`."""

    columns: dict[str, SectionColumn]
    codes: dict[str, Ints]
    current: Bools
    """Whether the section's term runs on the day that this was read for."""
    schools: Sequence[str]
    school_names: dict[str, str]
    shared_schools: Sequence[School]
    grades: Sequence[str]
    student_school: Ints
    student_grade: Ints
    other_student: Ints
    other_school: Ints
    """Side by side: students who are at another school beside their primary one, and that school."""
    edge_section: Ints
    starts: npt.NDArray[np.int64]

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        return 4 * len(self.edge_section) + 16 * len(self.student_school) + 256 * len(self.current)

    def count(self, section_filter: SectionFilter) -> FilterCoverage:
        """Return what the filter would give every student in its scope: what a trial of it would say."""
        ranks = self._ranks(section_filter)
        places = self._places(ranks, section_filter.strategy == "first_match")
        known = find_schools(section_filter.scope, self.shared_schools)
        seen = self._in_scope(known)
        kept = int((ranks < NOT_KEPT).sum())
        coverage = _coverage(self, places[seen], self.student_school[seen], self.student_grade[seen], kept)
        return replace(
            coverage,
            outside_scope=int((~seen).sum()),
            scope_matches_nothing=self._unmatched(section_filter.scope, known),
        )

    def _unmatched(self, scope: Scope, known: KnownScope) -> Sequence[ScopeValue]:
        if not len(self.student_school):
            return ()
        there = {f"grades:{folded(grade)}" for grade in self.grades}
        there |= {f"schools:{folded(school)}" for school in self.schools}
        return unmatched(scope, known, lambda key: key in there)

    def _ranks(self, section_filter: SectionFilter) -> Ints:
        """Return for each section the first rule that keeps it, `NOT_KEPT` where none does."""
        ranks = np.full(len(self.current), NOT_KEPT, dtype=np.int32)
        for number, rule in reversed(list(enumerate(section_filter.rules))):
            ranks[self._keeps(rule)] = number
        if not section_filter.rules:
            ranks[:] = 0
        if section_filter.current_term_only:
            ranks[~self.current] = NOT_KEPT
        return ranks

    def _keeps(self, rule: Rule) -> Bools:
        kept: Bools = np.logical_and.reduce([self._holds(condition) for condition in rule.all])
        return kept

    def _holds(self, condition: Condition) -> Bools:
        told: Bools = np.logical_or.reduce([self._says(name, condition) for name in COLUMNS[condition.field]])
        return ~told if condition.op in NEGATIVE else told

    def _says(self, name: str, condition: Condition) -> Bools:
        """Return for each section whether its value in a column is what the condition speaks of."""
        values, said = self.columns[name].values, condition.value
        if isinstance(said, tuple):
            known = {wanted(one) for one in said}
            fits = [value in known for value in values]
        else:
            text = wanted(said)
            match condition.op:
                case "contains" | "not_contains":
                    fits = [text in value for value in values]
                case "starts_with":
                    fits = [value.startswith(text) for value in values]
                case _:
                    fits = [value == text for value in values]
        return np.array([*fits, False], dtype=np.bool_)[self.codes[name]]  # a blank has the last place

    def _places(self, ranks: Ints, is_first_match: bool) -> npt.NDArray[np.int64]:
        """Return how many sections count for each student."""
        seats = ranks[self.edge_section]
        counting = seats < NOT_KEPT
        sizes = np.diff(self.starts)
        if is_first_match:
            seated = sizes > 0
            lowest = np.full(len(sizes), NOT_KEPT, dtype=np.int32)
            if seated.any():
                lowest[seated] = np.minimum.reduceat(seats, self.starts[:-1][seated])
            counting &= seats == np.repeat(lowest, sizes)
        running = np.concatenate(([0], np.cumsum(counting)))
        return np.diff(running[self.starts])

    def _in_scope(self, found: KnownScope) -> Bools:
        seen = np.ones(len(self.student_school), dtype=np.bool_)
        if found.grades is not None:
            seen &= _among(found.grades, self.grades)[self.student_grade]
        if found.schools is not None:
            among = _among(found.schools, self.schools)
            at_one = among[self.student_school]
            at_one[self.other_student[among[self.other_school]]] = True
            seen &= at_one
        return seen


def _among(wanted_ones: Collection[str], values: Sequence[str]) -> Bools:
    """Return for each value whether it is one of these; the last place is that of a blank, which is none."""
    return np.array([*(folded(value) in wanted_ones for value in values), False], dtype=np.bool_)


def _coverage(
    seating: Enrolments, places: npt.NDArray[np.int64], schools: Ints, grades: Ints, kept: int
) -> FilterCoverage:
    width = len(seating.grades) + 1
    cell = (schools.astype(np.int64) + 1) * width + grades + 1
    size = (len(seating.schools) + 1) * width
    none, one, several = (
        np.bincount(cell[which], minlength=size) for which in (places == 0, places == 1, places > 1)
    )
    left = none + several
    cells = [
        _cell(seating, int(place), width, int(one[place]), int(none[place]), int(several[place]))
        for place in np.argsort(-left, kind="stable")
        if left[place] or one[place]
    ]
    return FilterCoverage(int(one.sum()), int(none.sum()), int(several.sum()), kept, cells)


def _cell(seating: Enrolments, place: int, width: int, one: int, none: int, several: int) -> Cell:
    school, grade = place // width - 1, place % width - 1
    school_id = None if school == BLANK else seating.schools[school]
    name = seating.school_names.get(school_id or "")
    return Cell(
        school_id, name, None if grade == BLANK else seating.grades[grade] or None, one, none, several
    )
