"""What each commit replaced: kept with the commit, and forgotten when it is old."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.pipeline.evaluate.state import DistrictState

_SQL: Final = statements.load("evaluation/commit_history")

FORGET_AT_ONCE: Final = 20_000
"""Rows of a district's history deleted in one transaction: a fraction of a second."""


async def keep(connection: Connection, district_id: str, state: DistrictState, *, wanted: bool) -> None:
    """Keep what the commit in hand is about to replace, where that is wanted and there was a commit before.

    Otherwise one can go back no further than to this commit.
    """
    if wanted and state.last_commit_id is not None:
        await connection.execute(_SQL["keep"], district_id, state.commit_sequence)
    else:
        await connection.execute(_SQL["begin_with"], district_id, state.commit_sequence)


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
