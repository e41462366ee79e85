"""Reading a district's plan: a page of it, whatever its size."""

from __future__ import annotations

from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation.candidate_roster import finding_of
from worker.domain.preflight.approval import GUARDS
from worker.domain.preflight.tally import Tally
from worker.domain.roster.canonical import from_bytes
from worker.domain.roster.plan_changes import Op, planned_change
from worker.operations.plans import START, Plan, Removal
from worker.runtime.errors import UnknownDistrictError

_SQL: Final = statements.load("operations/plans")
_GUARDS: Final = sorted(code.value for code in GUARDS)
SCHOOLS: Final = 20
"""That a plan lists with what they lose."""


class PostgresPlans:
    """Answers to `worker.operations.plans.Plans`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def of(
        self,
        district_id: str,
        *,
        kind: str | None = None,
        op: Op | None = None,
        after: tuple[str, str] = START,
        limit: int = 50,
    ) -> Plan:
        """Return a district's plan with its changes behind the place `after`; see the port."""
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(_SQL["district"], district_id)
            if row is None:
                raise UnknownDistrictError(f"district {district_id} is not known here")
            found = await connection.fetch(_SQL["changes"], district_id, *after, kind, op, limit + 1)
            guards = await connection.fetch(_SQL["guards"], district_id, _GUARDS)
            is_first = after == START
            removals = await connection.fetch(_SQL["removals"], district_id, SCHOOLS) if is_first else []
        shown = found[:limit]
        return Plan(
            Tally.from_json(
                row["counts"], from_bytes(row["candidate_digest"]), from_bytes(row["error_digest"])
            ),
            [finding_of(guard) for guard in guards],
            [Removal(one["school_id"], one["name"], one["removed"], one["committed"]) for one in removals],
            [planned_change(*one.values()) for one in shown],
            (shown[-1]["kind"], shown[-1]["record_id"]) if len(found) > limit else None,
        )
