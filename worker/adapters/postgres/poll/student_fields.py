"""Which fields of students are kept: others are deleted, and those that were not kept are read again."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.domain.preflight.policy import Policy, in_force
from worker.domain.roster.records import EXTENSION_PREFIX
from worker.domain.roster.student_fields import ALWAYS_KEPT, StudentFields
from worker.runtime.errors import UsageError

_SQL: Final = statements.load("poll/student_fields")

AT_ONCE: Final = 5_000
"""Users whose fields are looked at in one transaction: a fraction of a second."""

Fields = frozenset[str]


def stored_fields(complete: Collection[str] | None, held: Collection[str] | None) -> StudentFields:
    """Read what a district's row says of the fields of its students."""
    return StudentFields(
        None if complete is None else frozenset(complete), None if held is None else frozenset(held)
    )


def columns(fields: StudentFields) -> tuple[list[str] | None, list[str] | None]:
    """Return what is stored of the fields of a district's students: `complete_fields`, `held_fields`."""
    complete, held = fields.complete, fields.held
    return None if complete is None else sorted(complete), None if held is None else sorted(held)


def names(fields: Collection[str]) -> tuple[list[str], list[str]]:
    """Return the texts, and the fields of `ext`, that students keep where these fields are demanded."""
    ext = [name.removeprefix(EXTENSION_PREFIX) for name in fields if name.startswith(EXTENSION_PREFIX)]
    return [*ALWAYS_KEPT, *fields], ext


async def forget_staged(connection: Connection, district_id: str, fields: Collection[str]) -> None:
    """Delete the fields of all staged students of a district but these and the usual ones."""
    await connection.execute(_SQL["forget_staged"], district_id, *names(fields))


async def forget_read(connection: Connection, district_id: str, fields: Collection[str]) -> None:
    """Do the same with the students of a baseline that waits to be adopted."""
    await connection.execute(_SQL["forget_read"], district_id, *names(fields))


async def demand_baseline(connection: Connection, district_id: str, fields: Collection[str]) -> None:
    """Have a connected district read again with these fields."""
    await connection.execute(_SQL["demand_baseline"], district_id, sorted(fields))


class PostgresStudentFields:
    """Deletes what a version before, or a policy that ended, left of the fields of students.

    `policy` is what the settings demand.
    """

    def __init__(self, database: Database, policy: Policy, at_once: int = AT_ONCE) -> None:
        self._database = database
        self._policy = policy
        self._at_once = at_once

    async def forget(self) -> None:
        """Delete the fields that no policy demands, a bounded number of records in a transaction."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["policies_and_fields"])
        for row in rows:
            fields = self._demanded(row["policy"])
            if fields is not None and stored_fields((), row["held_fields"]).has_more_than(fields):
                await self._forget(row["district_id"], fields)

    async def _forget(self, district_id: str, fields: Fields) -> None:
        after: str | None = ""
        while after is not None:
            async with self._database.transaction() as connection:
                row = await connection.fetchrow(_SQL["lock"], district_id)
                if row is None or self._demanded(row["policy"]) != fields:
                    return
                known = stored_fields(row["complete_fields"], row["held_fields"])
                after = await connection.fetchval(
                    _SQL["forget_some"], district_id, *names(fields), after, self._at_once
                )
                is_done = after is None
                known = known.without_others(fields) if is_done else known.demanding(fields)
                await connection.execute(_SQL["save"], district_id, *columns(known))

    def _demanded(self, own: Mapping[str, Any] | None) -> Fields | None:
        """Return what the policy in force demands; None where a district's own cannot be read."""
        try:
            return in_force(self._policy, own).demanded_fields
        except (ValueError, TypeError, UsageError):  # its evaluation says what is wrong
            return None
