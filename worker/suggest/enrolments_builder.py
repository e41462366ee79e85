"""Reading a district's enrolments, record by record."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from worker.domain.roster.records import School
from worker.domain.roster.section_filter import SectionView
from worker.domain.roster.terms import TermCalendar
from worker.domain.roster.texts import is_blank
from worker.suggest.enrolments import COLUMNS, Enrolments
from worker.suggest.survey import BLANK, SectionColumn, edges_by_student


@dataclass(slots=True)
class EnrolmentsBuilder:
    """Takes a district's records one by one: schools and students before sections."""

    calendar: TermCalendar
    school_names: dict[str, str] = field(default_factory=dict)
    _schools: dict[str, int] = field(default_factory=dict)
    _shared_schools: list[School] = field(default_factory=list)
    _grades: dict[str, int] = field(default_factory=dict)
    _students: dict[str, int] = field(default_factory=dict)
    _student_school: array[int] = field(default_factory=lambda: array("i"))
    _student_grade: array[int] = field(default_factory=lambda: array("i"))
    _other_student: array[int] = field(default_factory=lambda: array("i"))
    _other_school: array[int] = field(default_factory=lambda: array("i"))
    _columns: dict[str, SectionColumn] = field(
        default_factory=lambda: {
            name: SectionColumn(keeps_literals=False) for names in COLUMNS.values() for name in names
        }
    )
    _current: array[int] = field(default_factory=lambda: array("b"))
    _edge_student: array[int] = field(default_factory=lambda: array("i"))
    _edge_section: array[int] = field(default_factory=lambda: array("i"))

    def add_school(self, school: School) -> None:
        """Take a school's name."""
        self._shared_schools.append(School(school.id, school.name))
        if school.name:
            self.school_names[school.id] = " ".join(school.name.split())

    def add_student(
        self, student_id: str, school_id: str | None, grade: str | None, other_schools: Sequence[str] = ()
    ) -> None:
        """Take a student."""
        number = self._students[student_id] = len(self._student_school)
        for other in other_schools:
            self._other_student.append(number)
            self._other_school.append(_code(self._schools, other))
        self._student_school.append(_code(self._schools, school_id))
        self._student_grade.append(_code(self._grades, grade))

    def add_section(self, view: SectionView) -> None:
        """Take a section with what a filter reads beside it."""
        section, number = view.section, len(self._current)
        self._current.append(self.calendar.counts(section, view.term))
        for name in (
            "name",
            "subject",
            "period",
            "grade",
            "section_number",
            "sis_id",
            "school_id",
            "term_id",
        ):
            self._columns[name].add(getattr(section, name))
        self._columns["school_name"].add(view.school.name if view.school else None)
        self._columns["term_name"].add(view.term.name if view.term else None)
        self._columns["course_name"].add(view.course.name if view.course else None)
        self._columns["course_number"].add(view.course.number if view.course else None)
        students = self._students
        sitting = [students[student] for student in section.students if student in students]
        self._edge_student.extend(sitting)
        self._edge_section.extend([number] * len(sitting))

    def build(self) -> Enrolments:
        """Return the seating; the builder is of no further use."""
        self._students.clear()
        edge_student = np.array(self._edge_student, dtype=np.int32)
        return Enrolments(
            self._columns,
            {name: column.codes() for name, column in self._columns.items()},
            np.array(self._current, dtype=np.bool_),
            list(self._schools),
            self.school_names,
            self._shared_schools,
            list(self._grades),
            np.array(self._student_school, dtype=np.int32),
            np.array(self._student_grade, dtype=np.int32),
            np.array(self._other_student, dtype=np.int32),
            np.array(self._other_school, dtype=np.int32),
            *edges_by_student(edge_student, self._edge_section, students=len(self._student_school)),
        )


def _code(known: dict[str, int], value: str | None) -> int:
    return BLANK if value is None or is_blank(value) else known.setdefault(value, len(known))
