"""How many shared students there are, and how many at each value that a scope names; kept up in the tally."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from worker.domain.preflight.tally import Tally
from worker.domain.roster.records import Student, student_from_json
from worker.domain.roster.scope import KnownScope
from worker.domain.roster.section_filter import Scope
from worker.domain.roster.staging import Change
from worker.domain.roster.texts import folded, wanted

ScopeField = Literal["grades", "schools"]


@dataclass(frozen=True, slots=True)
class ScopeValue:
    """A value of a filter's scope, as it was written."""

    field: ScopeField
    value: str

    @property
    def text(self) -> str:
        """What to tell a person."""
        what = "grade" if self.field == "grades" else "school"
        return f"the scope names the {what} {self.value!r}, which no shared student or school has"

    @property
    def key(self) -> str:
        """What the value is counted under: the same for all its spellings."""
        return f"{self.field}:{wanted(self.value)}"


def count_student(tally: Tally, scope: KnownScope, student: Student, sign: int) -> None:
    """Count a shared student (`sign` 1), or one who is shared no more (-1), in scope or not."""
    tally.count_shared(sign, set(_keys(scope, student)))


def count_changes(tally: Tally, scope: KnownScope, changes: Iterable[Change]) -> None:
    """Count whom these changes of staged records share, or share no more."""
    for change in changes:
        for record, sign in ((change.before, -1), (change.after, 1)):
            student = student_from_json(change.record_id, record)
            if student is not None:
                count_student(tally, scope, student, sign)


def matching_nothing(tally: Tally, scope: Scope, known: KnownScope) -> list[ScopeValue]:
    """Return the scope's values that no shared student or school has; none while nobody is shared."""
    return unmatched(scope, known, tally.shared_at) if tally.shared else []


def unmatched(scope: Scope, known: KnownScope, students_at: Callable[[str], int]) -> list[ScopeValue]:
    """Return the scope's values that no school has, nor a student by `students_at`, each spelled once."""
    written = [ScopeValue("grades", value) for value in scope.grades]
    written += [
        ScopeValue("schools", value) for value in scope.schools if wanted(value) not in known.shared_schools
    ]
    first = {value.key: value for value in reversed(written)}
    return [value for key, value in sorted(first.items()) if not students_at(key)]


def _keys(scope: KnownScope, student: Student) -> Iterator[str]:
    if scope.grades is not None:
        grade = folded(student.value("grade") or "")
        if grade in scope.grades:
            yield f"grades:{grade}"
    if scope.schools is not None:
        for school in map(folded, student.all_schools()):
            if school in scope.schools:
                yield f"schools:{school}"
