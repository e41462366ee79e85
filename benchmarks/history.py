"""What keeping history adds to a commit of 50,000 changed records, and what a rollback of it costs.

In one district every student changes: one evaluation and one commit, which is then rolled back. With that the
plan is the whole of it again, and is adopted in turns with history and without, each time undone. What
counts is the ratio of the evaluation with what history adds to the evaluation without.
"""

from __future__ import annotations

import statistics
import time
from contextlib import AsyncExitStack
from datetime import timedelta

from benchmarks.evaluate import HOMEROOM, LIMITS, chunks, store, vacuum
from benchmarks.servers import Server
from schemas.messages.batch import Batch
from schemas.words import Trigger
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.evaluation.unit_of_work import PostgresEvaluation
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.postgres.operations.districts import PostgresDistricts
from worker.adapters.postgres.operations.rollback import PostgresRollbacks
from worker.adapters.postgres.wakeups import Wakeups
from worker.domain.preflight.decision import Outcome
from worker.domain.preflight.policy import Policy
from worker.operations.rollback import roll_back
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.evaluate.state import Conclusion, Takeover
from worker.runtime.metrics import Metrics
from worker.sandbox.daily_changes import Feed, arrival, rename
from worker.sandbox.district import DistrictSpec, generate

STUDENTS = 50_000
ROUNDS = 10
ALLOWED = 1.10


async def measure(server: Server) -> bool:
    """Print what each costs and the ratio; return whether it is small enough."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(server.database())
        database = Database(url, name="bench", size=4)
        stack.push_async_callback(database.close)
        notices = Wakeups(database)
        stack.push_async_callback(notices.close)
        evaluations = PostgresEvaluations(database, notices, Policy())
        district_id, evaluated = await _changed(url, database, evaluations)
        await vacuum(url)
        started = time.perf_counter()
        done = await roll_back(PostgresRollbacks(database, evaluations), district_id, 1, "bench", "bench")
        took = time.perf_counter() - started
        seconds: list[list[float]] = [[], []]
        for number in range(ROUNDS):
            await vacuum(url)
            keeps = number % 4 in {0, 3}
            seconds[keeps].append(await _adopt(database, evaluations, district_id, keeps=keeps))
        size = await _size(database)
    bare, kept = (statistics.median(times) for times in seconds)
    ratio = evaluated / (evaluated - (kept - bare))
    print(f"  {evaluated:.1f} s to evaluate and commit {STUDENTS:,} changed records, with history")
    print(f"  {kept:.2f} s of it to adopt them, {bare:.2f} s without history; {size:.0f} bytes a record")
    print(f"  {took:.1f} s to roll back {done.counts['student']['upserted']:,} records, {done.parts} parts")
    print(f"  history makes such a commit cost {ratio:.2f} of what it would (at most {ALLOWED:.2f})")
    return ratio <= ALLOWED


async def _changed(url: str, database: Database, evaluations: PostgresEvaluations) -> tuple[str, float]:
    """Let a district arrive, and then each student change; return the seconds of the second evaluation."""
    inbox, stage = PostgresInbox(database), EvaluateStage(evaluations, LIMITS, Metrics())
    district = generate(DistrictSpec(students=STUDENTS, seed=STUDENTS))
    feed = Feed(district.id, DistrictSpec().started + timedelta(minutes=1))
    await PostgresDistricts(database).set_filter(district.id, HOMEROOM, "bench")
    for events in chunks(arrival(district, feed), 5_000):
        await store(inbox, events)
    while await stage.once():
        pass
    students = [one for one, user in district.users.items() if "student" in user["roles"]]
    renamed = (event for one in students for event in rename(district, feed, one, first="Other"))
    for events in chunks(renamed, 5_000):
        await store(inbox, events)
    await vacuum(url)
    started = time.perf_counter()
    assert await stage.once()
    return district.id, time.perf_counter() - started


async def _adopt(
    database: Database, evaluations: PostgresEvaluations, district_id: str, *, keeps: bool
) -> float:
    """Make the plan the committed roster, and undo it; return the seconds of the first."""
    async with database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        locked = await evaluations.locked(connection, district_id, Trigger.FLUSH)
        assert locked is not None
        locked.state.commit_sequence += 1
        locked.state.batch_number += 1
        now = locked.window.now
        batch = Batch(batch_id="bench", trigger=Trigger.FLUSH, events=0, opened_at=now, closed_at=now)
        evaluation = PostgresEvaluation(connection, locked.window, locked.state, keeps_history=keeps)
        takeover = Takeover(is_first=False, moves_students=False, restarts_count=False)
        started = time.perf_counter()
        await evaluation.write_conclusion(Conclusion(batch, Outcome.COMMIT, takeover=takeover))
        seconds = time.perf_counter() - started
        await transaction.rollback()
    return seconds


async def _size(database: Database) -> float:
    async with database.connection() as connection:
        return float(
            await connection.fetchval(
                "SELECT avg(pg_column_size(h.*)) FROM commit_history h WHERE sequence = 2"
            )
        )
