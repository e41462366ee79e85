"""What trying a section filter costs in a rostered district, beside an evaluation that is undone.

That is how a filter was tried before. One filter gives each student another class, the other one the class
that he has. Each is tried alone, and while an evaluation of the district is under way on another connection:
a trial that waited for its lock would never end.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks import whole_statements
from benchmarks.arrivals import STUDENTS
from benchmarks.costs import Cost, Meter, compared, ratio
from benchmarks.evaluate import HOMEROOM
from benchmarks.filter_change import ENGLISH, rostered
from benchmarks.servers import Server
from schemas.words import Trigger
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.operations.filter_trials import PostgresTrials
from worker.domain.roster.section_filter import SectionFilter
from worker.operations.trial.service import try_filter
from worker.pipeline.evaluate.preflight import run_preflight

ROUNDS = 3
ALLOWED = 0.5
"""Of processor time, for the filter that turns all, tried beside the evaluation."""
PATIENCE_SECONDS = 120
"""For a trial beside an evaluation: far longer than any takes."""


@dataclass
class Tried:
    """One filter, and what every round found of it."""

    name: str
    section_filter: SectionFilter
    alone: list[Cost] = field(default_factory=list)
    beside: list[Cost] = field(default_factory=list)
    evaluated: list[Cost] = field(default_factory=list)


@dataclass
class Bench:
    """A rostered district, and who reads it."""

    district_id: str
    database: Database
    evaluations: PostgresEvaluations
    trials: PostgresTrials
    connection: whole_statements.Connection

    async def turn(self, tried: Tried) -> None:
        """Measure one round of a filter."""
        meter = Meter(self.connection)
        async with meter.measuring(tried.alone):
            alone = await try_filter(self.trials, self.district_id, tried.section_filter)
        async with self.database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            evaluation = await self.evaluations.locked(connection, self.district_id, Trigger.FILTER)
            assert evaluation is not None
            async with asyncio.timeout(PATIENCE_SECONDS), meter.measuring(tried.beside):
                beside = await try_filter(self.trials, self.district_id, tried.section_filter)
            evaluation.state.section_filter, evaluation.state.filter_version = tried.section_filter, -1
            async with meter.measuring(tried.evaluated):
                await run_preflight(evaluation, [])
            students = evaluation.state.tally.students
            await transaction.rollback()
        assert alone == beside
        assert sum(alone["coverage"].values()) == students


async def measure(server: Server) -> bool:
    """Print what each costs and the ratios; return whether the last is small enough."""
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(server.database())
        district, _ = await rostered(stack, url, STUDENTS)
        database = Database(url, name="rostering", size=4)
        stack.push_async_callback(database.close)
        bench = Bench(
            district.district_id, database, district.evaluations, district.trials, district.connection
        )
        return await compare(bench, STUDENTS, ROUNDS) <= ALLOWED


async def compare(bench: Bench, students: int, rounds: int) -> float:
    """Print what each costs; return the ratio of processor time of the filter that turns all."""
    both = (Tried("turns none", HOMEROOM), Tried("turns all", ENGLISH))
    for _ in range(rounds):
        for tried in both:
            await bench.connection.execute("VACUUM (ANALYZE)")
            await bench.turn(tried)
    for tried in both:
        name = f"filter that {tried.name} of {students:,} students, tried"
        compared(name, tried.alone, "evaluated, and undone", tried.evaluated)
        compared(f"{name} beside an evaluation", tried.beside, "alone", tried.alone)
    return ratio(both[1].alone, both[1].evaluated)[1]
