"""The survey: a district's sections and who sits in them, in columns that are cheap to count over.

A million students with eight sections each take a few hundred megabytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.name_words import name_words
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import School, Student, Teacher
from worker.domain.roster.scope import KnownScope, find_schools
from worker.domain.roster.section_filter import Scope, SectionView
from worker.domain.roster.texts import folded

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]

COLUMNS: Final = (
    "name",
    "subject",
    "period",
    "grade",
    "course_name",
    "course_number",
    "section_number",
    "term",
)
"""The fields of sections that rules are made of, beside the school."""
MOST_LITERALS: Final = 9
"""Texts that are kept for one value: more than any rule could name."""
BLANK: Final = -1
"""The code of a section that has no value in a column."""


@dataclass(slots=True)
class SectionColumn:
    """One field of all sections: each value once, as it is compared, and its first spelling."""

    values: list[str] = field(default_factory=list)
    spellings: list[str] = field(default_factory=list)
    literals: list[tuple[str, ...]] = field(default_factory=list)
    """For each value, to the letter but for case, every text that is this value."""
    keeps_literals: bool = True
    _codes: array[int] = field(default_factory=lambda: array("i"))
    _known: dict[str, int] = field(default_factory=dict)

    def add(self, text: str | None) -> None:
        """Take the next section's value."""
        if not text:
            self._codes.append(BLANK)
            return
        value = folded(text)
        code = self._known.setdefault(value, len(self.values))
        if code == len(self.values):
            self.values.append(value)
            self.spellings.append(" ".join(text.split()))
            self.literals.append(())
        literal = text.casefold() if self.keeps_literals else ""
        if literal and literal not in self.literals[code] and len(self.literals[code]) < MOST_LITERALS:
            self.literals[code] = (*self.literals[code], literal)
        self._codes.append(code)

    def codes(self) -> Ints:
        """Return for each section the place of its value, `BLANK` where it has none."""
        return np.array(self._codes, dtype=np.int32)


@dataclass(frozen=True)
class Survey:
    """A district, ready to be counted over.

    Students are numbered by school, so that those of one school lie together; `edge_section` holds, student
    after student, the sections that he sits in, from `starts[student]` to `starts[student + 1]`.
    """

    columns: dict[str, SectionColumn]
    codes: dict[str, Ints]
    section_school: Ints
    current: Bools
    ranks: Ints
    """Of the filter in force: the first rule that keeps the section, `BLANK` where none does."""
    schools: Sequence[str]
    school_names: dict[str, str]
    grades: Sequence[str]
    student_school: Ints
    student_grade: Ints
    edge_section: Ints
    starts: npt.NDArray[np.int64]
    vocabulary: Vocabulary

    @property
    def students(self) -> int:
        """Students in scope."""
        return len(self.student_school)

    @property
    def sections(self) -> int:
        """Sections, with students or without."""
        return len(self.section_school)

    @cached_property
    def school_bounds(self) -> npt.NDArray[np.int64]:
        """Where the students of each school begin; one more entry for the end."""
        return np.searchsorted(self.student_school, np.arange(len(self.schools) + 2) - 1)

    def counts(self, kept: Bools) -> npt.NDArray[np.int32]:
        """Return for each student in how many of the `kept` sections he sits."""
        running = np.zeros(len(self.edge_section) + 1, dtype=np.int32)
        np.cumsum(kept[self.edge_section], out=running[1:])
        difference: npt.NDArray[np.int32] = np.diff(running[self.starts])
        return difference

    def in_current_terms(self) -> Survey:
        """Return the survey as if nobody sat in the sections of terms that do not run."""
        stays = self.current[self.edge_section]
        kept_before = np.concatenate(([0], np.cumsum(stays)))
        return replace(self, edge_section=self.edge_section[stays], starts=kept_before[self.starts])


@dataclass(slots=True)
class SurveyBuilder:
    """Takes a district's records one by one: teachers, schools and students before sections."""

    scope: Scope
    _names: set[str] = field(default_factory=set)
    _teachers: set[str] = field(default_factory=set)
    _schools: dict[str, int] = field(default_factory=dict)
    _school_names: dict[str, str] = field(default_factory=dict)
    _grades: dict[str, int] = field(default_factory=dict)
    _students: dict[str, int] = field(default_factory=dict)
    _student_school: array[int] = field(default_factory=lambda: array("i"))
    _student_grade: array[int] = field(default_factory=lambda: array("i"))
    _columns: dict[str, SectionColumn] = field(
        default_factory=lambda: {name: SectionColumn() for name in COLUMNS}
    )
    _section_school: array[int] = field(default_factory=lambda: array("i"))
    _current: array[int] = field(default_factory=lambda: array("b"))
    _ranks: array[int] = field(default_factory=lambda: array("i"))
    _edge_student: array[int] = field(default_factory=lambda: array("i"))
    _edge_section: array[int] = field(default_factory=lambda: array("i"))
    _vocabulary: Vocabulary = field(init=False)
    _named_schools: list[School] = field(default_factory=list)
    _in_scope: KnownScope | None = None

    def __post_init__(self) -> None:
        self._vocabulary = Vocabulary(self._names)

    def add_teacher(self, teacher: Teacher) -> None:
        """Take a teacher, staged or committed, whose name is no word of a rule."""
        self._teachers.add(teacher.id)
        self._names |= name_words((teacher.first_name, teacher.last_name))

    def add_school(self, school: School) -> None:
        """Take a school's name."""
        self._named_schools.append(school)
        if school.name:
            self._school_names[school.id] = " ".join(school.name.split())

    def add_student(self, student: Student) -> None:
        """Take a student; one out of scope is left out."""
        if self._in_scope is None:
            self._in_scope = find_schools(self.scope, self._named_schools)
        if not self._in_scope.holds(student):
            return
        self._students[student.id] = len(self._student_school)
        self._student_school.append(self._school(student.texts.get("school_id")))
        grade = student.texts.get("grade") or ""
        self._student_grade.append(self._grades.setdefault(grade, len(self._grades)))

    def add_section(self, view: SectionView, current: bool, rank: int | None = None) -> None:
        """Take a section with what a filter reads beside it, whether its term runs, and its rank in force."""
        section, number = view.section, len(self._section_school)
        self._section_school.append(self._school(section.school_id))
        self._current.append(current)
        self._ranks.append(BLANK if rank is None else rank)
        for name in ("name", "subject", "period", "grade", "section_number"):
            self._columns[name].add(getattr(section, name))
        self._columns["term"].add(view.term.name if view.term else None)
        self._columns["course_name"].add(view.course.name if view.course else None)
        self._columns["course_number"].add(view.course.number if view.course else None)
        knows_one = not self._teachers.isdisjoint(section.teachers)
        for text in filter(None, _texts(view)):
            self._vocabulary.add(text, section.school_id, section.teachers, knows_one=knows_one)
        students = self._students
        sitting = [students[student] for student in section.students if student in students]
        self._edge_student.extend(sitting)
        self._edge_section.extend([number] * len(sitting))

    def build(self) -> Survey:
        """Return the survey; the builder is of no further use."""
        school = np.array(self._student_school, dtype=np.int32)
        by_school = np.argsort(school, kind="stable")
        place = np.empty(len(school), dtype=np.int32)
        place[by_school] = np.arange(len(school), dtype=np.int32)
        self._students.clear()
        edge_student = place[np.array(self._edge_student, dtype=np.int32)]
        return Survey(
            self._columns,
            {name: column.codes() for name, column in self._columns.items()},
            np.array(self._section_school, dtype=np.int32),
            np.array(self._current, dtype=np.bool_),
            np.array(self._ranks, dtype=np.int32),
            list(self._schools),
            self._school_names,
            list(self._grades),
            school[by_school],
            np.array(self._student_grade, dtype=np.int32)[by_school],
            *edges_by_student(edge_student, self._edge_section, students=len(school)),
            self._vocabulary,
        )

    def _school(self, school_id: str | None) -> int:
        return BLANK if not school_id else self._schools.setdefault(school_id, len(self._schools))


def edges_by_student(
    edge_student: Ints, edge_section: array[int], *, students: int
) -> tuple[Ints, npt.NDArray[np.int64]]:
    """Return the sections of one student after the other, and where those of each begin."""
    by_student = np.argsort(edge_student, kind="stable")
    sizes = np.bincount(edge_student, minlength=students)
    starts = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    return np.array(edge_section, dtype=np.int32)[by_student], starts


def _texts(view: SectionView) -> tuple[str | None, ...]:
    """Return the texts whose words a rule may have; some courses are called after their teachers."""
    section = view.section
    course = (view.course.name, view.course.number) if view.course else ()
    return (section.name, section.section_number, section.period, section.subject, *course)
