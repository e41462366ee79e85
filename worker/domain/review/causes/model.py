"""What a cause is, and how one is put together from what belongs to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from schemas.words import Owner

LISTED: Final = 20
"""Schools, grades and sections that a cause names; the most concerned ones."""


@dataclass(frozen=True, slots=True)
class Cause:
    """One reason behind many findings; `advice` is for the people who can put it right."""

    code: str
    owner: Owner
    advice: str
    students: int = 0
    """Students whom it blocks."""
    unblocks: int = 0
    """Those of them who would be ready without it."""
    findings: Mapping[str, int] = field(default_factory=dict)
    """The errors that belong to it, by code."""
    schools: Sequence[str] = ()
    school_count: int = 0
    grades: Sequence[str] = ()
    sections: Sequence[str] = ()
    field: str | None = None
    removed: int | None = None
    """For a mass removal: students that the plan would remove."""
    since: datetime | None = None
    class_changes: int | None = None
    """Where many change class at once: students that the plan would put into another class."""


@dataclass(slots=True)
class Pile:
    """What belongs to one cause, while it is being counted."""

    students: int = 0
    unblocks: int = 0
    removed: int = 0
    class_changes: int = 0
    findings: Counter[str] = field(default_factory=Counter)
    schools: Counter[str] = field(default_factory=Counter)
    grades: Counter[str] = field(default_factory=Counter)
    sections: list[str] = field(default_factory=list)
    since: datetime | None = None

    def place(self, school_id: str | None, grade: str | None, students: int) -> None:
        """Count students of a school and a grade."""
        if school_id is not None:
            self.schools[school_id] += students
        if grade is not None:
            self.grades[grade] += students

    def date(self, since: datetime | None) -> None:
        """Take note of a finding's age; the oldest counts."""
        if since is not None and (self.since is None or since < self.since):
            self.since = since

    def cause(self, code: str, owner: Owner, advice: str, field_name: str | None = None) -> Cause:
        """Return the cause that all of this has."""
        return Cause(
            code,
            owner,
            advice,
            self.students,
            self.unblocks,
            dict(sorted(self.findings.items())),
            most_first(self.schools)[:LISTED],
            len(self.schools),
            most_first(self.grades)[:LISTED],
            self.sections[:LISTED],
            field_name,
            self.removed or None,
            self.since,
            self.class_changes or None,
        )


def most_first(counts: Mapping[str, int]) -> list[str]:
    """Return the keys, the most frequent first, equals in the order of their text."""
    return sorted(counts, key=lambda name: (-counts[name], name))
