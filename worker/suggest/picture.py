"""The picture of a district: its sections and who sits in them, read once for all that is counted over it.

It answers what the preflight would for any filter at all: every field, any scope, either strategy, terms.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from worker.domain.review.causes.labels import ConcernedSection, Label, label_sections
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import Course, RecordId, School, Section, Term
from worker.domain.roster.scope import KnownScope, find_schools
from worker.domain.roster.scope_counts import ScopeValue, unmatched
from worker.domain.roster.section_filter import Scope, SectionFilter, SectionView
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import folded
from worker.suggest.columns import BLANK, NOT_KEPT, Bools, Ints, SectionColumn, ranks
from worker.suggest.coverage import Cell, FilterCoverage, Seats
from worker.suggest.school_years import of_other_years
from worker.suggest.survey import Survey

TOLD: Final = ("name", "section_number", "period", "subject", "course_name", "course_number")
"""The columns whose words a rule may have; some courses are called after their teachers."""


@dataclass(frozen=True)
class DistrictPicture:
    """A district in columns.

    Students are numbered by school, so that those of one school lie together; `edge_section` holds, student
    after student, the sections that list the student, from `starts[student]` to `starts[student + 1]`.
    """

    ids: Sequence[str]
    columns: Mapping[str, SectionColumn]
    section_school: Ints
    teachers: Sequence[tuple[str, ...]]
    """Every set of teachers that a section has, as ids, known to us or not."""
    section_teachers: Ints
    """For each section the place of its teachers."""
    teacher_words: Mapping[str, frozenset[str]]
    """The words of the names of each known teacher, staged or committed."""
    calendar: TermCalendar
    """Which terms count on the day that this was read for."""
    terms: Mapping[str, Term]
    current: Bools
    """Whether the section's term counts on that day."""
    listed: Ints
    """For each section the students that it lists, known to us or not."""
    schools: Sequence[str]
    shared_schools: Mapping[str, School]
    grades: Sequence[str]
    student_school: Ints
    student_grade: Ints
    other_student: Ints
    other_school: Ints
    """Side by side: students who are at another school beside their primary one, and that school."""
    edge_section: Ints
    starts: npt.NDArray[np.int64]
    orders: dict[str, Ints] = field(default_factory=dict)
    """All sections in the orders that somebody asked for once."""

    @property
    def weight(self) -> int:
        """About how many bytes it takes."""
        return 4 * len(self.edge_section) + 16 * len(self.student_school) + 512 * len(self.current)

    @property
    def school_names(self) -> dict[str, str]:
        """The names of the schools that have one, by id."""
        named = self.shared_schools.values()
        return {school.id: " ".join(school.name.split()) for school in named if school.name}

    def count(self, section_filter: SectionFilter) -> FilterCoverage:
        """Return what the filter would give every student in its scope: what a trial of it would say."""
        ranks = self.ranks(section_filter)
        places = self._places(ranks, section_filter.strategy == "first_match")
        known = find_schools(section_filter.scope, self.shared_schools.values())
        seen = self._in_scope(known)
        kept = int((ranks < NOT_KEPT).sum())
        coverage = _coverage(self, places[seen], self.student_school[seen], self.student_grade[seen], kept)
        return replace(
            coverage,
            outside_scope=int((~seen).sum()),
            scope_matches_nothing=self._unmatched(section_filter.scope, known),
        )

    def within(self, section_filter: SectionFilter) -> Survey:
        """Return what a search for a better filter needs: students in scope, and public words."""
        seen = self._in_scope(find_schools(section_filter.scope, self.shared_schools.values()))
        sizes = np.diff(self.starts)
        grade = self.student_grade[seen]
        return Survey(
            {name: replace(column) for name, column in self.columns.items()},  # what is derived goes with it
            self.section_school,
            self.current,
            of_other_years(self.columns["term_id"], self.terms, self.calendar.today),
            self.ranks(section_filter),
            self.schools,
            self.school_names,
            [*self.grades, ""],
            self.student_school[seen],
            np.where(grade == BLANK, len(self.grades), grade).astype(np.int32),
            self.edge_section if seen.all() else self.edge_section[np.repeat(seen, sizes)],
            np.concatenate(([0], np.cumsum(sizes[seen]))).astype(np.int64),
            self._vocabulary(),
            self.teachers,
            self.section_teachers,
            self.teacher_words,
        )

    def groups(self, groups: Sequence[Ints], scope: Scope) -> list[Seats]:
        """Return what each of these groups of sections alone would give the students in a scope.

        No section is in two of them.
        """
        number = np.full(len(self.current), len(groups), dtype=np.int64)
        for place, sections in enumerate(groups):
            number[sections] = place
        seen = self._in_scope(find_schools(scope, self.shared_schools.values()))
        student = np.repeat(np.arange(len(seen)), np.diff(self.starts))
        of = number[self.edge_section]
        counts = (of < len(groups)) & seen[student]
        pairs, times = np.unique(student[counts] * len(groups) + of[counts], return_counts=True)
        one, several = (
            np.bincount(pairs[which] % len(groups), minlength=len(groups))
            for which in (times == 1, times > 1)
        )
        none = seen.sum() - one - several
        return list(map(Seats, one.tolist(), several.tolist(), none.tolist()))

    def view(self, place: int) -> SectionView:
        """Return one section with what a filter reads beside it, without its people."""
        text: dict[str, Any] = {name: column.text(place) for name, column in self.columns.items()}
        course = Course(text["course_id"], text.pop("course_name"), text.pop("course_number"))
        school = School(text["school_id"], text.pop("school"))
        term = Term(text["term_id"], text.pop("term"))
        return SectionView(
            Section(RecordId(self.ids[place]), **text),
            course if course.id else None,
            school if school.id else None,
            term if term.id else None,
        )

    @cached_property
    def labels(self) -> Sequence[Label]:
        """Of what kind each section is, by the words that stand for no teacher."""
        names = ("name", "subject", "course_name", "period", "grade", "term_id")
        concerned = [
            ConcernedSection(
                section_id,
                *(name, subject, course, period, grade),
                self.terms.get(term_id or ""),
                self.teachers[teachers],
                school_id,
            )
            for section_id, teachers, school_id, name, subject, course, period, grade, term_id in zip(
                self.ids,
                self.section_teachers.tolist(),
                self.columns["school_id"].each(),
                *(self.columns[name].each() for name in names),
                strict=True,
            )
        ]
        found = label_sections(concerned, self._words(), self.teacher_words.keys(), self.calendar)
        once: dict[Label, Label] = {}
        return [once.setdefault(found[section_id], found[section_id]) for section_id in self.ids]

    def ranks(self, section_filter: SectionFilter) -> Ints:
        """Return for each section the first rule that keeps it, `NOT_KEPT` where none does."""
        return ranks(section_filter, self.columns, self.current)

    def taken_out(self, section_filter: SectionFilter, classes: Mapping[str, int]) -> int:
        """Return how many students are in those of these classes, by section id, that no rule keeps."""
        if not classes:
            return 0
        ranks = self.ranks(section_filter)
        places = {section_id: place for place, section_id in enumerate(self.ids) if section_id in classes}
        return sum(classes[one] for one, place in places.items() if ranks[place] == NOT_KEPT)

    def _words(self) -> frozenset[str]:
        return frozenset[str]().union(*self.teacher_words.values())

    def _vocabulary(self) -> Vocabulary:
        vocabulary = Vocabulary(self._words())
        knows_one = [not self.teacher_words.keys().isdisjoint(some) for some in self.teachers]
        schools, *told = (self.columns[name].each() for name in ("school_id", *TOLD))
        for school_id, teachers, *texts in zip(schools, self.section_teachers, *told, strict=True):
            for text in filter(None, texts):
                vocabulary.add(text, school_id, self.teachers[teachers], knows_one=knows_one[teachers])
        return vocabulary

    def _unmatched(self, scope: Scope, known: KnownScope) -> Sequence[ScopeValue]:
        if not len(self.student_school):
            return ()
        there = {f"grades:{folded(grade)}" for grade in self.grades}
        there |= {f"schools:{folded(school)}" for school in self.schools}
        return unmatched(scope, known, lambda key: key in there)

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
    picture: DistrictPicture, places: npt.NDArray[np.int64], schools: Ints, grades: Ints, kept: int
) -> FilterCoverage:
    width = len(picture.grades) + 1
    cell = (schools.astype(np.int64) + 1) * width + grades + 1
    size = (len(picture.schools) + 1) * width
    none, one, several = (
        np.bincount(cell[which], minlength=size) for which in (places == 0, places == 1, places > 1)
    )
    left = none + several
    names = picture.school_names
    cells = [
        _cell(picture, names, int(place), int(one[place]), int(none[place]), int(several[place]))
        for place in np.argsort(-left, kind="stable")
        if left[place] or one[place]
    ]
    return FilterCoverage(int(one.sum()), int(none.sum()), int(several.sum()), kept, cells)


def _cell(
    picture: DistrictPicture, names: Mapping[str, str], place: int, one: int, none: int, several: int
) -> Cell:
    school, grade = place // (len(picture.grades) + 1) - 1, place % (len(picture.grades) + 1) - 1
    school_id = None if school == BLANK else picture.schools[school]
    return Cell(
        school_id,
        names.get(school_id or ""),
        None if grade == BLANK else picture.grades[grade] or None,
        *(one, none, several),
    )
