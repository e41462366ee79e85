"""What a trial of a section filter reads of its district, at one moment."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple, Protocol

from schemas.words import RosterKind
from worker.domain.preflight.recent_moves import RecentMoves
from worker.domain.roster.records import Course, Json, School, Student
from worker.domain.roster.terms import DistrictTerms
from worker.pipeline.evaluate.state import DistrictState


@dataclass(frozen=True, slots=True)
class SectionTexts:
    """The live sections: their ids, and side by side with them the texts of some of their fields."""

    ids: Sequence[str]
    texts: Mapping[str, Sequence[str | None]]


class StudentGroup(NamedTuple):
    """Shared students who are alike in what a scope reads of them; the ids are in no order."""

    alike: Student
    """One of them, with nothing but that."""
    ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class StudentRows:
    """Rows of the roster of students, by id, side by side; `members` are those of the digests.

    `classes` and `records` are the candidate's; a committed class stands only where the two rosters differ.
    """

    ids: Sequence[str]
    schools: Sequence[str | None]
    classes: Sequence[str | None]
    members: Sequence[bytes | None]
    committed_schools: Sequence[str | None]
    committed_classes: Sequence[str | None]
    committed_members: Sequence[bytes | None]
    records: Sequence[str | None] | None
    """None where they were not asked for."""


class StagedStudent(NamedTuple):
    """A shared student as staged, and what is committed of him."""

    id: str
    record: Json
    committed_member: int | None
    committed_school: str | None
    committed_class: str | None


class RosterRow(NamedTuple):
    """A row of the roster, by the members of its records; None where there is none."""

    id: str
    candidate: int | None
    committed: int | None


class TrialSnapshot(Protocol):
    """One district at one moment. Every call may raise `StoreUnavailable`, or `TrialTooLong`."""

    district_id: str
    now: datetime
    state: DistrictState

    async def sections(self, fields: Collection[str]) -> SectionTexts:
        """Return the live sections with these fields of theirs."""

    async def courses(self) -> list[Course]:
        """Return the live courses."""

    async def schools(self) -> list[School]:
        """Return the live schools."""

    async def terms(self) -> DistrictTerms:
        """Return the terms, by the schools that use them."""

    async def student_groups(self) -> list[StudentGroup]:
        """Return all shared students, by what a scope reads of them."""

    def listed(self, sections: Sequence[str]) -> AsyncIterator[tuple[str, list[str]]]:
        """Yield these sections in their order, each with the students that it lists, known to us or not."""

    def students(self) -> AsyncIterator[StudentRows]:
        """Yield the roster's students in chunks.

        Records come with the next chunk after `wants_records` is set.
        """

    wants_records: bool

    async def student_records(self, students: Collection[str]) -> dict[str, str]:
        """Return the candidate records of these students."""

    async def staged_students(self, students: Collection[str]) -> list[StagedStudent]:
        """Return these students as they are staged."""

    async def shared(self, users: Collection[str]) -> set[str]:
        """Return which of these users are students now."""

    async def sections_listing(self, students: Collection[str]) -> set[str]:
        """Return the live sections that list any of these students."""

    async def field_findings(self) -> list[tuple[str, str]]:
        """Return the open findings on students' own records: student and code."""

    async def holders(self) -> dict[tuple[str, bytes], set[str]]:
        """Return which students of the candidate roster share a unique value, by field and digest."""

    async def holders_of(self, values: Collection[tuple[str, bytes]]) -> dict[tuple[str, bytes], set[str]]:
        """Return which students of the candidate roster have these unique values."""

    async def rows(self, kind: RosterKind) -> list[RosterRow]:
        """Return the roster's rows of classes, teachers or schools."""

    async def section_records(self, sections: Collection[str]) -> dict[str, Json]:
        """Return these sections as they are staged, without their students."""

    async def user_records(self, users: Collection[str]) -> dict[str, Json]:
        """Return those of these users who are teachers."""

    async def taught_by(self) -> list[tuple[str, str]]:
        """Return every teacher that a live section lists: section and teacher."""

    async def recent_moves(self, after: datetime) -> RecentMoves:
        """Return whom commits since then moved."""

    async def quarantined(self) -> int:
        """Return how many unreadable events wait."""

    async def unreadable(self, kinds: Collection[str]) -> int:
        """Return how many live records of these kinds have fields that could not be read."""


class Trials(Protocol):
    """Where snapshots come from."""

    def snapshot(self, district_id: str) -> AbstractAsyncContextManager[TrialSnapshot | None]:
        """Read a district as it is now, until the context is left; None where it was never seen.

        Nothing waits for it, and it waits for nothing.
        """
