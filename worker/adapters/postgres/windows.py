"""Asking for a district's window to be closed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from worker.adapters.postgres import notices, sql
from worker.adapters.postgres.database import Connection
from worker.domain.window import Trigger

_SQL: Final = sql.load("windows")


async def close(connection: Connection, district_ids: Sequence[str], trigger: Trigger) -> None:
    """Have the windows of these districts closed by a trigger, and wake who does that."""
    await connection.execute(_SQL["request"], district_ids, trigger)
    await notices.notify(connection, notices.WINDOWS)
