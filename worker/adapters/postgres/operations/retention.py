"""Deleting what has been kept for long enough, a bounded number of rows in a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.slices import AT_ONCE, in_slices

_SQL: Final = statements.load("operations/retention")
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
        return await in_slices(self._database, _SQL[what], self._ages[what], self._at_once)
