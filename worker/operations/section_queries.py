"""A district's sections and students, to be looked through; every call may raise `StoreUnavailable`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from worker.domain.preflight.checks import Finding
from worker.domain.review.section_table import SectionLine
from worker.domain.roster.records import Student
from worker.domain.roster.terms import TermCalendar


@dataclass(frozen=True, slots=True)
class TableMoment:
    """What a table of sections is true for: a district after a batch, not purged since, on a day."""

    batch_number: int
    purged_at: datetime | None
    today: date


@dataclass(frozen=True, slots=True)
class ReadSections:
    """The live sections of a district at one moment, by id."""

    moment: TableMoment
    lines: Sequence[SectionLine]
    calendar: TermCalendar
    """Which terms count on the moment's day."""


@dataclass(frozen=True, slots=True)
class Seats:
    """How many students in scope would have exactly one class, or several, if some sections alone counted."""

    exactly_one: int
    several: int

    @property
    def students(self) -> int:
        """All students in scope whom these sections list."""
        return self.exactly_one + self.several


@dataclass(frozen=True, slots=True)
class StudentDetails:
    """What is known of one student, all of one moment."""

    staged: Student | None
    """None where Clever deleted the record, or it is no student any more."""
    candidate: dict[str, Any] | None
    """As it would be committed; None where it is out of scope, or gone."""
    committed: dict[str, Any] | None
    sections: Sequence[SectionLine]
    """Those that list the student."""
    counted: Collection[str]
    """Those among them that count for the student: a first match leaves out kept ones."""
    findings: Sequence[tuple[Finding, datetime]]
    """What is open on the record, and since when."""


class SectionViews(Protocol):
    """Where sections and students are read."""

    async def moment(self, district_id: str) -> TableMoment:
        """Return what a table that is read now would be true for; raises `UnknownDistrictError`."""

    async def read(self, district_id: str) -> ReadSections:
        """Return the district's live sections; raises `UnknownDistrictError`."""

    async def teacher_names(self, district_id: str) -> dict[str, tuple[str | None, ...]]:
        """Return every name of the known teachers of sections, and of the committed ones, by id."""

    async def seats(self, district_id: str, groups: Sequence[Collection[str]]) -> list[Seats]:
        """Return for each group of section ids what it alone would give the students in scope."""

    async def student(self, district_id: str, record_id: str) -> StudentDetails | None:
        """Return one student; None where nobody of this id is one, or was committed as one."""
