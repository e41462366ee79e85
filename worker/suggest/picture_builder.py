"""Reading a district's picture, record by record."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.domain.roster.name_words import name_words
from worker.domain.roster.records import School, Teacher, Term
from worker.domain.roster.section_filter import SectionView
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import is_blank
from worker.suggest.columns import BLANK, ColumnBuilder, Ints
from worker.suggest.picture import DistrictPicture

OF_SECTION = (
    *("name", "subject", "period", "grade", "section_number", "sis_id"),
    *("school_id", "course_id", "term_id"),
)
"""The columns that are fields of the section itself."""
BESIDE = ("school", "term", "course_name", "course_number")
"""The columns of what a filter reads beside it."""


def _ints() -> array[int]:
    return array("i")


@dataclass(slots=True)
class PictureBuilder:
    """Takes a district's records one by one: schools and students before sections."""

    calendar: TermCalendar
    _schools: dict[str, int] = field(default_factory=dict)
    _shared_schools: dict[str, School] = field(default_factory=dict)
    _grades: dict[str, int] = field(default_factory=dict)
    _students: dict[str, int] = field(default_factory=dict)
    _student_school: array[int] = field(default_factory=_ints)
    _student_grade: array[int] = field(default_factory=_ints)
    _others: list[tuple[int, str]] = field(default_factory=list)
    _columns: dict[str, ColumnBuilder] = field(
        default_factory=lambda: {name: ColumnBuilder() for name in (*OF_SECTION, *BESIDE)}
    )
    _section_school: array[int] = field(default_factory=_ints)
    _teachers: dict[tuple[str, ...], int] = field(default_factory=dict)
    _section_teachers: array[int] = field(default_factory=_ints)
    _teacher_words: dict[str, frozenset[str]] = field(default_factory=dict)
    _ids: list[str] = field(default_factory=list)
    _terms: dict[str, Term] = field(default_factory=dict)
    _current: array[int] = field(default_factory=lambda: array("b"))
    _listed: array[int] = field(default_factory=_ints)
    _edge_student: array[int] = field(default_factory=_ints)
    _edge_section: array[int] = field(default_factory=_ints)

    def add_teacher(self, teacher: Teacher) -> None:
        """Take a teacher, staged or committed, whose name is no word of a rule."""
        words = frozenset(name_words((teacher.first_name, teacher.last_name)))
        self._teacher_words[teacher.id] = words | self._teacher_words.get(teacher.id, frozenset())

    def add_school(self, school: School) -> None:
        """Take a school."""
        self._shared_schools[school.id] = school

    def add_student(
        self, student_id: str, school_id: str | None, grade: str | None, other_schools: Sequence[str] = ()
    ) -> None:
        """Take a student."""
        number = self._students[student_id] = len(self._student_school)
        self._others += [(number, other) for other in other_schools]
        self._student_school.append(_code(self._schools, school_id))
        self._student_grade.append(_code(self._grades, grade))

    def add_section(self, view: SectionView) -> None:
        """Take a section with what a filter reads beside it."""
        section, number = view.section, len(self._current)
        self._ids.append(section.id)
        self._listed.append(len(section.students))
        self._current.append(self.calendar.counts(section, view.term))
        if view.term is not None:
            self._terms[view.term.id] = view.term
        self._section_school.append(_code(self._schools, section.school_id))
        self._section_teachers.append(self._teachers.setdefault(section.teachers, len(self._teachers)))
        for name in OF_SECTION:
            self._columns[name].add(getattr(section, name))
        self._columns["school"].add(view.school.name if view.school else None)
        self._columns["term"].add(view.term.name if view.term else None)
        self._columns["course_name"].add(view.course.name if view.course else None)
        self._columns["course_number"].add(view.course.number if view.course else None)
        students = self._students
        sitting = [students[student] for student in section.students if student in students]
        self._edge_student.extend(sitting)
        self._edge_section.extend([number] * len(sitting))

    def build(self) -> DistrictPicture:
        """Return the picture; the builder is of no further use."""
        self._students.clear()
        school = np.array(self._student_school, dtype=np.int32)
        by_school = np.argsort(school, kind="stable")
        place = np.empty(len(school), dtype=np.int32)
        place[by_school] = np.arange(len(school), dtype=np.int32)
        edge_student = place[np.array(self._edge_student, dtype=np.int32)]
        by_student = np.argsort(edge_student, kind="stable")
        sizes = np.bincount(edge_student, minlength=len(school))
        other_school = _array([_code(self._schools, other) for _, other in self._others])
        return DistrictPicture(
            self._ids,
            {name: column.build() for name, column in self._columns.items()},
            _array(self._section_school),
            list(self._teachers),
            _array(self._section_teachers),
            self._teacher_words,
            self.calendar,
            self._terms,
            np.array(self._current, dtype=np.bool_),
            _array(self._listed),
            list(self._schools),
            self._shared_schools,
            list(self._grades),
            school[by_school],
            _array(self._student_grade)[by_school],
            place[_array([number for number, _ in self._others])],
            other_school,
            _array(self._edge_section)[by_student],
            np.concatenate(([0], np.cumsum(sizes))).astype(np.int64),
        )


def _array(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, dtype=np.int32)


def _code(known: dict[str, int], value: str | None) -> int:
    return BLANK if value is None or is_blank(value) else known.setdefault(value, len(known))
