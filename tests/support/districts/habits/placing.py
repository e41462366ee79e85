"""Which sections a filter gives each student of a district, worked out from its staged records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from tests.support.districts.oracle import Records, calendar_of, view
from worker.domain.roster.records import (
    Json,
    RecordId,
    RecordKind,
    School,
    Student,
    school_from_json,
    section_from_json,
    student_from_json,
)
from worker.domain.roster.scope import find_schools
from worker.domain.roster.section_filter import SectionFilter, SectionView, counted, rank
from worker.domain.roster.terms import TermCalendar

Placements = Mapping[RecordId, tuple[RecordId, ...]]
"""By student in scope, the sections that count."""


class Coverage(NamedTuple):
    """How many students in scope have exactly one counted section, none, or several."""

    exactly_one: int
    none: int
    several: int

    @property
    def share(self) -> float:
        """Return the share of those who have exactly one."""
        return self.exactly_one / (sum(self) or 1)


def coverage(placed: Placements) -> Coverage:
    """Count the students by how many sections they have."""
    sizes = Counter(min(2, len(sections)) for sections in placed.values())
    return Coverage(sizes[1], sizes[0], sizes[2])


@dataclass(frozen=True)
class Read:
    """What a filter reads of a district, read once for many filters."""

    schools: list[School]
    students: list[Student]
    sections: list[SectionView]
    calendar: TermCalendar

    @classmethod
    def of(cls, records: Records, today: date) -> Read:
        """Read the records."""
        users = [student_from_json(i, record) for i, record in _all(records, RecordKind.USER)]
        sections = [section_from_json(i, record) for i, record in _all(records, RecordKind.SECTION)]
        return cls(
            [school_from_json(i, record) for i, record in _all(records, RecordKind.SCHOOL)],
            [student for student in users if student is not None],
            [view(section, records) for section in sections],
            calendar_of(records, today, 0),
        )


def placements(read: Read, section_filter: SectionFilter) -> Placements:
    """Return, by the rules of the filter, the sections of every student in scope."""
    scope = find_schools(section_filter.scope, read.schools)
    ranks: dict[RecordId, dict[RecordId, int]] = {
        student.id: {} for student in read.students if scope.holds(student)
    }
    for seen in read.sections:
        kept = rank(section_filter, seen, read.calendar)
        if kept is not None:
            for listed in seen.section.students:
                if listed in ranks:
                    ranks[listed][seen.section.id] = kept
    return {student: counted(section_filter.strategy, found) for student, found in ranks.items()}


def _all(records: Records, kind: RecordKind) -> Iterator[tuple[str, Json]]:
    return ((record_id, record) for (of, record_id), record in records.items() if of is kind)
