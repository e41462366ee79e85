"""What each commit replaced, which is kept with the commit, is forgotten when it is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Database

_SQL: Final = statements.load("evaluation/commit_history")

FORGET_AT_ONCE: Final = 20_000
"""Rows of a district's history deleted in one transaction: a fraction of a second."""


async def forget_older_than(database: Database, age: timedelta, at_once: int = FORGET_AT_ONCE) -> None:
    """Forget what was replaced longer ago, a bounded number of rows in a transaction.

    A district that is at work is left for the next time.
    """
    async with database.connection() as connection:
        aged = await connection.fetch(_SQL["aged"], age)
    for row in aged:
        while await forget_some(database, row["district_id"], row["sequence"], at_once):
            pass


async def forget_some(database: Database, district_id: str, sequence: int, at_once: int) -> bool:
    """Forget some history of commits up to `sequence`; return whether there may be more."""
    async with database.transaction() as connection:
        if not await connection.fetchval(_SQL["lock"], district_id):
            return False
        gone = await connection.fetchrow(_SQL["forget"], district_id, sequence, at_once)
        assert gone is not None  # noqa: S101 — an aggregate has one row
        is_done = gone["rows"] < at_once
        # Half of a commit's history is none: the first to go back to is at least that commit.
        reached = sequence if is_done else gone["sequence"]
        await connection.execute(_SQL["shorten"], district_id, reached)
        return not is_done
