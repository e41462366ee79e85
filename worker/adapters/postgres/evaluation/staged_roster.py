"""The staged roster of the district under evaluation."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from typing import Final, TypeAlias

from worker.adapters.postgres import statements
from worker.adapters.postgres.arrays import array_literal
from worker.adapters.postgres.copying import MANY, copy_rows
from worker.adapters.postgres.database import Connection
from worker.adapters.postgres.evaluation.terms import read_terms
from worker.domain.roster.records import EventId, Json, RecordId, RecordKind, School, school_from_json
from worker.domain.roster.staging import Change, Event, Staged
from worker.domain.roster.terms import DistrictTerms
from worker.pipeline.evaluate.rosters import Claimed, EnrollmentChanges, SectionLink, SectionState

Keeping: TypeAlias = Callable[[str, str, Json | None], Json | None]
"""What gives of a record, by kind and id, what is kept of it."""

_KINDS: Final = {kind.value: kind for kind in RecordKind}
_SQL: Final = statements.load("evaluation/staged_roster")
_STAGED_COLUMNS: Final = ("kind", "record_id", "event_id", "record", "modified", "changed_after")


class PostgresStagedRoster:
    """`StagedRoster` of `worker.pipeline.evaluate.rosters`, on one connection in a transaction."""

    def __init__(self, connection: Connection, district_id: str) -> None:
        self._connection = connection
        self._district_id = district_id
        self.event_contexts: list[str] = []

    async def claim_events(self, through: str | None, limit: int) -> Claimed:
        """Move the first `limit` events (up to `through`) from the inbox to the evaluated ones."""
        rows = await self._connection.fetch(_SQL["claim_events"], self._district_id, through, limit)
        kept = self.keeping()
        self.event_contexts = list(dict.fromkeys(row["trace_parent"] for row in rows if row["trace_parent"]))
        events = [
            Event(
                EventId(row["event_id"]),
                _KINDS[row["kind"]],
                RecordId(row["record_id"]),
                kept(row["kind"], row["record_id"], row["record"]),
                row["modified"],
                row["is_row"],
            )
            for row in rows
        ]
        staged = {
            event.key: Staged(EventId(row["staged_by"]), row["before"], row["modified_before"])
            for event, row in zip(events, rows, strict=True)
            if row["staged_by"] is not None
        }
        return Claimed(events, staged)

    def keeping(self) -> Keeping:
        """Return what tells of an event's record what is kept of it: here, all."""
        return lambda _kind, _record_id, record: record

    async def write_staged(self, changes: Sequence[Change], enrollments: EnrollmentChanges) -> None:
        """Stage the changes' records; of two of one record, what the later event says."""
        newest = {change.key: change for change in sorted(changes, key=lambda change: change.event_id)}
        changes = [newest[key] for key in sorted(newest)]  # as the index is, which is then written once
        new = [change for change in changes if change.is_new]
        if len(new) >= MANY:
            commits = await self._connection.fetchval(_SQL["commits"], self._district_id)
            rows = (_new_row(one, commits) for one in new)
            await copy_rows(self._connection, "staged", self._district_id, _STAGED_COLUMNS, rows)
            changes = [change for change in changes if not change.is_new]
        columns = (
            [change.kind for change in changes],
            [change.record_id for change in changes],
            [change.event_id for change in changes],
            [change.after for change in changes],
            [change.modified for change in changes],
        )
        added, removed = enrollments.added, enrollments.removed
        students = sorted(added.keys() | removed.keys())
        await self._connection.execute(
            _SQL["write_staged"],
            self._district_id,
            *columns,
            students,
            [array_literal(sorted(added.get(student, ()))) for student in students],
            [array_literal(sorted(removed.get(student, ()))) for student in students],
        )

    async def write_links(self, added: Collection[SectionLink], removed: Collection[SectionLink]) -> None:
        """Change which sections point where, besides their students."""
        if removed:
            await self._connection.execute(
                _SQL["remove_links"],
                self._district_id,
                sorted({role for role, _, _ in removed}),
                sorted({target for _, target, _ in removed}),
                [" ".join(link) for link in removed],
            )
        if added:
            # By what they point to: a teacher has five sections or so, and is sent once.
            sections: dict[tuple[str, str], list[str]] = {}
            for role, target, section in added:
                sections.setdefault((role, target), []).append(section)
            rows = [(*target, array_literal(sorted(sections[target]))) for target in sorted(sections)]
            columns = _columns(rows, 3)
            await self._connection.execute(_SQL["add_links"], self._district_id, *columns)

    async def linked_sections(self, role: str, targets: Collection[str]) -> set[str]:
        """Return the live sections that point to any of these teachers, schools, courses or terms."""
        rows = await self._connection.fetch(_SQL["linked_sections"], self._district_id, role, list(targets))
        return {row["section_id"] for row in rows}

    async def sections_of_students(self, ids: Collection[str]) -> set[str]:
        """Return the live sections that list any of these students."""
        rows = await self._connection.fetch(_SQL["sections_of_students"], self._district_id, list(ids))
        return {row["section_id"] for row in rows}

    async def section_states(
        self, ids: Collection[str], beside: Collection[RecordKind], *, with_students: bool
    ) -> list[SectionState]:
        """Return the sections with the records of these kinds that a filter reads beside them."""
        wanted = [kind in beside for kind in (RecordKind.COURSE, RecordKind.SCHOOL, RecordKind.TERM)]
        rows = await self._connection.fetch(
            _SQL["section_states"], self._district_id, list(ids), *wanted, with_students
        )
        return [SectionState(**row) for row in rows]

    async def listed_students(self, sections: Collection[str]) -> set[str]:
        """Return whom these sections list."""
        rows = await self._connection.fetch(_SQL["listed_students"], self._district_id, list(sections))
        return {row["student_id"] for row in rows}

    async def student_records(self, ids: Collection[str]) -> dict[str, Json]:
        """Return the users' records of those who are students now."""
        rows = await self._connection.fetch(_SQL["student_records"], self._district_id, list(ids))
        return {row["record_id"]: row["record"] for row in rows}

    async def schools(self) -> list[School]:
        """Return the district's schools."""
        rows = await self._connection.fetch(_SQL["schools"], self._district_id)
        return [school_from_json(row["record_id"], row["record"]) for row in rows]

    async def terms(self) -> DistrictTerms:
        """Return the district's terms, by the schools that use them."""
        return await read_terms(self._connection, self._district_id)

    async def count_school_terms(self, changes: Mapping[tuple[str, str], int]) -> None:
        """Add to how many live sections of a school name a term."""
        moved = sorted((*key, sections) for key, sections in changes.items())
        columns = [list(column) for column in zip(*moved, strict=True)]
        await self._connection.execute(_SQL["count_school_terms"], self._district_id, *columns)
        if min(changes.values()) < 0:
            await self._connection.execute(_SQL["forget_school_terms"], self._district_id)

    async def put_in_grace(self, terms: Collection[tuple[str, str]]) -> None:
        """Say which terms count on though they have ended, each at which school; no others do."""
        columns = _columns(terms, 2)
        await self._connection.execute(_SQL["put_in_grace"], self._district_id, *columns)

    async def ids_in_chunks(self, what: str, size: int) -> AsyncIterator[list[str]]:
        """Yield, `size` at a time, all ids of `section`, `student`, `teacher` or `school`."""
        for side in (what, "told") if what == "student" else (what,):
            after = ""
            while rows := await self._connection.fetch(_SQL[f"ids_{side}"], self._district_id, after, size):
                yield [row["record_id"] for row in rows]
                after = rows[-1]["record_id"]


def _new_row(change: Change, commits: int | None) -> tuple[object, ...]:
    """Return a new record as a row; of a section it is noted after which commit it came."""
    came_after = commits if change.kind is RecordKind.SECTION else None
    return change.kind, change.record_id, change.event_id, change.after, change.modified, came_after


def _columns(rows: Collection[tuple[str, ...]], width: int) -> list[list[str]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
