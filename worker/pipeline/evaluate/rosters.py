"""The staged and the candidate roster of the district under evaluation, record by record.

`worker.adapters.postgres` answers, inside the evaluation's transaction. Everything here takes and gives plain
values of the domain; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from schemas.words import RosterKind
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.roster.records import Json, RecordId, RecordKind, School
from worker.domain.roster.roster import Entry
from worker.domain.roster.staging import Change, Event, Key, Staged
from worker.domain.roster.terms import DistrictTerms


@dataclass(frozen=True, slots=True)
class SectionState:
    """A section as staged (None: a tombstone, or never seen) with what a filter reads beside it."""

    id: str
    record: Json | None
    course: Json | None
    school: Json | None
    term: Json | None
    rank: int | None


@dataclass(frozen=True, slots=True)
class OpenFinding:
    """An open finding, as far as closing it needs."""

    record_id: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class EntryState:
    """A row of the roster as it stands: members of the digests, None where the record is not there."""

    candidate: int | None = None
    committed: int | None = None
    record: str | None = None
    """The candidate record, where it was asked for."""
    sections: tuple[str, ...] = ()
    """For a student: the sections that count for him."""


@dataclass(frozen=True, slots=True)
class StudentState:
    """A user's student side (None: not a student now), his kept sections and his row of the roster."""

    id: str
    record: Json | None
    ranks: Mapping[str, int]
    school_known: bool
    entry: EntryState
    duplicated: Collection[str] = ()
    """The unique fields whose value another student in scope has too, if these were asked for."""
    findings: Sequence[OpenFinding] = ()
    """Those that are open on the student."""


@dataclass(frozen=True, slots=True)
class PersonState:
    """A teacher or a school: its staged record, whether the roster needs it, and its row there."""

    id: str
    record: Json | None
    needed: bool
    entry: EntryState


@dataclass(frozen=True, slots=True)
class ClassState:
    """A section as staged (None: a tombstone, or never seen), and its row of the roster.

    `rank` is None where the filter does not keep it; `students` are those for whom it counts.
    """

    id: str
    record: Json | None
    rank: int | None
    students: int
    entry: EntryState
    unknown_students: Sequence[RecordId] = ()
    """Of those whom a kept section lists, who is no student now."""
    unknown_teachers: Sequence[RecordId] = ()
    findings: Sequence[OpenFinding] = ()
    """Those that are open on the section or class."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """The events of a batch, in no order, and what was staged of their records before."""

    events: list[Event]
    staged: Mapping[Key, Staged]


@dataclass(frozen=True, slots=True)
class EnrollmentChanges:
    """By student, the sections that list him now and did not, and those that do no more."""

    added: Mapping[str, Collection[str]] = field(default_factory=dict)
    removed: Mapping[str, Collection[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntryWrite:
    """What a row of the candidate roster becomes; `entry` None takes the record out."""

    kind: RosterKind
    id: str
    entry: Entry | None
    school_id: str | None = None
    sections: tuple[str, ...] | None = None
    grade: str | None = None
    """Of a student."""


@dataclass(frozen=True, slots=True)
class CandidateChanges:
    """What looking at some records again changes, written together."""

    entries: Sequence[EntryWrite] = ()
    opened: Sequence[Finding] = ()
    closed: Sequence[Finding] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    """By how many students kept sections grew."""
    new: Sequence[EntryWrite] = ()
    """Entries of records that have no row in the roster yet, each once."""


SectionLink: TypeAlias = tuple[str, str, str]
"""What a live section points to, by role and id, and its own id; the role is `teacher`, `school`, `course` or
`term`. A plain tuple, for a first load has very many of them."""


class StagedRecords(Protocol):
    """Records as they are staged."""

    event_contexts: list[str]
    """The trace contexts that the claimed events came with, each once."""

    async def claim_events(self, through: str | None, limit: int) -> Claimed:
        """Move the first `limit` events (up to `through`) from the inbox to the evaluated ones."""

    async def write_staged(self, changes: Sequence[Change], enrollments: EnrollmentChanges) -> None:
        """Stage the changes' records, and which sections list a student."""

    async def student_records(self, ids: Collection[str]) -> dict[str, Json]:
        """Return the student sides of those users who are students now."""

    async def schools(self) -> list[School]:
        """Return the district's schools."""

    def ids_in_chunks(self, what: str, size: int) -> AsyncIterator[list[str]]:
        """Yield, `size` at a time, the ids of all of `section`, `student`, `teacher` or `school`.

        All: those that are staged, and those that stand in the roster.
        """


class StagedSections(Protocol):
    """Sections as they are staged: where they point, and the terms that they name."""

    async def write_links(self, added: Collection[SectionLink], removed: Collection[SectionLink]) -> None:
        """Change which sections point where, besides their students."""

    async def linked_sections(self, role: str, targets: Collection[str]) -> set[str]:
        """Return the live sections that point to any of these teachers, schools, courses or terms."""

    async def sections_of_students(self, ids: Collection[str]) -> set[str]:
        """Return the live sections that list any of these students."""

    async def section_states(
        self, ids: Collection[str], beside: Collection[RecordKind], *, with_students: bool
    ) -> list[SectionState]:
        """Return the sections with the records of these kinds that a filter reads beside them.

        Ids never seen are left out.
        """

    async def listed_students(self, sections: Collection[str]) -> set[str]:
        """Return whom these sections list."""

    async def terms(self) -> DistrictTerms:
        """Return the district's terms, by the schools that use them."""

    async def count_school_terms(self, changes: Mapping[tuple[str, str], int]) -> None:
        """Add to how many live sections of a school name a term, by (school, term); at least one change."""

    async def put_in_grace(self, terms: Collection[tuple[str, str]]) -> None:
        """Say which terms count on though they have ended, by (school, term); no others do."""


class StagedRoster(StagedRecords, StagedSections, Protocol):
    """The staged roster of the district under evaluation."""


class KeptSections(Protocol):
    """The sections that the filter keeps."""

    async def write_kept(self, kept: Mapping[str, int], dropped: Collection[str]) -> None:
        """Say which sections the filter keeps, by rank, and which no longer."""

    async def class_states(self, ids: Collection[str]) -> list[ClassState]:
        """Return these sections as classes, with the candidate records of their rows."""


class Identities(Protocol):
    """Who has which unique value."""

    async def replace_identities(
        self, ids: Collection[str], identities: Collection[tuple[str, str, bytes]]
    ) -> set[tuple[str, bytes]]:
        """Replace the (student, field, digest) rows of these students; return the values that moved."""

    async def unsettled_holders(self, values: Collection[tuple[str, bytes]]) -> set[str]:
        """Return students whose finding of a duplicate no longer fits how many hold their value."""


class RosterEntries(Protocol):
    """The rows of the roster."""

    async def student_states(self, ids: Collection[str], *, with_duplicated: bool) -> list[StudentState]:
        """Return these users as students."""

    async def needed_states(
        self, teachers: Collection[str], schools: Collection[str]
    ) -> Mapping[RosterKind, list[PersonState]]:
        """Return these users as teachers, and these schools.

        A teacher is needed if a class lists him, a school if a student or a class in the roster names it.
        """

    async def students_of_schools(self, ids: Collection[str]) -> set[str]:
        """Return the students in the candidate roster whose school is one of these."""


class Findings(Protocol):
    """The findings, and the records that could not be read."""

    async def open_findings(self, kinds: Collection[str], ids: Collection[str] | None) -> list[OpenFinding]:
        """Return open findings on these records (None: on all of these kinds)."""

    async def students_with(self, code: Code, limit: int) -> set[str]:
        """Return students with an open finding of this code, at most `limit`."""

    async def write_candidate(self, changes: CandidateChanges) -> set[str]:
        """Change candidate roster, findings and kept sections.

        Returns the sections that came to have students, or none any more.
        """

    async def write_findings(self, opened: Sequence[Finding], closed: Sequence[Finding]) -> None:
        """Open and close findings."""

    async def quarantined(self) -> int:
        """Return how many unreadable events wait."""

    async def unreadable(self, kinds: Collection[str]) -> int:
        """Return how many live records of these kinds have fields that could not be read."""


class CandidateRoster(KeptSections, Identities, RosterEntries, Findings, Protocol):
    """The candidate roster and the findings of the district under evaluation."""


class EvaluatedRoster(StagedRoster, CandidateRoster, Protocol):
    """Both sides of the district under evaluation."""
