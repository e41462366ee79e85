"""What guards count over hours, and when the count starts over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.domain.preflight.turnover import SchoolLimits, Turnover, Turnovers

_SQL: Final = statements.load("evaluation/guards")


class PostgresGuards:
    """`Guards` of `worker.pipeline.evaluate.unit_of_work`, on one connection in a transaction."""

    def __init__(self, connection: Connection, district_id: str) -> None:
        self._connection = connection
        self._district_id = district_id

    async def turnovers(
        self, after: datetime, committed: int, limits: SchoolLimits
    ) -> tuple[Turnovers, Turnovers]:
        """Return what commits since then and the plan, and what the plan alone, removed or moved."""
        rows = await self._connection.fetch(
            _SQL["turnovers"],
            self._district_id,
            after,
            limits.floor,
            committed,
            limits.removal_percent,
            limits.class_change_percent,
        )
        whole, alone = (
            _turnovers([row for row in rows if row["span"] == span]) for span in ("window", "plan")
        )
        return whole, alone

    async def most_moved(self, after: datetime, committed: int, limits: SchoolLimits) -> Turnovers:
        """Return what the counts of `turnovers` are at most, of rosters that are at least so large."""
        rows = await self._connection.fetch(
            _SQL["most_moved"],
            self._district_id,
            after,
            limits.floor,
            committed,
            limits.removal_percent,
            limits.class_change_percent,
        )
        district, *_ = [row for row in rows if row["is_district"]]
        schools = [row for row in rows if not row["is_district"]]
        return Turnovers(
            Turnover(district["removed"], district["committed"]),
            Turnover(district["moved"], district["committed"]),
            {row["school_id"]: Turnover(row["removed"], row["committed"]) for row in schools},
            {row["school_id"]: Turnover(row["moved"], row["committed"]) for row in schools},
        )

    async def restart_count(self) -> None:
        """Forget all that commits moved so far: what comes next is counted from here."""
        await self._connection.execute(_SQL["restart"], self._district_id)

    async def end_confirmation(self) -> None:
        """Use up what a person confirmed of a filter."""
        await self._connection.execute(_SQL["end_confirmation"], self._district_id)


def _turnovers(rows: Sequence[asyncpg.Record]) -> Turnovers:
    (district,) = [row for row in rows if row["is_district"]]
    schools = [row for row in rows if not row["is_district"]]
    return Turnovers(
        _removal(district),
        _class_change(district),
        {row["school_id"]: _removal(row) for row in schools},
        {row["school_id"]: _class_change(row) for row in schools},
        district["since"],
    )


def _removal(row: asyncpg.Record) -> Turnover:
    return Turnover(row["removed"], row["committed"], row["removed_earlier"])


def _class_change(row: asyncpg.Record) -> Turnover:
    return Turnover(row["moved"], row["committed"], row["moved_earlier"])
