"""What keeping history adds to a commit of 50,000 changed records, and what a rollback of it costs.

In one district every student changes, again and again; every other commit keeps what it replaces. What
counts is the ratio of the medians of the whole evaluation. The last commit is then rolled back.
"""

from __future__ import annotations

import statistics
import time
from contextlib import AsyncExitStack
from datetime import timedelta
from functools import partial

from benchmarks.evaluate import HOMEROOM, LIMITS, chunks, store, vacuum
from benchmarks.surroundings import Server
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.desk import PostgresDesk
from worker.adapters.postgres.evaluation import PostgresEvaluations
from worker.adapters.postgres.inbox import PostgresInbox
from worker.adapters.postgres.notices import Notices
from worker.adapters.postgres.rollback import PostgresRollbacks
from worker.domain.policy import Policy
from worker.rollback import roll_back
from worker.sandbox.changes import Feed, arrival, rename
from worker.sandbox.district import DistrictSpec, generate
from worker.stages.evaluate import EvaluateStage
from worker.telemetry import Metrics

STUDENTS = 50_000
ROUNDS = 6
ALLOWED = 1.25


async def measure(server: Server) -> bool:
    """Print both medians and their ratio; return whether it is small enough."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(server.database())
        database = Database(url, name="bench", size=4)
        stack.push_async_callback(database.close)
        notices = Notices(database)
        stack.push_async_callback(notices.close)
        inbox = PostgresInbox(database)
        evaluations = partial(PostgresEvaluations, database, notices, Policy())
        stages = [
            EvaluateStage(evaluations(keeps_history=keeps), LIMITS, Metrics()) for keeps in (True, False)
        ]
        district = generate(DistrictSpec(students=STUDENTS, seed=STUDENTS))
        feed = Feed(district.id, DistrictSpec().started + timedelta(minutes=1))
        await PostgresDesk(database).set_filter(district.id, HOMEROOM, "bench")
        for events in chunks(arrival(district, feed), 5_000):
            await store(inbox, events)
        while await stages[0].once():
            pass
        students = sorted(one for one, user in district.users.items() if "student" in user["roles"])
        seconds: list[list[float]] = [[], []]
        for number in range(ROUNDS):
            for events in chunks(
                (e for one in students for e in rename(district, feed, one, first=f"N{number}")), 5_000
            ):
                await store(inbox, events)
            await vacuum(url)
            # 1 0 0 1 1 0: the last keeps history, and what comes first changes in turns.
            stage = (1, 0, 0, 1, 1, 0)[number]
            started = time.perf_counter()
            assert await stages[stage].once()
            seconds[stage].append(time.perf_counter() - started)
        rows = await _history(database)
        started = time.perf_counter()
        rollbacks = PostgresRollbacks(database, evaluations())
        done = await roll_back(rollbacks, district.id, ROUNDS, "bench", "bench")
        took = time.perf_counter() - started
    kept, bare = (statistics.median(times) for times in seconds)
    print(f"  {len(students):,} records changed: {kept:.1f} s with history ({rows}), {bare:.1f} s without")
    print(
        f"  rolled back in {took:.1f} s: {done.counts['student']['upserted']:,} records, {done.parts} parts"
    )
    print(f"  history makes a commit cost {kept / bare:.2f} of what it did (at most {ALLOWED:.2f})")
    return kept / bare <= ALLOWED


async def _history(database: Database) -> str:
    async with database.connection() as connection:
        size = await connection.fetchval("SELECT pg_total_relation_size('commit_history')")
        rows = await connection.fetchval("SELECT count(*) FROM commit_history")
    return f"{size / rows:.0f} bytes a record"
