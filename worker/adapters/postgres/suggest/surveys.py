"""Reading a district's survey: a few passes over its staged roster, a chunk in memory at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date
from typing import TYPE_CHECKING, Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation.terms import read_terms
from worker.adapters.postgres.suggest.section_context import read_schools_courses_terms
from worker.adapters.postgres.watched import rows_of
from worker.domain.preflight.policy import Policy
from worker.domain.roster.days import day_in
from worker.domain.roster.records import (
    RecordId,
    School,
    Student,
    Teacher,
    section_from_json,
    teacher_from_json,
)
from worker.domain.roster.scope import find_schools
from worker.domain.roster.scope_counts import ScopeValue, unmatched
from worker.domain.roster.section_filter import KEEP_ALL, Scope, SectionFilter, SectionView, rank
from worker.domain.roster.texts import folded, is_blank
from worker.runtime.cooperative import yielding_every
from worker.runtime.errors import UnknownDistrictError
from worker.suggest.survey_store import DistrictSurvey, Moment

if TYPE_CHECKING:  # NumPy is slow to load, and most commands count nothing
    from worker.suggest.enrolments_builder import EnrolmentsBuilder
    from worker.suggest.survey import SurveyBuilder

_SQL: Final = statements.load("suggest/surveys")

FETCH: Final = 1000
"""Records in memory at a time; a section may list some hundred students."""


async def read_survey(
    connection: Connection, district_id: str, in_force: SectionFilter, today: date, grace_days: int
) -> SurveyBuilder:
    """Return a builder with everything that a survey of the district needs; needs a transaction."""
    from worker.suggest.survey import SurveyBuilder  # noqa: PLC0415 — NumPy is slow to load

    builder = SurveyBuilder(in_force.scope)
    async for row in _rows(connection, "teachers", district_id):
        teacher = teacher_from_json(row["record_id"], row["record"])
        if teacher is not None:
            builder.add_teacher(teacher)
    async for row in _rows(connection, "committed_teachers", district_id):
        builder.add_teacher(Teacher(RecordId(row["record_id"]), row["first_name"], row["last_name"]))
    calendar = (await read_terms(connection, district_id)).calendar(today, grace_days)
    schools, courses, terms = await read_schools_courses_terms(connection, district_id)
    for school in schools.values():
        builder.add_school(school)
    async for row in _rows(connection, "students", district_id):
        texts = {name: row[name] for name in ("school_id", "grade") if not is_blank(row[name])}
        others = tuple(row["other_schools"] or ())
        builder.add_student(Student(RecordId(row["record_id"]), texts, other_schools=others))
    async for row in _rows(connection, "sections", district_id):
        section = section_from_json(row["record_id"], row["record"])
        view = SectionView(
            section,
            courses.get(section.course_id or ""),
            schools.get(section.school_id or ""),
            terms.get(section.term_id or ""),
        )
        builder.add_section(view, calendar.counts(section, view.term), rank(in_force, view, calendar))
    return builder


async def read_seating(
    connection: Connection, district_id: str, today: date, grace_days: int
) -> EnrolmentsBuilder:
    """Return a builder with everything that a seating of the district needs; needs a transaction."""
    from worker.suggest.enrolments_builder import EnrolmentsBuilder  # noqa: PLC0415 — NumPy is slow to load

    calendar = (await read_terms(connection, district_id)).calendar(today, grace_days)
    builder = EnrolmentsBuilder(calendar)
    schools, courses, terms = await read_schools_courses_terms(connection, district_id)
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


async def _rows(connection: Connection, query: str, district_id: str) -> AsyncIterator[asyncpg.Record]:
    fetch = await rows_of(connection, _SQL[query], district_id)
    while rows := await fetch(FETCH):
        async for row in yielding_every(rows):
            yield row


class PostgresSurveys:
    """`Surveys` of `worker.suggest.survey_store`; `policy` is for districts without one of their own."""

    def __init__(self, database: Database, policy: Policy) -> None:
        self._database = database
        self._usual = policy.time_zone, policy.term_grace_days

    async def of(self, district_id: str) -> DistrictSurvey:
        """Return a district's survey as it is staged now, keeping nobody from it; see the port."""
        # One picture of the district, however long the reading takes; nobody waits for it.
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(_SQL["in_force"], district_id, *self._usual)
            if row is None:
                raise UnknownDistrictError(f"district {district_id} is not known here")
            chosen = row["filter"]
            in_force = SectionFilter.model_validate(chosen, strict=False) if chosen else KEEP_ALL
            today = day_in(row["time_zone"], row["now"])
            builder = await read_survey(connection, district_id, in_force, today, row["grace_days"])
            return DistrictSurvey(builder, in_force)

    async def schools(self, district_id: str) -> dict[str, str]:
        """Return what a district's schools are called, by id; the id stands for one without a name."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["schools"], district_id)
        return {row["record_id"]: row["name"] or row["record_id"] for row in rows}

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

    async def moment(self, district_id: str) -> Moment:
        """Return what a seating that is read now would be true for; raises `UnknownDistrictError`."""
        async with self._database.connection() as connection:
            return (await self._moment(connection, district_id))[0]

    async def seating(self, district_id: str) -> tuple[Moment, EnrolmentsBuilder]:
        """Return who sits where as it is staged now, keeping nobody from it; see the port."""
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            moment, grace_days = await self._moment(connection, district_id)
            return moment, await read_seating(connection, district_id, moment.today, grace_days)

    async def _moment(self, connection: Connection, district_id: str) -> tuple[Moment, int]:
        row = await connection.fetchrow(_SQL["moment"], district_id, *self._usual)
        if row is None:
            raise UnknownDistrictError(f"district {district_id} is not known here")
        return Moment(row["batch_number"], day_in(row["time_zone"], row["now"])), row["grace_days"]
