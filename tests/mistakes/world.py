"""A store in which districts are committed and changed; its clock is set to the day of a district."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from itertools import count
from typing import Final

import asyncpg
import orjson

from schemas import clever
from schemas.messages.review import REVIEW_SCHEMA
from tests.mistakes.bases import Base
from tests.mistakes.district import District, Json
from tests.support.builders.records import event_id
from tests.support.districts.kept_rows import Rows, clear
from tests.support.fixtures.store import StoreUnderTest, opened_store
from tests.support.fixtures.time_machine import TimeMachine
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.records import KINDS
from worker.domain.roster.section_filter import SectionFilter
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.ingest import translate
from worker.pipeline.ingest.inbox import Arrival
from worker.runtime.metrics import Metrics

HOUR: Final = timedelta(hours=1)
AT_ONCE: Final = WindowLimits(timedelta(0), HOUR, 50_000, HOUR)
"""A window closes as soon as it is looked at."""
SCHOOL_TIME: Final = time(15, tzinfo=UTC)


@dataclass(frozen=True)
class Judged:
    """What became of a district: the outcome of its last evaluation, and the review if one was published."""

    outcome: str
    review: Json


class World:
    """The store, with one district at a time that anything is due for."""

    def __init__(self, store: StoreUnderTest, clock: TimeMachine) -> None:
        self._store, self._clock = store, clock
        self._outcomes = list[str]()
        self._bases = dict[Base, tuple[Rows, str, District]]()
        self._stage = EvaluateStage(store.evaluations, AT_ONCE, Metrics())
        self._stage.watch = lambda _district, _evaluation, decided: self._outcomes.append(
            decided.outcome.value
        )

    async def committed(self, number: int, base: Base) -> Told:
        """Return a district that was committed as a base is: by events once, by copied rows afterwards."""
        district_id = f"d15{number:021x}"  # which no record has: copied rows are given another one
        told = Told(self, district_id)
        if base in self._bases:
            rows, name, known = self._bases[base]
            async with self._store.database.transaction() as connection:
                await rows.named(name, district_id).put(connection)
            told.knows(known)
            return told
        known = base()
        judged = await told.becomes(known)
        assert judged.outcome == "commit", judged.review
        async with self._store.database.connection() as connection:
            self._bases[base] = await Rows.of(connection), district_id, known.copy()
        return told

    def new(self, number: int) -> Told:
        """Return a district of which nothing was told."""
        return Told(self, f"d15{number:021x}")

    async def evaluate(self, district_id: str) -> Judged:
        """Evaluate all that is due; return the outcome and the review, unchanged where nothing was due."""
        self._outcomes.clear()
        while await self._stage.once():
            pass
        assert not await self._store.rows("SELECT error FROM evaluation_failures")
        outcome = self._outcomes[-1] if self._outcomes else "unchanged"
        if outcome != "review":
            return Judged(outcome, {})
        (row,) = await self._store.rows(
            "SELECT envelope FROM outbox WHERE district_id = $1 AND schema = $2 "
            "ORDER BY position DESC LIMIT 1",
            district_id,
            REVIEW_SCHEMA,
        )
        return Judged(outcome, orjson.loads(row["envelope"]))

    async def turn_to(self, district: District) -> None:
        """Set the clock to the day of a district."""
        moment = datetime.combine(district.day, SCHOOL_TIME)
        await self._clock.put_back(self._clock.now() - moment)

    async def set_filter(self, district_id: str, section_filter: Json) -> None:
        made = SectionFilter.model_validate(section_filter, strict=False)
        await self._store.districts.set_filter(district_id, made, "test")

    async def set_policy(self, district_id: str, policy: Json) -> None:
        await self._store.districts.set_policy(district_id, policy, "test")

    async def store_events(self, arrivals: list[Arrival]) -> None:
        await self._store.inbox.store(arrivals, [], [])

    async def classes(self, district_id: str) -> dict[str, str | None]:
        """Return the class of each student in scope if all were committed, None where it is not one."""
        rows = await self._store.rows(
            "SELECT record_id, candidate::jsonb ->> 'class_id' AS class_id FROM roster "
            "WHERE district_id = $1 AND kind = 'student' AND candidate IS NOT NULL",
            district_id,
        )
        return {row["record_id"]: row["class_id"] for row in rows}

    async def forget(self) -> None:
        """Have no district there any more, so that the next one is alone."""
        async with self._store.database.transaction() as connection:
            await clear(connection)


class Told:
    """One district, as far as the store was told of it."""

    def __init__(self, world: World, district_id: str) -> None:
        self._world, self._id = world, district_id
        self._known = District()
        self._numbers = count(1)

    def knows(self, district: District) -> None:
        """Say that a district stands there as the first events would make it."""
        self._known = district.copy()
        self._numbers = count(len(district.records) + 1)

    async def becomes(self, district: District) -> Judged:
        """Have a district become so, by events and orders, on its day, and judge it."""
        await self._world.turn_to(district)
        if district.filter != self._known.filter:
            await self._world.set_filter(self._id, district.filter)
        if district.policy != self._known.policy:
            await self._world.set_policy(self._id, district.policy)
        await self._world.store_events(self._events(district))
        self._known = district.copy()
        return await self._world.evaluate(self._id)

    async def classes(self) -> dict[str, str | None]:
        """Return the class of each student, as of the last evaluation."""
        return await self._world.classes(self._id)

    async def close(self) -> None:
        await self._world.forget()

    def _events(self, district: District) -> list[Arrival]:
        known, records = self._known.records, district.records
        changed = [key for key, record in records.items() if known.get(key) != record]
        gone = [key for key in known if key not in records]
        return [
            self._event(collection, record_id, records.get((collection, record_id)))
            for collection, record_id in [*changed, *gone]
        ]

    def _event(self, collection: str, record_id: str, record: Json | None) -> Arrival:
        kind = KINDS[collection]
        assert kind is not None
        text = None
        if record is not None:
            text = translate.staged_json(
                clever.read_record(collection, {**record, "district": self._id}, self._id)
            )
        return Arrival(self._id, event_id(next(self._numbers)), kind, record_id, text)


@asynccontextmanager
async def opened_world(database_url: str) -> AsyncIterator[World]:
    """Open the store on a database whose clock can be set."""
    connection = await asyncpg.connect(database_url)
    try:
        async with opened_store(database_url) as store:
            yield World(store, TimeMachine(database_url, connection))
    finally:
        await connection.close()
