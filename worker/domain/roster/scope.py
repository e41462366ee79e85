"""The scope of a section filter: which students are to be rostered at all.

A grade is as students have it; a school is named by its id or by its name, as in rules. A student is at his
primary school and at every other school that his record lists.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from worker.domain.roster.records import RecordKind, School, Student
from worker.domain.roster.section_filter import Scope
from worker.domain.roster.staging import Change
from worker.domain.roster.texts import folded, wanted

SCHOOLS: Final = "schools"
"""The field of a student's record that lists his schools."""


@dataclass(frozen=True, slots=True)
class KnownScope:
    """A scope with its schools found among those of the district; everything is folded, None means all."""

    grades: frozenset[str] | None = None
    schools: frozenset[str] | None = None
    """Ids: of schools that were named so, and what was given as an id, shared or not."""
    shared_schools: frozenset[str] = frozenset()
    """What was given, as id or as name, of schools that are shared."""

    def holds(self, student: Student) -> bool:
        """Whether the student is to be rostered; a blank grade or school is in no list."""
        return self._has_grade(student) and self._has_school(student)

    def _has_grade(self, student: Student) -> bool:
        if self.grades is None:
            return True
        grade = student.value("grade")
        return grade is not None and folded(grade) in self.grades

    def _has_school(self, student: Student) -> bool:
        schools = self.schools
        if schools is None:
            return True
        return self.lacks_schools(student) or any(folded(one) in schools for one in student.all_schools())

    def lacks_schools(self, student: Student) -> bool:
        """Whether the student may be at a school of the scope, and his list of schools could not be read.

        He is in scope until it can be: as one of whom a field is missing, so that nobody is removed for it.
        """
        if self.schools is None or SCHOOLS not in student.unread:
            return False
        return not any(folded(one) in self.schools for one in student.all_schools())


def find_schools(scope: Scope, schools: Iterable[School]) -> KnownScope:
    """Return a scope with its schools found among these; they are not looked at where it names none."""
    grades = frozenset(map(wanted, scope.grades)) if scope.grades else None
    if not scope.schools:
        return KnownScope(grades)
    named = frozenset(map(wanted, scope.schools))
    called = [(folded(school.id), folded(school.name or "")) for school in schools]
    ids = named | {school_id for school_id, name in called if name in named}
    return KnownScope(grades, ids, named.intersection(one for both in called for one in both))


def is_moved_by(scope: Scope, changes: Iterable[Change]) -> bool:
    """Whether a school came to have, or lost, a name that the scope has: then other students are in it."""
    if not scope.schools:
        return False
    named = frozenset(map(wanted, scope.schools))
    return any(
        _is_named(change.before, named) != _is_named(change.after, named)
        for change in changes
        if change.kind is RecordKind.SCHOOL
    )


def _is_named(school: dict[str, object] | None, names: frozenset[str]) -> bool:
    return school is not None and folded(str(school.get("name", ""))) in names
