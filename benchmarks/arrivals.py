"""A district in the inbox, as it is stored at its first arrival, with the filter that counts homerooms."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Final

from benchmarks.evaluate import HOMEROOM, chunks, store
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.postgres.operations.districts import PostgresDistricts
from worker.sandbox.daily_changes import Feed, arrival
from worker.sandbox.district import DistrictSpec, SandboxDistrict, generate

STUDENTS: Final = int(os.environ.get("BENCH_STUDENTS", "50000"))


async def store_arrival(database: Database, students: int) -> tuple[SandboxDistrict, Feed]:
    """Store the events of a generated district; return it, and its feed."""
    district = generate(DistrictSpec(students=students, seed=students))
    feed = Feed(district.id, DistrictSpec().started + timedelta(minutes=1))
    await PostgresDistricts(database).set_filter(district.id, HOMEROOM, "bench")
    inbox = PostgresInbox(database)
    for events in chunks(arrival(district, feed), 5_000):
        await store(inbox, events)
    return district, feed
