"""Reading a district's picture: a few passes over its staged roster, a chunk in memory at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import TYPE_CHECKING, Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation.terms import read_terms
from worker.adapters.postgres.watched import rows_of
from worker.domain.preflight.policy import Policy
from worker.domain.roster.days import day_in
from worker.domain.roster.records import (
    Course,
    RecordId,
    RecordKind,
    School,
    Teacher,
    Term,
    course_from_json,
    school_from_json,
    section_from_json,
    teacher_from_json,
    term_from_json,
)
from worker.domain.roster.scope import find_schools
from worker.domain.roster.scope_counts import ScopeValue, unmatched
from worker.domain.roster.section_filter import Scope, SectionView
from worker.domain.roster.texts import folded
from worker.runtime.cooperative import yielding_every
from worker.runtime.errors import UnknownDistrictError
from worker.suggest.picture_store import Moment

if TYPE_CHECKING:  # NumPy is slow to load, and most commands count nothing
    from worker.suggest.picture_builder import PictureBuilder

_SQL: Final = statements.load("suggest/pictures")

FETCH: Final = 1000
"""Records in memory at a time; a section may list some hundred students."""


async def read_picture(
    connection: Connection, district_id: str, today: date, grace_days: int
) -> PictureBuilder:
    """Return a builder with everything that is staged of the district; needs a transaction."""
    from worker.suggest.picture_builder import PictureBuilder  # noqa: PLC0415 — NumPy is slow to load

    builder = PictureBuilder((await read_terms(connection, district_id)).calendar(today, grace_days))
    async for row in _rows(connection, "teachers", district_id):
        teacher = teacher_from_json(row["record_id"], row["record"])
        if teacher is not None:
            builder.add_teacher(teacher)
    async for row in _rows(connection, "committed_teachers", district_id):
        builder.add_teacher(Teacher(RecordId(row["record_id"]), row["first_name"], row["last_name"]))
    schools, courses, terms = await _read_schools_courses_terms(connection, district_id)
    for school in schools.values():
        builder.add_school(school)
    async for row in _rows(connection, "students", district_id):
        builder.add_student(row["record_id"], row["school_id"], row["grade"], row["other_schools"] or ())
    async for row in _rows(connection, "sections", district_id):
        section = section_from_json(row["record_id"], row["record"])
        builder.add_section(
            SectionView(
                section,
                courses.get(section.course_id or ""),
                schools.get(section.school_id or ""),
                terms.get(section.term_id or ""),
            )
        )
    return builder


async def read_standing_classes(connection: Connection, district_id: str) -> dict[str, int]:
    """Return the classes of the last commit, with how many of its students each section still lists."""
    rows = await connection.fetch(_SQL["standing_classes"], district_id)
    return {row["id"]: row["students"] for row in rows}


async def _rows(connection: Connection, query: str, district_id: str) -> AsyncIterator[asyncpg.Record]:
    fetch = await rows_of(connection, _SQL[query], district_id)
    while rows := await fetch(FETCH):
        async for row in yielding_every(rows):
            yield row


async def _read_schools_courses_terms(
    connection: Connection, district_id: str
) -> tuple[dict[str, School], dict[str, Course], dict[str, Term]]:
    """Return a district's schools, courses and terms by their ids."""
    schools: dict[str, School] = {}
    courses: dict[str, Course] = {}
    terms: dict[str, Term] = {}
    for row in await connection.fetch(_SQL["schools_courses_terms"], district_id):
        record_id, record = row["record_id"], row["record"]
        match RecordKind(row["kind"]):
            case RecordKind.SCHOOL:
                schools[record_id] = school_from_json(record_id, record)
            case RecordKind.COURSE:
                courses[record_id] = course_from_json(record_id, record)
            case _:
                terms[record_id] = term_from_json(record_id, record)
    return schools, courses, terms


class PostgresPictures:
    """`Pictures` of `worker.suggest.picture_store`; `policy` is for districts without one of their own."""

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self._usual = policy.time_zone, policy.term_grace_days

    async def moment(self, district_id: str) -> Moment:
        """Return what a picture that is read now would be true for; raises `UnknownDistrictError`."""
        async with self._database.connection() as connection:
            return (await self._moment(connection, district_id))[0]

    async def read(self, district_id: str) -> tuple[Moment, PictureBuilder]:
        """Return a district as it is staged now, keeping nobody from it; see the port."""
        # One picture of the district, however long the reading takes; nobody waits for it.
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            moment, grace_days = await self._moment(connection, district_id)
            return moment, await read_picture(connection, district_id, moment.today, grace_days)

    async def schools(self, district_id: str) -> dict[str, str]:
        """Return what a district's schools are called, by id; the id stands for one without a name."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["schools"], district_id)
        return {row["record_id"]: row["name"] or row["record_id"] for row in rows}

    async def standing_classes(self, district_id: str) -> dict[str, int]:
        """Return the classes of the last commit, with how many of its students each section still lists."""
        async with self._database.connection() as connection:
            return await read_standing_classes(connection, district_id)

    async def scope_matches_nothing(self, district_id: str, scope: Scope) -> list[ScopeValue]:
        """Return the values of a scope that no shared student or school has; none while nobody is shared."""
        if not (scope.grades or scope.schools):
            return []
        async with self._database.connection() as connection:
            values = await connection.fetch(_SQL["shared_values"], district_id)
            schools = await connection.fetch(_SQL["schools"], district_id)
        there = {f"{row['field']}:{folded(row['value'] or '')}" for row in values}
        named = [School(RecordId(row["record_id"]), row["name"]) for row in schools]
        return unmatched(scope, find_schools(scope, named), lambda key: key in there) if there else []

    async def _moment(self, connection: Connection, district_id: str) -> tuple[Moment, int]:
        row = await connection.fetchrow(_SQL["moment"], district_id, *self._usual)
        if row is None:
            raise UnknownDistrictError(f"district {district_id} is not known here")
        today = day_in(row["time_zone"], row["now"])
        return Moment(row["batch_number"], row["purged_at"], today), row["grace_days"]
