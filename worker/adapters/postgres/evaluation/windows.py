"""Asking for a district's window to be closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from schemas.words import Trigger
from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.database import Connection, Database

_SQL: Final = statements.load("evaluation/windows")

AT_ONCE: Final = 500
"""Districts that one look takes, so that a policy that ended for thousands holds nobody up."""


async def close(connection: Connection, district_ids: Sequence[str], trigger: Trigger) -> None:
    """Have the windows of these districts closed by a trigger, and wake who does that."""
    await connection.execute(_SQL["request"], district_ids, trigger)
    await wakeups.notify(connection, wakeups.WINDOWS)


async def close_by_time(database: Database) -> None:
    """Close the windows of districts that time alone gives reason to judge anew.

    Only one process takes such a district, and it is taken once: its next evaluation says when again. One
    that is under evaluation now is left to the next look, and one that is disconnected to its next baseline,
    since time must not move the roster of a district that is not read.
    """
    # Ingest may have locked some of their windows in another order.
    await database.in_transaction(_take_due_by_time)


async def _take_due_by_time(connection: Connection) -> None:
    rows = await connection.fetch(_SQL["take_due_by_time"], AT_ONCE)
    due = [row["district_id"] for row in rows if row["is_read"]]
    if due:
        await close(connection, due, Trigger.FILTER)
