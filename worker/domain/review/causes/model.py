"""What a cause is, and how one is put together from what belongs to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from schemas.messages.review import MAX_CAUSE_LISTED, Cause
from schemas.words import Owner


@dataclass(slots=True)
class Pile:
    """What belongs to one cause, while it is being counted."""

    students: int = 0
    unblocks: int = 0
    unlisted: int = 0
    """Of the students: how many are in no class, and in no shared section at all."""
    newcomers: int = 0
    """Of the students: how many are in no class, and were not in the last commit."""
    lost: int = 0
    """Of the students: how many had the field in the last commit that is blank now."""
    was_grade: Counter[str] = field(default_factory=Counter)
    """Of those whose grade is blank: their grades in the last commit."""
    removed: int = 0
    listed: int = 0
    """Of the removed students: how many are still listed by shared sections."""
    class_changes: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    schools: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)
    grade_moves: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Of students whose grade changed, removed or in no class: the grade in the last commit, and now."""
    moved_to: Counter[str] = field(default_factory=Counter)
    """Of removed students, and of those who change class: the schools that they are at now, if others."""
    came_from: Counter[str] = field(default_factory=Counter)
    """Of students in no class, or without a school: those that they were at in the last commit, if others."""
    sections: list[str] = field(default_factory=list)
    former_classes: Sequence[str] = ()
    """Of students in no class: the classes that they had in the last commit."""
    since: datetime | None = None

    def place(self, school_id: str | None, grade: str | None, students: int) -> None:
        """Count students of a school and a grade."""
        if school_id is not None:
            self.schools[school_id] += students
        if grade is not None:
            self.grades[grade] += students

    def date(self, since: datetime | None) -> None:
        """Take note of a finding's age; the oldest counts."""
        self.since = min((moment for moment in (self.since, since) if moment is not None), default=None)

    def cause(self, code: str, owner: Owner, advice: str, field_name: str | None = None) -> Cause:
        """Return the cause that all of this has."""
        return Cause(
            code=code,
            owner=owner,
            students=self.students,
            unblocks=self.unblocks,
            removed=self.removed or None,
            class_changes=self.class_changes or None,
            findings=self.findings,
            field=field_name,
            schools=most_first(self.schools)[:MAX_CAUSE_LISTED],
            school_count=len(self.schools),
            grades=most_first(self.grades)[:MAX_CAUSE_LISTED],
            sections=self.sections[:MAX_CAUSE_LISTED],
            since=self.since,
            advice=advice,
        )


_K = TypeVar("_K", str, tuple[str, str])


def most_first(counts: Mapping[_K, int]) -> list[_K]:
    """Return the keys, the most frequent first, equals in their own order."""
    return sorted(counts, key=lambda name: (-counts[name], name))
