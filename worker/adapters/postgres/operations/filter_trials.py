"""What a trial of a section filter reads: one snapshot of a district, without a lock."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Final

import asyncpg
import orjson

from schemas.words import RosterKind
from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation.candidate_roster import PostgresCandidateRoster
from worker.adapters.postgres.evaluation.district_state import read_district, state_of
from worker.adapters.postgres.evaluation.staged_roster import PostgresStagedRoster
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.recent_moves import RecentChain, RecentMoves
from worker.domain.roster.canonical import from_bytes
from worker.domain.roster.records import (
    Course,
    Json,
    RecordId,
    School,
    Student,
    course_from_json,
)
from worker.domain.roster.scope import SCHOOLS
from worker.domain.roster.terms import DistrictTerms
from worker.operations.trial.snapshot import (
    RosterRow,
    SectionTexts,
    StagedStudent,
    StudentGroup,
    StudentRows,
)
from worker.pipeline.evaluate.state import DistrictState
from worker.runtime.errors import TrialTooLong

_SQL: Final = statements.load("operations/filter_trials")

TRIAL_SECONDS: Final = 60
"""The longest that one statement of a trial may take; all of them together take a few seconds at most."""
LISTED: Final = 2_000
"""Sections whose lists are in memory at a time."""
STUDENTS: Final = 5_000
"""Students of the roster who are in memory at a time."""


class PostgresTrials:
    """`Trials` of `worker.operations.trial.snapshot`; `policy` is for districts without one of their own."""

    def __init__(self, database: Database, policy: Policy, seconds: float = TRIAL_SECONDS) -> None:
        self._database = database
        self._policy = policy
        self._deadline = f"SET LOCAL statement_timeout = {round(seconds * 1000)}"
        self._seconds = seconds

    @asynccontextmanager
    async def snapshot(self, district_id: str) -> AsyncIterator[PostgresTrialSnapshot | None]:
        """Read a district as it is now, until the context is left; None where it was never seen."""
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            try:
                await connection.execute(self._deadline)
                row = await read_district(connection, district_id)
                if row is None:
                    yield None
                    return
                yield PostgresTrialSnapshot(connection, district_id, row["now"], state_of(row, self._policy))
            except asyncpg.QueryCanceledError:
                raise TrialTooLong(
                    f"counting what the filter would do took longer than {self._seconds:g} seconds"
                ) from None


class PostgresTrialSnapshot:
    """`TrialSnapshot` of `worker.operations.trial.snapshot`, on one connection in a transaction."""

    def __init__(self, connection: Connection, district_id: str, now: datetime, state: DistrictState) -> None:
        self.district_id = district_id
        self.now = now
        self.state = state
        self.wants_records = False
        self._connection = connection
        self._staged = PostgresStagedRoster(connection, district_id)
        self._candidate = PostgresCandidateRoster(connection, district_id)

    async def sections(self, fields: Collection[str]) -> SectionTexts:
        """Return the live sections with these fields of theirs."""
        (row,) = await self._fetch("sections", list(fields))
        return SectionTexts(row["ids"] or (), {field: row[field] or () for field in fields})

    async def courses(self) -> list[Course]:
        """Return the live courses."""
        return [course_from_json(row["record_id"], row["record"]) for row in await self._fetch("courses")]

    async def schools(self) -> list[School]:
        """Return the live schools."""
        return await self._staged.schools()

    async def terms(self) -> DistrictTerms:
        """Return the terms, by the schools that use them."""
        return await self._staged.terms()

    async def student_groups(self) -> list[StudentGroup]:
        """Return all shared students, by what a scope reads of them."""
        return [
            StudentGroup(
                Student(
                    RecordId(row["ids"][0]),
                    {name: row[name] for name in ("school_id", "grade") if row[name] is not None},
                    unread=(SCHOOLS,) if row["lacks_schools"] else (),
                    other_schools=tuple(row["other_schools"] or ()),
                ),
                row["ids"],
            )
            for row in await self._fetch("student_groups")
        ]

    async def listed(self, sections: Sequence[str]) -> AsyncIterator[tuple[str, list[str]]]:
        """Yield these sections in their order, each with the students that it lists, known to us or not."""
        for start in range(0, len(sections), LISTED):
            for row in await self._fetch("listed", sections[start : start + LISTED]):
                yield row["id"], orjson.loads(row["students"])

    async def students(self) -> AsyncIterator[StudentRows]:
        """Yield the roster's students in chunks."""
        last = ""
        while True:
            has_records = self.wants_records
            (row,) = await self._fetch("students", last, STUDENTS, has_records)
            columns = dict(row.items())
            if columns["ids"] is None:
                return
            yield StudentRows(**columns)
            last = columns["ids"][-1]

    async def student_records(self, students: Collection[str]) -> dict[str, str]:
        """Return the candidate records of these students."""
        rows = await self._fetch("student_records", list(students))
        return {row["record_id"]: row["candidate"] for row in rows}

    async def staged_students(self, students: Collection[str]) -> list[StagedStudent]:
        """Return these students as they are staged."""
        return [
            StagedStudent(
                row["id"],
                row["record"],
                _member(row["committed_member"]),
                row["committed_school_id"],
                row["committed_class"],
            )
            for row in await self._fetch("staged_students", list(students))
        ]

    async def shared(self, users: Collection[str]) -> set[str]:
        """Return which of these users are students now."""
        return {row["id"] for row in await self._fetch("shared", list(users))}

    async def sections_listing(self, students: Collection[str]) -> set[str]:
        """Return the live sections that list any of these students."""
        return {row["section_id"] for row in await self._fetch("sections_listing", list(students))}

    async def field_findings(self) -> list[tuple[str, str]]:
        """Return the open findings on students' own records: student and code."""
        return [(row["record_id"], row["code"]) for row in await self._fetch("field_findings")]

    async def holders(self) -> dict[tuple[str, bytes], set[str]]:
        """Return which students of the candidate roster share a unique value, by field and digest."""
        rows = await self._fetch("holders")
        return {(row["field"], row["value_digest"]): set(row["students"]) for row in rows}

    async def holders_of(self, values: Collection[tuple[str, bytes]]) -> dict[tuple[str, bytes], set[str]]:
        """Return which students of the candidate roster have these unique values."""
        fields, digests = [field for field, _ in values], [digest for _, digest in values]
        found: dict[tuple[str, bytes], set[str]] = {}
        for row in await self._fetch("holders_of", fields, digests):
            found.setdefault((row["field"], row["value_digest"]), set()).add(row["student_id"])
        return found

    async def rows(self, kind: RosterKind) -> list[RosterRow]:
        """Return the roster's rows of classes, teachers or schools."""
        return [
            RosterRow(row["record_id"], _member(row["candidate_member"]), _member(row["committed_member"]))
            for row in await self._fetch("rows", kind)
        ]

    async def section_records(self, sections: Collection[str]) -> dict[str, Json]:
        """Return these sections as they are staged, without their students."""
        return {row["id"]: row["record"] for row in await self._fetch("section_records", list(sections))}

    async def user_records(self, users: Collection[str]) -> dict[str, Json]:
        """Return those of these users who are teachers."""
        return {row["id"]: row["record"] for row in await self._fetch("user_records", list(users))}

    async def taught_by(self) -> list[tuple[str, str]]:
        """Return every teacher that a live section lists: section and teacher."""
        (row,) = await self._fetch("taught_by")
        return list(zip(row["sections"] or (), row["teachers"] or (), strict=True))

    async def recent_moves(self, after: datetime) -> RecentMoves:
        """Return whom commits since then moved."""
        (came,) = await self._fetch("came", after)
        return RecentMoves(
            frozenset(came["students"] or ()),
            {row["student_id"]: RecentChain(*list(row)[1:]) for row in await self._fetch("chains", after)},
            {row["school_id"]: row["shift"] for row in await self._fetch("shifts", after)},
        )

    async def quarantined(self) -> int:
        """Return how many unreadable events wait."""
        return await self._candidate.quarantined()

    async def unreadable(self, kinds: Collection[str]) -> int:
        """Return how many live records of these kinds have fields that could not be read."""
        return await self._candidate.unreadable(kinds)

    async def _fetch(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        return await self._connection.fetch(_SQL[statement], self.district_id, *arguments)


def _member(stored: bytes | None) -> int | None:
    return None if stored is None else from_bytes(stored)
