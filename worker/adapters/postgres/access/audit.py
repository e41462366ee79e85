"""The audit: what people did, as they are to be asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.operations.access import AuditEntry

_SQL: Final = statements.load("access/access")
_NEWEST: Final = 2**63 - 1


async def audit(
    connection: Connection, actor: str, action: str, district_id: str | None, detail: Mapping[str, Any]
) -> None:
    """Write down what somebody did, in the caller's transaction."""
    await connection.execute(_SQL["note"], actor, action, district_id, dict(detail))


class PostgresAudit:
    """Answers to `worker.operations.access.Audit`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def note(self, actor: str, action: str, district_id: str | None, detail: dict[str, Any]) -> None:
        """Write down what somebody did."""
        async with self._database.connection() as connection:
            await audit(connection, actor, action, district_id, detail)

    async def entries(
        self, *, before: int | None = None, district_id: str | None = None, limit: int = 100
    ) -> list[AuditEntry]:
        """Return the newest entries, or those older than the one called `before`."""
        begin = _NEWEST if before is None else before
        async with self._database.connection() as connection:
            if district_id is None:
                rows = await connection.fetch(_SQL["audit"], begin, limit)
            else:
                rows = await connection.fetch(_SQL["audit_of_district"], begin, limit, district_id)
        return [AuditEntry(**row) for row in rows]
