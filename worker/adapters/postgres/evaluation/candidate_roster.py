"""The candidate roster and the findings of the district under evaluation."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Final

import asyncpg

from schemas.words import Severity
from worker.adapters.postgres import statements
from worker.adapters.postgres.arrays import array_literal
from worker.adapters.postgres.database import Connection
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.roster.canonical import from_bytes, to_bytes
from worker.pipeline.evaluate.rosters import (
    ClassState,
    EntryState,
    EntryWrite,
    OpenFinding,
    PersonState,
    StudentState,
)

_SQL: Final = statements.load("evaluation/candidate_roster")


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

    async def resize_kept(self, changes: Mapping[str, int]) -> set[str]:
        """Add to the number of students of kept sections; return those that came to have none, or some."""
        rows = await self._fetch("resize_kept", list(changes), list(changes.values()))
        return {row["section_id"] for row in rows if row["turned"]}

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

    async def duplicated_fields(self, ids: Collection[str]) -> dict[str, set[str]]:
        """Return, by student, the unique fields whose value somebody else in scope has too."""
        duplicated: dict[str, set[str]] = {}
        for row in await self._fetch("duplicated_fields", list(ids)):
            duplicated.setdefault(row["student_id"], set()).add(row["field"])
        return duplicated

    async def student_states(self, ids: Collection[str]) -> list[StudentState]:
        """Return these users as students."""
        return [
            StudentState(
                row["id"],
                row["record"],
                dict(zip(row["sections"] or (), row["ranks"] or (), strict=True)),
                row["school_known"],
                _entry(row, sections=tuple(row["counted"] or ())),
            )
            for row in await self._fetch("student_states", list(ids))
        ]

    async def teacher_states(self, ids: Collection[str]) -> list[PersonState]:
        """Return these users as teachers; one is needed if a class lists him."""
        return await self._persons("teacher_states", ids)

    async def school_states(self, ids: Collection[str]) -> list[PersonState]:
        """Return these schools; one is needed if a student or a class in the roster names it."""
        return await self._persons("school_states", ids)

    async def students_of_schools(self, ids: Collection[str]) -> set[str]:
        """Return the students in the candidate roster whose school is one of these."""
        return {row["record_id"] for row in await self._fetch("students_of_schools", list(ids))}

    async def class_states(self, ids: Collection[str]) -> list[ClassState]:
        """Return these sections as classes."""
        return [
            ClassState(
                row["id"], row["record"], row["rank"], row["students"], _entry(row, record=row["candidate"])
            )
            for row in await self._fetch("class_states", list(ids))
        ]

    async def write_entries(self, writes: Sequence[EntryWrite]) -> None:
        """Change the candidate roster; of two writes of one record the later one counts."""
        writes = list({(write.kind, write.id): write for write in writes}.values())
        put = [(write, write.entry) for write in writes if write.entry is not None]
        gone = [write for write in writes if write.entry is None]
        if put:
            await self._execute(
                "write_entries",
                [write.kind for write, _ in put],
                [write.id for write, _ in put],
                [entry.record for _, entry in put],
                [to_bytes(entry.member) for _, entry in put],
                [write.school_id for write, _ in put],
                [None if write.sections is None else array_literal(write.sections) for write, _ in put],
                [write.grade for write, _ in put],
            )
        if gone:
            for kind in {write.kind for write in gone}:
                ids = [write.id for write in gone if write.kind is kind]
                await self._execute("delete_entries", kind, ids)
                await self._execute("blank_entries", kind, ids)

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

    async def write_findings(self, opened: Sequence[Finding], closed: Sequence[Finding]) -> None:
        """Open and close findings."""
        if closed:
            kinds, ids, members = _identity(closed)
            found = sorted(set(kinds)), sorted(set(ids)), members
            await self._execute("delete_findings", *found)
            await self._execute("close_findings", *found)
        if opened:
            distinct = dict(zip(zip(*_identity(opened), strict=True), opened, strict=True))
            await self._execute(
                "add_findings",
                *(list(column) for column in zip(*distinct, strict=True)),
                [finding.code for finding in distinct.values()],
                [finding.severity for finding in distinct.values()],
                [finding.detail for finding in distinct.values()],
            )

    async def quarantined(self) -> int:
        """Return how many unreadable events wait."""
        return int((await self._fetch("quarantined"))[0][0])

    async def unreadable(self, kinds: Collection[str]) -> int:
        """Return how many live records of these kinds have fields that could not be read."""
        return int((await self._fetch("unreadable", sorted(kinds)))[0][0]) if kinds else 0

    async def _persons(self, statement: str, ids: Collection[str]) -> list[PersonState]:
        return [
            PersonState(row["id"], row["record"], row["needed"], _entry(row))
            for row in await self._fetch(statement, list(ids))
        ]

    async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        return await self._connection.fetch(_SQL[statement], self._district_id, *arguments)

    async def _execute(self, statement: str, *arguments: object) -> None:
        await self._connection.execute(_SQL[statement], self._district_id, *arguments)


def finding_of(row: asyncpg.Record) -> Finding:
    """Read a finding from a row with code, severity, kind, record_id and detail."""
    return Finding(Code(row["code"]), Severity(row["severity"]), row["kind"], row["record_id"], row["detail"])


def _entry(row: asyncpg.Record, *, record: str | None = None, sections: tuple[str, ...] = ()) -> EntryState:
    members = _number(row["candidate_member"]), _number(row["committed_member"])
    return EntryState(*members, record, sections)


def _number(stored: bytes | None) -> int | None:
    return None if stored is None else from_bytes(stored)


def _identity(findings: Sequence[Finding]) -> tuple[list[str], list[str], list[bytes]]:
    return (
        [finding.kind for finding in findings],
        [finding.record_id for finding in findings],
        [to_bytes(finding.member) for finding in findings],
    )
