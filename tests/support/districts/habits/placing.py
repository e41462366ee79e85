"""Which sections a filter gives each student of a district, worked out from its staged records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from tests.support.districts.oracle import Records, calendar_of, view
from worker.domain.roster.records import (
    RecordId,
    RecordKind,
    school_from_json,
    section_from_json,
    student_from_json,
)
from worker.domain.roster.scope import find_schools
from worker.domain.roster.section_filter import SectionFilter, counted, rank

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


def placements(records: Records, section_filter: SectionFilter, today: date) -> Placements:
    """Return, by the rules of the filter, the sections of every student in scope."""
    ranks: dict[RecordId, dict[RecordId, int]] = {}
    schools = [school_from_json(key[1], one) for key, one in records.items() if key[0] is RecordKind.SCHOOL]
    scope = find_schools(section_filter.scope, schools)
    calendar = calendar_of(records, today, 0)
    for (kind, record_id), record in records.items():
        student = student_from_json(record_id, record) if kind is RecordKind.USER else None
        if student is not None and scope.holds(student):
            ranks[student.id] = {}
    for (kind, record_id), record in records.items():
        if kind is not RecordKind.SECTION:
            continue
        section = section_from_json(record_id, record)
        kept = rank(section_filter, view(section, records), calendar)
        if kept is not None:
            for listed in section.students:
                if listed in ranks:
                    ranks[listed][section.id] = kept
    return {student: counted(section_filter.strategy, found) for student, found in ranks.items()}
