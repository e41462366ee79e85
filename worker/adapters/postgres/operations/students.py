"""One student: all that is kept of him, and that nothing is kept any more."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final

import asyncpg

from schemas.words import Trigger
from worker.adapters.postgres import statements
from worker.adapters.postgres.access.audit import audit
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.evaluation.district_state import columns
from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.domain.roster.records import EventId, RecordId, RecordKind
from worker.domain.roster.staging import Change
from worker.domain.roster.student_fields import without_student
from worker.operations.students import ErasedStudent
from worker.runtime.errors import DistrictBusy

_SQL: Final = statements.load("operations/students")
_EVALUATION: Final = statements.load("evaluation/conclusion")


class PostgresErasure(PostgresEvaluation):
    """Answers to `worker.operations.students.Erasure`, on one connection in a transaction."""

    async def erase(self, student_id: str, actor: str) -> Change | None:
        """Delete what is kept of a student but for the roster; return what that changes in what is staged."""
        of_him = self._district_id, student_id
        await self._connection.execute(_SQL["lock_baseline"], self._district_id)
        await self._connection.execute(_SQL["remember"], *of_him, actor)
        for statement in (
            *("forget_inbox", "forget_teacher_of_baseline", "forget_baseline"),
            *("forget_history", "forget_moves"),
        ):
            await self._connection.execute(_SQL[statement], *of_him)
        self.state.erased_students |= {student_id}
        row = await self._connection.fetchrow(_SQL["staged"], *of_him)
        if row is None or row["record"] is None or "student" not in row["record"]:
            return None
        before = row["record"]
        after = without_student(before)
        return Change(
            RecordKind.USER, RecordId(student_id), EventId(row["event_id"]), before, after, row["modified"]
        )

    async def conclude(self, student_id: str, actor: str, detail: dict[str, Any]) -> bool:
        """Save `state`, close the window, write the audit; return whether he is still committed."""
        if self.state.evaluated_policy is not None:
            await self._connection.execute(
                _EVALUATION["save_district"], self._district_id, *columns(self.state)
            )
            await windows.close(self._connection, [self._district_id], Trigger.FLUSH)
        noted = {"record": student_id, **detail}
        await audit(self._connection, actor, "student.erase", self._district_id, noted)
        return bool(await self._connection.fetchval(_SQL["is_committed"], self._district_id, student_id))


class PostgresStudents:
    """Answers to `worker.operations.students.Students`."""

    def __init__(self, database: Database, evaluations: PostgresEvaluations) -> None:
        self._database = database
        self._evaluations = evaluations

    async def called(self, district_id: str, text: str, beginning: str | None) -> list[str]:
        """Return the ids of those whom a text may mean; at most 20."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["wait_for_locks"], "0")
            rows = await connection.fetch(_SQL["students_called"], district_id, text, beginning)
        return [row["record_id"] for row in rows]

    async def erased(self, district_id: str, student_id: str) -> ErasedStudent | None:
        """Return when a student was erased; None where he was not."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["erased"], district_id, student_id)
        return None if row is None else ErasedStudent(row["erased_at"])

    async def export(self, district_id: str, student_id: str) -> dict[str, Any]:
        """Return all that is kept of a student, as JSON values."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["wait_for_locks"], "0")
            row = await connection.fetchrow(_SQL["export"], district_id, student_id)
        return dict(row or {})

    @asynccontextmanager
    async def begin(self, district_id: str, patience: timedelta) -> AsyncIterator[PostgresErasure | None]:
        """Lock a district, and wait for an evaluation that is under way; None where it was never seen."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["wait_for_locks"], str(int(patience.total_seconds() * 1000)))
            await connection.execute("SET LOCAL enable_seqscan = off")
            try:
                locked = await self._evaluations.locked(connection, district_id, Trigger.FLUSH)
            except asyncpg.LockNotAvailableError:
                raise DistrictBusy(
                    f"district {district_id} is being evaluated; nothing was changed. Try again"
                ) from None
            yield None if locked is None else PostgresErasure(connection, locked.window, locked.state)
