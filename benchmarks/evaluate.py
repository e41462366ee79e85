"""What a batch of 100 events costs in a district of 1,000 students and in one of 100,000.

Both districts are rostered first. Then batches of 100 events (students who move between two homerooms) are
evaluated in turns, each a commit of its own; what counts is the ratio of the medians. They move among as
many homerooms in both, so that the same number of records changes.
"""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

import asyncpg
import orjson

from benchmarks.servers import Server
from schemas import clever
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.postgres.operations.districts import PostgresDistricts
from worker.adapters.postgres.wakeups import Wakeups
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.section_filter import SectionFilter
from worker.messaging.event_files import JsonObject
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.ingest import translate
from worker.pipeline.ingest.inbox import Mark
from worker.runtime.metrics import Metrics
from worker.sandbox.daily_changes import Feed, arrival, homerooms, move_student
from worker.sandbox.district import DistrictSpec, SandboxDistrict, generate

SIZES = (1_000, 100_000)
ROUNDS = 21
EVENTS = 100
HOMEROOMS = 30
ALLOWED = 1.3
LIMITS = WindowLimits(timedelta(0), timedelta(hours=1), 50_000, timedelta(seconds=1))
HOMEROOM = SectionFilter.model_validate(
    {"rules": [{"all": [{"field": "name", "op": "contains", "value": "homeroom"}]}]}, strict=False
)


@dataclass
class Rostered:
    """A district that was committed, and can change."""

    district: SandboxDistrict
    feed: Feed
    kept: list[str]
    inbox: PostgresInbox
    stage: EvaluateStage
    rng: random.Random

    async def batch(self) -> float:
        """Let 50 students move, in 100 events; return the seconds of the evaluation."""
        events: list[JsonObject] = []
        while len(events) < EVENTS:
            events += self._move()
        await store(self.inbox, events)
        started = time.perf_counter()
        assert await self.stage.once()
        return time.perf_counter() - started

    def _move(self) -> list[JsonObject]:
        left, joined = self.rng.sample(self.kept, 2)
        listed = self.district.sections[left]["students"]
        movable = [student for student in listed if student in self.district.users]
        if len(movable) < 2:
            return []
        return move_student(self.district, self.feed, movable[0], left, joined)


async def measure(server: Server) -> bool:
    """Print both medians and their ratio; return whether it is small enough."""
    async with AsyncExitStack() as stack:
        # One database for both: a large neighbour must not make a small district dear either.
        url = await stack.enter_async_context(server.database())
        rostered = [await _rostered(stack, url, size) for size in SIZES]
        await vacuum(url)
        seconds: list[list[float]] = [[], []]
        for number in range(ROUNDS):
            for place in (0, 1) if number % 2 else (1, 0):
                seconds[place].append(await rostered[place].batch())
    medians = [statistics.median(times[1:]) for times in seconds]
    for size, median in zip(SIZES, medians, strict=True):
        print(f"  {size:,} students: {median * 1000:.1f} ms a batch of {EVENTS} events")
    ratio = medians[1] / medians[0]
    print(f"  the large district costs {ratio:.2f} of the small one (at most {ALLOWED:.2f})")
    return ratio <= ALLOWED


async def _rostered(stack: AsyncExitStack, url: str, size: int) -> Rostered:
    database = Database(url, name="bench", size=4)
    stack.push_async_callback(database.close)
    notices = Wakeups(database)
    stack.push_async_callback(notices.close)
    district = generate(DistrictSpec(students=size, seed=size))
    feed = Feed(district.id, DistrictSpec().started + timedelta(minutes=1))
    inbox = PostgresInbox(database)
    stage = EvaluateStage(
        PostgresEvaluations(database, notices, Policy(class_change_limit_percent=100)), LIMITS, Metrics()
    )
    await PostgresDistricts(database).set_filter(district.id, HOMEROOM, "bench")
    started = time.perf_counter()
    for events in chunks(arrival(district, feed), 5_000):
        await store(inbox, events)
    stored = time.perf_counter()
    while await stage.once():
        pass
    print(
        f"  {size:,} students: {stored - started:.1f} s to store their arrival, "
        f"{time.perf_counter() - stored:.1f} s to evaluate and commit it"
    )
    rng = random.Random(1)  # noqa: S311 — a reproducible choice
    kept = rng.sample(sorted(homerooms(district)), HOMEROOMS)
    return Rostered(district, feed, kept, inbox, stage, rng)


async def vacuum(url: str) -> None:
    """Do now what autovacuum does within minutes of a first load, so that it runs beside neither district."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


async def store(inbox: PostgresInbox, events: Iterable[JsonObject], marks: Sequence[Mark] = ()) -> None:
    arrivals = []
    for event in events:
        read = clever.read(orjson.dumps(event))
        assert isinstance(read, clever.Event)
        arrivals.append(translate.to_arrival(read))
    await inbox.store(arrivals, marks, [])


def chunks(events: Iterable[JsonObject], size: int) -> Iterator[list[JsonObject]]:
    iterator = iter(events)
    while chunk := list(islice(iterator, size)):
        yield chunk
