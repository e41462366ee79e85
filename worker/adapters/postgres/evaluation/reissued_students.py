"""Students who come back under new ids, found in a plan: a part of other statements."""

from __future__ import annotations

from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection

_SQL: Final = statements.load("evaluation/reissued_students")


async def students_with_two_ids(connection: Connection, district_id: str) -> list[str]:
    """Return the students who are there under an old id and a new one."""
    rows = await connection.fetch(_SQL["students_with_two_ids"], district_id)
    return [student for row in rows for student in (row["old_id"], row["new_id"])]


def with_reissued(statement: str) -> str:
    """Return a statement that names the rows `reissued (old_id, new_id)`, with these before it."""
    return f"WITH reissued AS MATERIALIZED (\n{_SQL['reissued']}\n)\n{statement}"
