"""Reading a district's sections and students for people to look through."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation.candidate_roster import finding_of
from worker.adapters.postgres.evaluation.error_figures import names_by_teacher
from worker.adapters.postgres.evaluation.terms import read_terms
from worker.adapters.postgres.suggest.section_context import read_schools_courses_terms
from worker.adapters.postgres.watched import rows_of
from worker.domain.preflight.policy import Policy
from worker.domain.review.section_table import SectionLine
from worker.domain.roster.days import day_in
from worker.domain.roster.records import (
    RecordId,
    Section,
    course_from_json,
    school_from_json,
    section_from_json,
    student_from_json,
    term_from_json,
)
from worker.domain.roster.section_filter import SectionView
from worker.operations.section_queries import ReadSections, Seats, StudentDetails, TableMoment
from worker.runtime.errors import UnknownDistrictError

_SQL: Final = statements.load("operations/section_queries")
_TEACHER_NAMES: Final = statements.load("evaluation/error_figures")["teacher_names"]
FETCH: Final = 2000
"""Sections in one answer of the database: between two of them others have their turn."""


class PostgresSectionViews:
    """Answers to `worker.operations.section_queries.SectionViews`.

    `policy` is that of districts without one of their own.
    """

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self._usual = policy.time_zone, policy.term_grace_days

    async def moment(self, district_id: str) -> TableMoment:
        """Return what a table that is read now would be true for; raises `UnknownDistrictError`."""
        async with self._database.connection() as connection:
            return (await self._moment(connection, district_id))[0]

    async def read(self, district_id: str) -> ReadSections:
        """Return the district's live sections; raises `UnknownDistrictError`."""
        async with self._picture() as connection:
            moment, grace_days = await self._moment(connection, district_id)
            calendar = (await read_terms(connection, district_id)).calendar(moment.today, grace_days)
            schools, courses, terms = await read_schools_courses_terms(connection, district_id)
            kept = {
                row["section_id"]: row["rank"] for row in await connection.fetch(_SQL["kept"], district_id)
            }
            lines: list[SectionLine] = []
            fetch = await rows_of(connection, _SQL["sections"], district_id)
            while rows := await fetch(FETCH):
                for row in rows:
                    section = _section(row)
                    view = SectionView(
                        section,
                        courses.get(section.course_id or ""),
                        schools.get(section.school_id or ""),
                        terms.get(section.term_id or ""),
                    )
                    lines.append(SectionLine(view, row["listed"], kept.get(section.id)))
        return ReadSections(moment, lines, calendar)

    async def teacher_names(self, district_id: str) -> dict[str, tuple[str | None, ...]]:
        """Return every name of the known teachers of sections, and of the committed ones, by id."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_TEACHER_NAMES, district_id)
        return names_by_teacher(rows)

    async def seats(self, district_id: str, groups: Sequence[Collection[str]]) -> list[Seats]:
        """Return for each group of section ids what it alone would give the students in scope."""
        ids = [section_id for group in groups for section_id in group]
        numbers = [number for number, group in enumerate(groups) for _ in group]
        async with self._picture() as connection:
            await connection.execute(_SQL["count_in_memory"])
            rows = await connection.fetch(_SQL["seats"], district_id, ids, numbers)
        counted = {row["number"]: Seats(row["exactly_one"], row["several"]) for row in rows}
        return [counted.get(number, Seats(0, 0)) for number in range(len(groups))]

    async def student(self, district_id: str, record_id: str) -> StudentDetails | None:
        """Return one student; None where nobody of this id is one, or was committed as one."""
        async with self._picture() as connection:
            row = await connection.fetchrow(_SQL["student"], district_id, record_id)
            sections = await connection.fetch(_SQL["sections_of_student"], district_id, record_id)
            findings = await connection.fetch(_SQL["findings_of_student"], district_id, record_id)
        student = student_from_json(record_id, row["staged"]) if row else None
        if row is None or (student is None and row["candidate"] is None and row["committed"] is None):
            return None
        return StudentDetails(
            student,
            _roster_record(row["candidate"]),
            _roster_record(row["committed"]),
            [_line(section) for section in sections],
            set(row["counted"]),
            [(finding_of(one), one["since"]) for one in findings],
        )

    async def _moment(self, connection: Connection, district_id: str) -> tuple[TableMoment, int]:
        row = await connection.fetchrow(_SQL["moment"], district_id, *self._usual)
        if row is None:
            raise UnknownDistrictError(f"district {district_id} is not known here")
        today = day_in(row["time_zone"], row["now"])
        return TableMoment(row["batch_number"], row["purged_at"], today), row["grace_days"]

    @asynccontextmanager
    async def _picture(self) -> AsyncIterator[Connection]:
        """Lend a connection that sees one moment, however long one reads; nobody waits for it."""
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            yield connection


def _section(row: asyncpg.Record) -> Section:
    return Section(
        RecordId(row["record_id"]),
        row["school_id"],
        row["name"],
        row["subject"],
        row["grade"],
        row["period"],
        row["section_number"],
        row["sis_id"],
        row["course_id"],
        row["term_id"],
        tuple(row["teachers"] or ()),
    )


def _line(row: asyncpg.Record) -> SectionLine:
    """Return a section of one student."""
    section = section_from_json(row["record_id"], row["record"])
    school, course, term = row["school"], row["course"], row["term"]
    view = SectionView(
        section,
        course_from_json(section.course_id or "", course) if course else None,
        school_from_json(section.school_id or "", school) if school else None,
        term_from_json(section.term_id or "", term) if term else None,
    )
    return SectionLine(view, row["listed"], row["rank"])


def _roster_record(text: str | None) -> dict[str, Any] | None:
    record: dict[str, Any] | None = None if text is None else json.loads(text)
    return record
