"""What the console looks at: read-only, a page at a time, whatever the size of a district or of their number.

Every call may raise `StoreUnavailable`. Places to read on from are what one page's last line says of itself.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol, TypeAlias

from schemas.messages.review import Sync
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.window import Window

DistrictOrder: TypeAlias = Literal["attention", "name", "students", "blocked"]


@dataclass(frozen=True, slots=True)
class DistrictsAsked:
    """Which districts to list; `text` is looked for in names and ids. By id where no order is asked for."""

    status: str | None = None
    text: str = ""
    order: DistrictOrder | None = None
    offset: int = 0
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class DistrictRow:
    """A district in the list; `name` is the district's own, None where Clever never told it."""

    district_id: str
    name: str | None
    status: str
    tally: Tally
    committed: Mapping[str, int]
    commits: int
    reviews: int
    standing_since: datetime | None
    decided_at: datetime | None
    window: Window | None
    hold: Mapping[str, Any] | None
    """Who stopped its commits, when and why; None where nobody did."""
    incidents: Sequence[str]
    sync: Sync


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
    removed: int = 0
    """Committed students whom the plan would remove, where these were asked for."""


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
        """Return the districts asked for, in the order asked for."""

    async def decisions(self, district_id: str, before: int | None, limit: int) -> list[DecisionLine]:
        """Return decisions, the newest first: those numbered below `before`."""

    async def findings(self, district_id: str, asked: FindingsAsked) -> list[FindingRow]:
        """Return open findings in their order, behind the place asked for."""

    def all_findings(self, district_id: str, asked: FindingsAsked) -> AsyncIterator[list[FindingRow]]:
        """Yield every open finding of the kind asked for, `limit` at a time; keeps no transaction open."""

    async def schools_of(self, district_id: str, places: Collection[FindingPlace]) -> dict[FindingPlace, str]:
        """Return the school that each student, class or section is at, where it is known."""

    async def section_names(self, district_id: str, ids: Collection[str]) -> dict[str, str]:
        """Return what these sections are called; those without a name are left out."""
