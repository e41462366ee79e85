"""What a new section filter costs in a rostered district, beside single statements of the same result.

One filter takes their class from about one student in a hundred, the other gives each student another class.
Each is evaluated (to a review, without a search for better filters), tried as `filter try` does, counted by
one statement, and written by one that is undone, in turns.
"""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks import whole_statements
from benchmarks.arrivals import STUDENTS, store_arrival
from benchmarks.costs import Cost, Meter, compared, ratio
from benchmarks.evaluate import HOMEROOM, LIMITS
from benchmarks.servers import Server
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.operations.districts import PostgresDistricts
from worker.adapters.postgres.operations.filter_trials import PostgresTrials
from worker.adapters.postgres.wakeups import Wakeups
from worker.domain.preflight.policy import Policy
from worker.domain.roster.section_filter import SectionFilter
from worker.operations.trial.service import try_filter
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.runtime.metrics import Metrics
from worker.sandbox.daily_changes import homerooms
from worker.sandbox.district import SandboxDistrict

ROUNDS = 5
ONE_IN = 100
ALLOWED = 8.0
"""Of processor time, for the filter that turns all, evaluated beside the statement that writes."""
PLANNED = "SELECT count(*) FROM roster WHERE plan_of = $1 AND kind = 'student'"
ENGLISH = SectionFilter.model_validate(
    {"rules": [{"all": [{"field": "subject", "op": "is", "value": "english/language arts"}]}]}, strict=False
)


@dataclass
class Turned:
    """One filter, and what every round found of it."""

    name: str
    section_filter: SectionFilter
    students: int = 0
    changes: list[Cost] = field(default_factory=list)
    trials: list[Cost] = field(default_factory=list)
    counts: list[Cost] = field(default_factory=list)
    writes: list[Cost] = field(default_factory=list)


@dataclass
class Rostered:
    """A district that is committed with the filter that counts homerooms."""

    district_id: str
    evaluations: PostgresEvaluations
    trials: PostgresTrials
    districts: PostgresDistricts
    stage: EvaluateStage
    connection: whole_statements.Connection

    async def set_filter(self, section_filter: SectionFilter) -> None:
        """Set a filter, and evaluate the district by it."""
        await self.districts.set_filter(self.district_id, section_filter, "bench")
        assert await self.stage.once()

    async def keep(self, turned: Turned) -> None:
        """Write down which sections a filter keeps, for the statements."""
        await self.set_filter(turned.section_filter)
        await self.connection.execute(f"CREATE TABLE {turned.name} AS SELECT * FROM kept_sections")
        await self.set_filter(HOMEROOM)

    async def turn(self, turned: Turned) -> None:
        """Measure one round of a filter, and set the first one again."""
        await self.connection.execute("VACUUM (ANALYZE)")
        await self.connection.execute(f"CREATE TEMP VIEW floor_kept AS SELECT * FROM {turned.name}")
        meter = Meter(self.connection)
        async with meter.measuring(turned.counts):
            counted = await self.connection.fetchrow(whole_statements.COUNT, self.district_id)
        transaction = self.connection.transaction()
        await transaction.start()
        async with meter.measuring(turned.writes):
            turned.students = await self.connection.fetchval(whole_statements.CHANGE, self.district_id)
        await transaction.rollback()
        await self.connection.execute("DROP VIEW floor_kept")
        async with meter.measuring(turned.trials):
            tried = await try_filter(self.trials, self.district_id, turned.section_filter)
        async with meter.measuring(turned.changes):
            await self.set_filter(turned.section_filter)
        assert counted is not None
        assert counted["one"] == tried["coverage"]["exactly_one"], (counted, tried)
        assert turned.students == await self.connection.fetchval(PLANNED, self.district_id)
        await self.set_filter(HOMEROOM)


async def measure(server: Server) -> bool:
    """Print what each costs and the ratios; return whether the last is small enough."""
    return await compare(server, STUDENTS, ROUNDS) <= ALLOWED


async def compare(server: Server, students: int, rounds: int) -> float:
    """Print what each costs; return the ratio of processor time of the filter that turns all."""
    async with AsyncExitStack() as stack:
        district, few = await rostered(stack, await stack.enter_async_context(server.database()), students)
        both = (Turned("of_few", few), Turned("of_all", ENGLISH))
        for turned in both:
            await district.keep(turned)
        for _ in range(rounds):
            for turned in both:
                await district.turn(turned)
    for turned in both:
        name = f"filter that turns {turned.students:,} of {students:,} students"
        compared(name, turned.changes, "one statement that writes", turned.writes)
        compared(f"{name}, tried", turned.trials, "one statement that counts", turned.counts)
    return ratio(both[1].changes, both[1].writes)[1]


async def rostered(stack: AsyncExitStack, url: str, students: int) -> tuple[Rostered, SectionFilter]:
    """Let a district arrive and be committed; return it, and the filter that turns few."""
    database = Database(url, name="rostering", size=4)
    stack.push_async_callback(database.close)
    notices = Wakeups(database)
    stack.push_async_callback(notices.close)
    connection = await whole_statements.connect(url)
    stack.push_async_callback(connection.close)
    district, _ = await store_arrival(database, students)
    evaluations = PostgresEvaluations(database, notices, Policy())
    stage = EvaluateStage(evaluations, LIMITS, Metrics(), suggest_seconds=0)
    while await stage.once():
        pass
    made = Rostered(
        district.id,
        evaluations,
        PostgresTrials(database, Policy()),
        PostgresDistricts(database),
        stage,
        connection,
    )
    return made, _without_some(district, students // ONE_IN)


def _without_some(district: SandboxDistrict, students: int) -> SectionFilter:
    """Return the filter of homerooms without as many of them as have so many students."""
    left_out: list[dict[str, str]] = []
    for section in sorted(homerooms(district)):
        if students > 0:
            record = district.sections[section]
            students -= len(record["students"])
            left_out.append({"field": "sis_id", "op": "is_not", "value": record["sis_id"]})
    homeroom = {"field": "name", "op": "contains", "value": "homeroom"}
    return SectionFilter.model_validate({"rules": [{"all": [homeroom, *left_out]}]}, strict=False)
