"""What stands beside a district's sections: their schools, courses and terms, as staged."""

from __future__ import annotations

from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.domain.roster.records import (
    Course,
    RecordKind,
    School,
    Term,
    course_from_json,
    school_from_json,
    term_from_json,
)

_SQL: Final = statements.load("suggest/pictures")


async def read_schools_courses_terms(
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
