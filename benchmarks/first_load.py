"""What a first load costs, from the inbox to the commit in the outbox, beside the same by whole statements.

A district of `BENCH_STUDENTS` (50,000) is stored once. Each round copies that database, lets a worker
evaluate it, as people run it, and then runs the statements of the floor there.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field

from benchmarks import programs, whole_statements
from benchmarks.arrivals import STUDENTS, store_arrival
from benchmarks.costs import NOTHING, Cost, Meter, compared, memory, ratio
from benchmarks.servers import Server
from worker.adapters.postgres.database import Database

ROUNDS = 3
ALLOWED = 8.0
"""Of processor time."""


@dataclass
class Rounds:
    """What every round found."""

    costs: list[Cost] = field(default_factory=list)
    floors: list[Cost] = field(default_factory=list)
    peaks: list[float] = field(default_factory=list)
    sizes: list[int] = field(default_factory=list)


async def measure(server: Server) -> bool:
    """Print what both cost and the ratio; return whether it is small enough."""
    return await compare(server, STUDENTS, ROUNDS) <= ALLOWED


async def compare(server: Server, students: int, rounds: int) -> float:
    """Print what both cost; return the ratio of processor time."""
    found = Rounds()
    async with server.database() as stored:
        database = Database(stored, name="bench", size=4)
        try:
            district, _ = await store_arrival(database, students)
        finally:
            await database.close()
        district_id = district.id
        del district
        for _ in range(rounds):
            async with server.database(like=stored) as url:
                await _round(url, district_id, found)
    compared(f"first load of {students:,} students", found.costs, "whole statements", found.floors)
    size = statistics.median(found.sizes) / students
    print(f"    greatest resident memory: {statistics.median(found.peaks):.0f} MB")
    print(f"    database after VACUUM: {size:,.0f} bytes a student")
    return ratio(found.costs, found.floors)[1]


async def _round(url: str, district_id: str, found: Rounds) -> None:
    connection = await whole_statements.connect(url)
    try:
        async with (
            programs.environment(url, WINDOW__QUIET_SECONDS="0.1") as settings,
            programs.worker(settings, "--stages", "evaluate") as worker,
        ):
            meter = Meter(connection, worker.pid)
            before = await meter.read()
            after = 0.0
            while True:
                after, record = await worker.said("batch.decided", after)
                if record["outcome"] != "deferred":
                    break
            found.costs.append(before.until(await meter.read()))
            found.peaks.append(memory(worker.pid, "VmHWM"))
        assert record["outcome"] == "commit", record
        await connection.execute("VACUUM (ANALYZE)")
        found.sizes.append(await connection.fetchval("SELECT pg_database_size(current_database())"))
        found.floors.append(await _whole_statements(connection, district_id))
    finally:
        await connection.close()


async def _whole_statements(connection: whole_statements.Connection, district_id: str) -> Cost:
    await whole_statements.copy_tables(connection)
    meter, costs = Meter(connection), list[Cost]()
    for statement in whole_statements.FIRST_LOAD.values():
        async with meter.measuring(costs):
            await connection.execute(statement, district_id)
        await whole_statements.analyze_copies(connection)
    assert await connection.fetchval(whole_statements.DIFFERENT) == 0
    return sum(costs, start=NOTHING)
