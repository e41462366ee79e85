"""New rows by COPY: it takes half the time of an INSERT that looks for a conflict."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from worker.adapters.postgres.database import Connection

MANY: Final = 500
"""Rows from which on they are copied: before each COPY, the server is asked for the columns."""


async def copy_rows(
    connection: Connection,
    table: str,
    district_id: str,
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
) -> None:
    """Write rows of a district that are not there; one that is there is an error, and nothing is written."""
    records = ((district_id, *row) for row in rows)
    await connection.copy_records_to_table(table, columns=("district_id", *columns), records=records)
