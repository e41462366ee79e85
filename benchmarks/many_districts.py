"""What a look at all districts costs with 13,300 of them, and with 130.

Both databases have the same few districts that are busy: with windows that are due, messages that wait, a
review, a parked evaluation, a delayed launch. All others are quiet. So a look that reads only what is due
costs the same in both. Each look is made in turns in one database and in the other. What counts is the
processor time of this process and of PostgreSQL, the median of the rounds: other programs do not add to it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final

import asyncpg

from benchmarks.costs import BENCH, Cost, Meter, median
from benchmarks.servers import Server
from worker.adapters.clever.vault import TokenVault
from worker.adapters.postgres import statements
from worker.adapters.postgres.alerts.inspections import PostgresInspections
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.onboarding.districts import PostgresOnboarding
from worker.adapters.postgres.operations.district_queries import PostgresViews
from worker.adapters.postgres.operations.districts import PostgresDistricts
from worker.adapters.postgres.operations.retention import KEPT, PostgresRetention
from worker.adapters.postgres.poll.connections import PostgresConnections
from worker.adapters.postgres.poll.feed_locks import FeedLocks
from worker.adapters.postgres.relay.outbox import ALERTS, PostgresOutbox
from worker.adapters.postgres.wakeups import Wakeups
from worker.domain.onboarding.states import State
from worker.domain.onboarding.todo import ReminderDelays, Who
from worker.domain.preflight.window import WindowLimits
from worker.operations.district_queries import DistrictsAsked

FEW: Final = 130
MANY: Final = int(os.environ.get("BENCH_DISTRICTS", "13300"))
ROUNDS: Final = 40
WARM_UP: Final = 6
"""Looks that are not counted: each connection of the pool plans a statement once."""
ALLOWED: Final = 1.5
ALLOWED_MS: Final = 10.0
_FILL: Final = Path(__file__).with_suffix(".sql")
_DUE: Final = statements.load("evaluation/due_districts")
_POLL: Final = statements.load("poll/connections")
_ALONE: Final = """DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET max_parallel_workers_per_gather = 0', current_database()); END $$"""
"""All that a look costs is in its backend, and none of it in processes that are gone when it is counted."""
_LIMITS: Final = WindowLimits(timedelta(seconds=10), timedelta(minutes=5), 50_000, timedelta(minutes=30))


@dataclass
class Opened:
    """A database with so many districts, and what looks at them."""

    districts: int
    meter: Meter
    looks: dict[str, Callable[[], Awaitable[Any]]]


async def measure(server: Server) -> bool:
    """Print each look's time with few and with many districts; return whether all were in bounds."""
    return await compare(server, MANY, ROUNDS)


async def compare(server: Server, many: int, rounds: int) -> bool:
    """Measure `rounds` of each look, with 130 districts and with `many`."""
    async with AsyncExitStack() as stack:
        few, more = [await stack.enter_async_context(_opened(server, count)) for count in (FEW, many)]
        print(f"  {'processor time in ms':34}{FEW:>9,}{many:>9,}{'ratio':>8}")
        met = [await _compared(name, few, more, rounds) for name in few.looks]
    return all(met)


async def _compared(name: str, few: Opened, more: Opened, rounds: int) -> bool:
    """Measure a look in turns, print it, and return whether it was in bounds."""
    costs: dict[int, list[Cost]] = {few.districts: [], more.districts: []}
    for place in range(WARM_UP + rounds):
        for opened in (few, more):
            async with opened.meter.measuring(costs[opened.districts] if place >= WARM_UP else []):
                await opened.looks[name]()
    small, large = (1000 * median(each).processor for each in costs.values())
    is_met = large <= ALLOWED_MS and large / small <= ALLOWED
    remark = "  not bound" if name in UNBOUND else "" if is_met else "  too much"
    print(f"  {name:34}{small:9.2f}{large:9.2f}{large / small:8.2f}{remark}", flush=True)
    return is_met or name in UNBOUND


UNBOUND: Final = frozenset({"a search by name", "all records, for a file", "districts by name"})
"""What a person asks for seldom, and reads all districts for."""


@asynccontextmanager
async def _opened(server: Server, count: int) -> AsyncIterator[Opened]:
    async with server.database() as url:
        await _fill(url, count)
        bench = await asyncpg.connect(url, server_settings={"application_name": BENCH})
        database = Database(url, name="looks", size=4)
        heard, locks = Wakeups(database), FeedLocks(database)
        try:
            yield Opened(count, Meter(bench), _looks(database, heard, locks))
        finally:
            await bench.close()
            await locks.close()
            await heard.close()
            await database.close()


async def _fill(url: str, count: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in _FILL.read_text().split(";\n")[:-1]:
            await connection.execute(statement, *([count] if "$1" in statement else []))
        await connection.execute("VACUUM ANALYZE")
        await connection.execute(_ALONE)
    finally:
        await connection.close()


def _looks(database: Database, heard: Wakeups, locks: FeedLocks) -> dict[str, Callable[[], Awaitable[Any]]]:
    outbox, alerts = PostgresOutbox(database, heard), PostgresOutbox(database, heard, ALERTS)
    inspections = PostgresInspections(database, _LIMITS)
    onboarding, views = PostgresOnboarding(database), PostgresViews(database)
    districts = PostgresDistricts(database)
    PostgresConnections(database, locks, TokenVault("an app", "its secret"))
    retention = PostgresRetention(database, dict.fromkeys(KEPT, timedelta(days=400)))

    async def lease(lane: PostgresOutbox) -> None:
        await lane.release(await lane.lease(8, 30))

    async def due() -> None:
        async with database.connection() as connection:
            await connection.fetch(
                _DUE["due_districts"],
                *(_LIMITS.max_events, _LIMITS.quiet, _LIMITS.max_age, _LIMITS.max_deferral, 20),
            )

    async def turn() -> None:
        async with database.connection() as connection:
            await connection.fetch(_POLL["due"], [], 50)

    async def board() -> None:
        await onboarding.states()
        await onboarding.standing(list(State), 0, 8)

    return {
        "due districts": due,
        "lease of messages, and its end": partial(lease, outbox),
        "lease of alerts, and its end": partial(lease, alerts),
        "inspect": partial(inspections.inspect, timedelta(0), 0),
        "advance, onboarding": onboarding.advance,
        "turn of a feed": turn,
        "retention, nothing due": retention.forget,
        "metrics: figures": inspections.figures,
        "metrics: unpublished": outbox.unpublished,
        "metrics: statuses": districts.statuses,
        "list of districts": partial(views.districts, DistrictsAsked(order="attention", limit=50)),
        "districts in review": partial(views.districts, DistrictsAsked("review", order="blocked", limit=50)),
        "districts by students": partial(views.districts, DistrictsAsked(order="students", limit=50)),
        "districts by name": partial(views.districts, DistrictsAsked(order="name", limit=50)),
        "a search by name": partial(views.districts, DistrictsAsked(text="District 77", limit=50)),
        "board": board,
        "board, one state": partial(onboarding.standing, [State.CONNECTED], 0, 100),
        "to-do": partial(onboarding.todos, ReminderDelays(), list(Who), 25),
        "all records, for a file": onboarding.records,
    }
