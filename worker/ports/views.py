"""What the console looks at: read-only, a page at a time, whatever the size of a district or of their number.

Every call may raise `StoreUnavailable`. Places to read on from are what one page's last line says of itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from worker.domain.tally import Tally
from worker.domain.window import Window

DistrictOrder: TypeAlias = Literal["attention", "name", "students", "blocked"]
SectionField: TypeAlias = Literal["name", "subject", "period", "grade", "course_name", "school", "term"]
SectionOrder: TypeAlias = Literal[
    "name", "school", "subject", "period", "grade", "course", "term", "students"
]


@dataclass(frozen=True, slots=True)
class DistrictsAsked:
    """Which districts to list; `text` is looked for in names and ids."""

    status: str | None = None
    text: str = ""
    order: DistrictOrder = "attention"
    offset: int = 0
    limit: int = 50


@dataclass(frozen=True, slots=True)
class DistrictRow:
    """A district in the list."""

    district_id: str
    name: str | None
    status: str
    tally: Tally
    committed: Mapping[str, int]
    standing_since: datetime | None
    decided_at: datetime | None
    window: Window | None
    incidents: Sequence[str]
    sync: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class DistrictPage:
    """Some districts, how many there are of the kind asked for, and the database's clock."""

    rows: Sequence[DistrictRow]
    matching: int
    now: datetime


@dataclass(frozen=True, slots=True)
class CoverageCell:
    """Students in scope of one grade of one school; None where a student has none."""

    school_id: str | None
    school: str | None
    grade: str | None
    students: int
    blocked: int


@dataclass(frozen=True, slots=True)
class FindingPlace:
    """Where a finding stands in the order of a district's findings."""

    severity: str
    code: str
    kind: str
    record_id: str
    member: str
    """In hex."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """An open finding."""

    place: FindingPlace
    detail: Mapping[str, Any]
    since: datetime


@dataclass(frozen=True, slots=True)
class FindingsAsked:
    """Which findings to list."""

    code: str | None = None
    severity: str | None = None
    school_id: str | None = None
    after: FindingPlace | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class SectionLine:
    """A section as it is staged; `kept` is the first rule that keeps it, None where the filter does not."""

    id: str
    name: str | None
    school: str | None
    subject: str | None
    period: str | None
    grade: str | None
    course: str | None
    term: str | None
    students: int
    kept: int | None


@dataclass(frozen=True, slots=True)
class SectionsAsked:
    """Which sections to list: with `text` somewhere, and with a value in one field."""

    text: str = ""
    field: SectionField | None = None
    value: str = ""
    is_word: bool = False
    """Whether the value is only a part of the field."""
    order: SectionOrder = "name"
    offset: int = 0
    limit: int = 200


@dataclass(frozen=True, slots=True)
class SectionGroup:
    """Sections that have something in common; `value` None: nothing in this field."""

    value: str | None
    sections: int
    students: int
    """Places in them, so that a student in two counts twice."""
    kept: int


@dataclass(frozen=True, slots=True)
class SectionPage:
    """Some sections, and how many there are of the kind asked for."""

    rows: Sequence[SectionLine]
    matching: int


@dataclass(frozen=True, slots=True)
class StudentView:
    """One student: as staged, as he would be committed, as he was; his sections and his findings."""

    staged: Mapping[str, Any] | None
    candidate: Mapping[str, Any] | None
    committed: Mapping[str, Any] | None
    sections: Sequence[SectionLine]
    findings: Sequence[FindingRow]


@dataclass(frozen=True, slots=True)
class DecisionLine:
    """A commit or review; `summary` is its message without what it lists."""

    number: int
    outcome: str
    sequence: int
    decided_at: datetime
    published_at: datetime | None
    trigger: str | None
    events: int | None
    summary: Mapping[str, Any]


class Views(Protocol):
    """Questions of pages."""

    async def districts(self, asked: DistrictsAsked) -> DistrictPage:
        """Return districts; those that need a person first, unless another order is asked for."""
        ...

    async def coverage(self, district_id: str) -> list[CoverageCell]:
        """Return the district's students in scope by school and grade."""
        ...

    async def decisions(self, district_id: str, before: int | None, limit: int) -> list[DecisionLine]:
        """Return decisions, the newest first: those numbered below `before`."""
        ...

    async def findings(self, district_id: str, asked: FindingsAsked) -> list[FindingRow]:
        """Return open findings in their order, behind the place asked for."""
        ...

    def all_findings(self, district_id: str, asked: FindingsAsked) -> AsyncIterator[list[FindingRow]]:
        """Yield every open finding of the kind asked for, `limit` at a time; keeps no transaction open."""
        ...

    async def section_names(self, district_id: str, ids: Collection[str]) -> dict[str, str]:
        """Return what these sections are called; those without a name are left out."""
        ...

    async def student(self, district_id: str, record_id: str) -> StudentView | None:
        """Return a student; None where nobody of this id was ever one."""
        ...

    async def sections(self, district_id: str, asked: SectionsAsked) -> SectionPage:
        """Return the district's live sections."""
        ...

    async def section_groups(
        self, district_id: str, by: SectionField, asked: SectionsAsked
    ) -> list[SectionGroup]:
        """Return the sections asked for in groups of the same value, the largest first.

        By `name`: of those that share a word of their names; a section is in the group of each of its words.
        """
        ...
