"""Reading one student for people to look at."""

from __future__ import annotations

import json
from typing import Any, Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation.candidate_roster import finding_of
from worker.domain.review.section_line import SectionLine
from worker.domain.roster.records import (
    course_from_json,
    school_from_json,
    section_from_json,
    student_from_json,
    term_from_json,
)
from worker.domain.roster.section_filter import SectionView
from worker.operations.student_records import StudentDetails

_SQL: Final = statements.load("operations/student_records")


class PostgresStudentRecords:
    """Answers to `worker.operations.student_records.StudentRecords`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def student(self, district_id: str, record_id: str) -> StudentDetails | None:
        """Return one student; None where nobody of this id is one, or was committed as one."""
        # One moment of the student, however long one reads; nobody waits for it.
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
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
