"""Districts that are put straight into the tables, at whatever state, with what is seen of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from tests.support.fixtures.store import StoreUnderTest
from worker.domain.onboarding.states import State

Row = Mapping[str, Any]

NOW: Final = datetime.now(UTC)
"""When the tests were collected: hours before a test is run, where there are many."""
HOUR: Final = timedelta(hours=1)
CONNECTED: Final[Row] = {}
LEFT: Final[Row] = {"disconnected_at": NOW}
KNOWN: Final[Row] = {}
PURGED: Final[Row] = {"purged_at": NOW}
ROSTERED: Final[Row] = {"status": "rostered", "commit_sequence": 1}
REVIEWED: Final[Row] = {**ROSTERED, "status": "review", "standing_since": NOW, "reported_digest": "\\x"}


@dataclass(frozen=True)
class Stands:
    """A district: where it is in onboarding, and its rows elsewhere; None where it has none."""

    state: State | None
    connection: Row | None = None
    district: Row | None = None
    said: Row | None = None
    """Columns of its row in onboarding."""


async def put(store: StoreUnderTest, table: str, *rows: Row) -> None:
    """Insert rows as they are: no trigger looks at them."""
    async with store.database.transaction() as connection:
        await connection.execute("SET LOCAL session_replication_role = replica")
        for row in rows:
            columns = ", ".join(row)
            await connection.execute(
                f"INSERT INTO {table} ({columns}) "
                f"SELECT {columns} FROM json_populate_record(NULL::{table}, $1::text::json)",
                json.dumps(row, default=str),
            )


async def put_districts(store: StoreUnderTest, districts: Mapping[str, Stands]) -> None:
    """Insert districts by their ids, the last one first; one that is connected is known."""
    backwards = [*districts.items()][::-1]
    connections = [(name, stands.connection) for name, stands in backwards]
    known = [
        (name, KNOWN if stands.connection is not None and stands.district is None else stands.district)
        for name, stands in backwards
    ]
    for table, there in (("connections", connections), ("districts", known)):
        await put(store, table, *({"district_id": name, **row} for name, row in there if row is not None))
    await put(
        store,
        "onboarding",
        *(
            {"district_id": name, "state": stands.state, "since": NOW, **(stands.said or {})}
            for name, stands in backwards
            if stands.state is not None
        ),
    )
