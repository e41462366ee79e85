"""Deleting what has been kept for long enough, a bounded number of rows in a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database

_SQL: Final = statements.load("operations/retention")
AT_ONCE: Final = 10_000
"""Rows deleted in one transaction: a fraction of a second."""
KEPT: Final = tuple(_SQL)
"""What can be kept for a time: the names of the statements."""


class PostgresRetention:
    """Forgets what is older than it may be, by table."""

    def __init__(self, database: Database, ages: Mapping[str, timedelta], at_once: int = AT_ONCE) -> None:
        unknown = set(KEPT) ^ set(ages)
        if unknown:
            raise ValueError(f"expected an age for each of {', '.join(KEPT)}, got {', '.join(ages)}")
        self._database = database
        self._ages = ages
        self._at_once = at_once

    async def forget(self) -> dict[str, int]:
        """Delete what is too old; return how many rows, by table, those without left out."""
        gone = {what: await self._forget(what) for what in KEPT}
        return {what: rows for what, rows in gone.items() if rows}

    async def _forget(self, what: str) -> int:
        total = 0
        while True:
            async with self._database.connection() as connection:
                status = await connection.execute(_SQL[what], self._ages[what], self._at_once)
            rows = int(status.rpartition(" ")[2])
            total += rows
            if rows < self._at_once:
                return total
