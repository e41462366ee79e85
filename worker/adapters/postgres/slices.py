"""Statements over many rows, a bounded number in a transaction: nobody waits, and a crash loses one slice."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from worker.adapters.postgres.database import Database

AT_ONCE: Final = 10_000
"""Rows of one transaction: a fraction of a second."""


async def in_slices(database: Database, statement: str, age: timedelta, at_once: int = AT_ONCE) -> int:
    """Execute a statement on rows of this age, so many at once, until fewer are left; return how many."""
    total = 0
    while True:
        async with database.connection() as connection:
            status = await connection.execute(statement, age, at_once)
        rows = int(status.rpartition(" ")[2])
        total += rows
        if rows < at_once:
            return total
