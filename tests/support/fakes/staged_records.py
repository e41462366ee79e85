"""A district's staged records, kept in memory: a fake of `worker.pipeline.evaluate.rosters.StagedRoster`."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass, field

from schemas.words import RosterKind
from worker.domain.preflight.checks import Finding
from worker.domain.roster.records import (
    EventId,
    Json,
    RecordId,
    RecordKind,
    School,
    school_from_json,
    term_from_json,
)
from worker.domain.roster.roster import Entry
from worker.domain.roster.staging import Change, Event, Key, Staged
from worker.domain.roster.terms import DistrictTerms, TermUse
from worker.pipeline.evaluate.rosters import (
    Claimed,
    EnrollmentChanges,
    EntryState,
    SectionLink,
    SectionState,
)


@dataclass
class Row:
    """A record of the roster, as it would be and as it is committed."""

    candidate: Entry | None = None
    committed: Entry | None = None
    school_id: str | None = None
    sections: tuple[str, ...] = ()
    grade: str | None = None

    def state(self, *, with_record: bool = False) -> EntryState:
        """Return it as the port tells it."""
        record = self.candidate.record if with_record and self.candidate else None
        return EntryState(
            self.candidate.member if self.candidate else None,
            self.committed.member if self.committed else None,
            record,
            self.sections,
        )


@dataclass
class MemoryStaged:
    """What is staged, and the tables beside it; `waiting` are events that nobody claimed, with `contexts`."""

    waiting: list[Event] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    event_contexts: list[str] = field(default_factory=list)
    known: dict[Key, Staged] = field(default_factory=dict)
    links: set[SectionLink] = field(default_factory=set)
    enrolled: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """The sections that list a student."""
    school_terms: Counter[tuple[str, str]] = field(default_factory=Counter)
    in_grace: set[tuple[str, str]] = field(default_factory=set)
    kept: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Kept sections with rank and number of students."""
    identities: set[tuple[str, str, bytes]] = field(default_factory=set)
    rows: dict[tuple[RosterKind, str], Row] = field(default_factory=dict)
    findings: dict[tuple[str, int], Finding] = field(default_factory=dict)
    unread_events: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    """How much was written, by what it was."""
    looked_at: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Whom and what a step looked at, by kind."""

    def at(self, kind: RecordKind, record_id: str | None) -> Json | None:
        """Return a live record."""
        found = self.known.get((kind, RecordId(record_id or "")))
        return found.record if found else None

    def live(self, kind: RecordKind) -> dict[str, Json]:
        """Return the live records of a kind."""
        return {key[1]: one.record for key, one in self.known.items() if key[0] is kind and one.record}

    async def claim_events(self, through: str | None, limit: int) -> Claimed:
        """Take the first events, up to `through`."""
        first = [one for one in self.waiting if through is None or one.id <= through][:limit]
        self.waiting = [one for one in self.waiting if one not in first]
        self.event_contexts = self.contexts
        return Claimed(first, {one.key: self.known[one.key] for one in first if one.key in self.known})

    async def write_staged(self, changes: Sequence[Change], enrollments: EnrollmentChanges) -> None:
        """Stage the changes' records, and which sections list a student."""
        self.calls["staged"] += 1
        for change in changes:
            self.known[change.key] = Staged(EventId(change.event_id), change.after, change.modified)
        for student, sections in enrollments.added.items():
            assert not self.enrolled[student] & set(sections)
            self.enrolled[student] |= set(sections)
        for student, sections in enrollments.removed.items():
            assert self.enrolled[student] >= set(sections)
            self.enrolled[student] -= set(sections)

    async def write_links(self, added: Collection[SectionLink], removed: Collection[SectionLink]) -> None:
        """Change which sections point where."""
        assert not self.links & set(added)
        assert self.links >= set(removed)
        self.links = (self.links | set(added)) - set(removed)

    async def sections_of_students(self, ids: Collection[str]) -> set[str]:
        """Return the sections that list any of these students."""
        return {section for student in ids for section in self.enrolled[student]}

    async def linked_sections(self, role: str, targets: Collection[str]) -> set[str]:
        """Return the sections that point to any of these."""
        return {section for of, target, section in self.links if of == role and target in targets}

    async def section_states(
        self, ids: Collection[str], beside: Collection[RecordKind], *, with_students: bool
    ) -> list[SectionState]:
        """Return the sections with the records of these kinds that a filter reads beside them."""
        self.looked_at["section"].update(ids)
        known = [one for one in ids if (RecordKind.SECTION, one) in self.known]
        return [self._section_state(one, beside, with_students=with_students) for one in known]

    async def listed_students(self, sections: Collection[str]) -> set[str]:
        """Return whom these sections list."""
        records = [self.at(RecordKind.SECTION, one) or {} for one in sections]
        return {student for record in records for student in record.get("students", ())}

    def _section_state(
        self, section_id: str, beside: Collection[RecordKind], *, with_students: bool
    ) -> SectionState:
        section = self.at(RecordKind.SECTION, section_id)
        named = section or {}
        if section is not None and not with_students:
            section = {name: value for name, value in section.items() if name != "students"}
        kinds = (RecordKind.COURSE, RecordKind.SCHOOL, RecordKind.TERM)
        course, school, term = (
            self.at(kind, named.get(f"{kind}_id")) if kind in beside else None for kind in kinds
        )
        return SectionState(
            section_id,
            section,
            course,
            school,
            term,
            self.kept[section_id][0] if section_id in self.kept else None,
        )

    async def student_records(self, ids: Collection[str]) -> dict[str, Json]:
        """Return those who are students now."""
        found = {one: self.at(RecordKind.USER, one) or {} for one in ids}
        return {one: record for one, record in found.items() if "student" in record}

    async def schools(self) -> list[School]:
        """Return the district's schools."""
        return [school_from_json(*one) for one in self.live(RecordKind.SCHOOL).items()]

    async def terms(self) -> DistrictTerms:
        """Return the district's terms."""
        known = {term_id: term_from_json(term_id, one) for term_id, one in self.live(RecordKind.TERM).items()}
        uses = [
            TermUse(*key, count, known.get(RecordId(key[1])), key in self.in_grace)
            for key, count in sorted(self.school_terms.items())
        ]
        used = {use.term_id for use in uses}
        return DistrictTerms(uses, [term for term_id, term in known.items() if term_id not in used])

    async def count_school_terms(self, changes: Mapping[tuple[str, str], int]) -> None:
        """Add to how many sections of a school name a term."""
        assert changes
        self.school_terms.update(changes)
        assert min(self.school_terms.values()) >= 0
        self.school_terms = +self.school_terms
        self.in_grace &= self.school_terms.keys()

    async def put_in_grace(self, terms: Collection[tuple[str, str]]) -> None:
        """Say which terms count on."""
        self.in_grace = set(terms)

    async def ids_in_chunks(self, what: str, size: int) -> AsyncIterator[list[str]]:
        """Yield the ids that are staged or stand in the roster."""
        if what == "section":
            ids = {key[1] for key in self.known if key[0] is RecordKind.SECTION}
        else:
            kind = RecordKind.SCHOOL if what == "school" else RecordKind.USER
            ids = {RecordId(one) for one, record in self.live(kind).items() if what in (kind, *record)}
            ids |= {RecordId(one) for kind_of_row, one in self.rows if kind_of_row == what}
            ids |= {
                RecordId(one.record_id) for one in self.findings.values() if one.kind == what == "student"
            }
        ordered: list[str] = sorted(ids)
        for start in range(0, len(ordered), size):
            yield ordered[start : start + size]
