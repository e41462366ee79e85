"""The candidate roster and the findings of the district under evaluation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import asyncpg

from schemas.words import RosterKind, Severity
from worker.adapters.postgres import statements
from worker.adapters.postgres.arrays import array_literal
from worker.adapters.postgres.copying import MANY, copy_rows
from worker.adapters.postgres.database import Connection
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.roster.canonical import from_bytes, to_bytes
from worker.pipeline.evaluate.rosters import (
    CandidateChanges,
    ClassState,
    EntryState,
    EntryWrite,
    OpenFinding,
    PersonState,
    StudentState,
)

_SQL: Final = statements.load("evaluation/candidate_roster")
_ENTRY_COLUMNS: Final = (
    *("kind", "record_id", "candidate", "candidate_member", "school_id", "sections", "grade"),
)


class PostgresCandidateRoster:
    """`CandidateRoster` of `worker.pipeline.evaluate.rosters`, on one connection in a transaction."""

    def __init__(self, connection: Connection, district_id: str) -> None:
        self._connection = connection
        self._district_id = district_id

    async def write_kept(self, kept: Mapping[str, int], dropped: Collection[str]) -> None:
        """Say which sections the filter keeps, by rank, and which no longer."""
        if dropped:
            await self._execute("drop_sections", list(dropped))
        if kept:
            await self._execute("keep_sections", list(kept), list(kept.values()))

    async def replace_identities(
        self, ids: Collection[str], identities: Collection[tuple[str, str, bytes]]
    ) -> set[tuple[str, bytes]]:
        """Replace the (student, field, digest) rows of these students; return the values that moved."""
        columns = [list(column) for column in zip(*identities, strict=True)] or [[], [], []]
        rows = await self._fetch("replace_identities", list(ids), *columns)
        return {(row["field"], row["value_digest"]) for row in rows}

    async def unsettled_holders(self, values: Collection[tuple[str, bytes]]) -> set[str]:
        """Return students whose finding of a duplicate no longer fits how many hold their value."""
        rows = await self._fetch(
            "unsettled_holders", [field for field, _ in values], [digest for _, digest in values]
        )
        return {row["student_id"] for row in rows}

    async def student_states(self, ids: Collection[str], *, with_duplicated: bool) -> list[StudentState]:
        """Return these users as students."""
        return [
            StudentState(
                row["id"],
                row["record"],
                dict(zip(row["sections"] or (), row["ranks"] or (), strict=True)),
                row["school_known"],
                _entry(row, sections=tuple(row["counted"] or ())),
                frozenset(row["duplicated"] or ()),
                _findings(row),
            )
            for row in await self._fetch("student_states", list(ids), with_duplicated)
        ]

    async def needed_states(
        self, teachers: Collection[str], schools: Collection[str]
    ) -> dict[RosterKind, list[PersonState]]:
        """Return these users as teachers, and these schools; with whether the roster needs each."""
        states: dict[RosterKind, list[PersonState]] = {RosterKind.TEACHER: [], RosterKind.SCHOOL: []}
        for row in await self._fetch("needed_states", list(teachers), list(schools)):
            state = PersonState(row["id"], row["record"], row["needed"], _entry(row))
            states[RosterKind(row["kind"])].append(state)
        return states

    async def students_of_schools(self, ids: Collection[str]) -> set[str]:
        """Return the students in the candidate roster whose school is one of these."""
        return {row["record_id"] for row in await self._fetch("students_of_schools", list(ids))}

    async def class_states(self, ids: Collection[str]) -> list[ClassState]:
        """Return these sections as classes."""
        return [
            ClassState(
                row["id"],
                row["record"],
                row["rank"],
                row["students"],
                _entry(row, record=row["candidate"]),
                row["unknown_students"] or (),
                row["unknown_teachers"] or (),
                _findings(row),
            )
            for row in await self._fetch("class_states", list(ids))
        ]

    async def write_candidate(self, changes: CandidateChanges) -> set[str]:
        """Change candidate roster, findings and kept sections; see the port.

        Of two writes of one record the later one counts; a finding that is closed and opened is open.
        """
        new = changes.new
        if len(new) >= MANY:
            await self._copy_entries(new)
            new = ()
        writes = {(write.kind, write.id): write for write in (*changes.entries, *new)}.values()
        put = [(write, write.entry) for write in writes if write.entry is not None]
        gone = [write for write in writes if write.entry is None]
        opened = dict(zip(zip(*_identity(changes.opened), strict=True), changes.opened, strict=True))
        closed = [one for one in zip(*_identity(changes.closed), strict=True) if one not in opened]
        rows = await self._fetch(
            "write_candidate",
            [write.kind for write, _ in put],
            [write.id for write, _ in put],
            [entry.record for _, entry in put],
            [to_bytes(entry.member) for _, entry in put],
            [write.school_id for write, _ in put],
            [None if write.sections is None else array_literal(write.sections) for write, _ in put],
            [write.grade for write, _ in put],
            sorted({write.kind for write in gone}),
            sorted({write.id for write in gone}),
            [f"{write.kind} {write.id}" for write in gone],
            sorted({kind for kind, _, _ in closed}),
            sorted({record_id for _, record_id, _ in closed}),
            [member for _, _, member in closed],
            *_columns(opened, 3),
            [finding.code for finding in opened.values()],
            [finding.severity for finding in opened.values()],
            [finding.detail for finding in opened.values()],
            list(changes.sizes),
            list(changes.sizes.values()),
        )
        return {row["section_id"] for row in rows if row["turned"]}

    async def _copy_entries(self, new: Sequence[EntryWrite]) -> None:
        rows = (
            (
                *(one.kind, one.id, one.entry.record, to_bytes(one.entry.member)),
                *(one.school_id, one.sections, one.grade),
            )
            for one in new
            if one.entry is not None
        )
        await copy_rows(self._connection, "roster", self._district_id, _ENTRY_COLUMNS, rows)

    async def write_findings(self, opened: Sequence[Finding], closed: Sequence[Finding]) -> None:
        """Open and close findings."""
        await self.write_candidate(CandidateChanges(opened=opened, closed=closed))

    async def open_findings(self, kinds: Collection[str], ids: Collection[str] | None) -> list[OpenFinding]:
        """Return open findings on these records (None: on all of these kinds)."""
        if ids is None:
            rows = await self._fetch("open_findings", list(kinds))
        else:
            rows = await self._fetch("open_findings_on", list(kinds), list(ids))
        return [OpenFinding(row["record_id"], finding_of(row)) for row in rows]

    async def students_with(self, code: Code, limit: int) -> set[str]:
        """Return students with an open finding of this code, at most `limit`."""
        return {row["record_id"] for row in await self._fetch("students_with", code, limit)}

    async def quarantined(self) -> int:
        """Return how many unreadable events wait."""
        return int((await self._fetch("quarantined"))[0][0])

    async def unreadable(self, kinds: Collection[str]) -> int:
        """Return how many live records of these kinds have fields that could not be read."""
        return int((await self._fetch("unreadable", sorted(kinds)))[0][0]) if kinds else 0

    async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        return await self._connection.fetch(_SQL[statement], self._district_id, *arguments)

    async def _execute(self, statement: str, *arguments: object) -> None:
        await self._connection.execute(_SQL[statement], self._district_id, *arguments)


def finding_of(row: Mapping[str, Any] | asyncpg.Record) -> Finding:
    """Read a finding from a row with code, severity, kind, record_id and detail."""
    return Finding(Code(row["code"]), Severity(row["severity"]), row["kind"], row["record_id"], row["detail"])


def _entry(row: asyncpg.Record, *, record: str | None = None, sections: tuple[str, ...] = ()) -> EntryState:
    members = _number(row["candidate_member"]), _number(row["committed_member"])
    return EntryState(*members, record, sections)


def _findings(row: asyncpg.Record) -> list[OpenFinding]:
    return [OpenFinding(one["record_id"], finding_of(one)) for one in row["findings"] or ()]


def _columns(rows: Collection[tuple[Any, ...]], width: int) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]


def _number(stored: bytes | None) -> int | None:
    return None if stored is None else from_bytes(stored)


def _identity(findings: Sequence[Finding]) -> tuple[list[str], list[str], list[bytes]]:
    return (
        [finding.kind for finding in findings],
        [finding.record_id for finding in findings],
        [to_bytes(finding.member) for finding in findings],
    )
