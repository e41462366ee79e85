"""One district of the sandbox, under a running worker: changes go in, decisions and messages come out."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import orjson

from worker.bootstrap.process import RunningWorker
from worker.cli.demo.consumer import CommitRefused, Json, RosterConsumer
from worker.cli.demo.coverage import DemoCoverage, Trial
from worker.domain.preflight.decision import Outcome
from worker.domain.roster.section_filter import SectionFilter
from worker.messaging.event_files import JsonObject
from worker.operations.rollback import RolledBack, roll_back
from worker.operations.trial.service import try_filter
from worker.pipeline.evaluate.record_decision import Decided
from worker.pipeline.poll.clever import COLLECTIONS
from worker.runtime.count_text import counted
from worker.runtime.errors import Unavailable, UnknownDistrictError
from worker.runtime.metrics import Metrics
from worker.sandbox.live_districts import WorldDistrict

PATIENCE_SECONDS: Final = 30.0
RECORDS_A_SECOND: Final = 500
"""How slow a machine may be before we take it that something is wrong: patience grows with the district."""
LOOK_SECONDS: Final = 0.02
"""How often to look at what tells nobody of a change: files, the outbox, metrics."""
QUIET_OUTCOMES: Final = frozenset({Outcome.UNCHANGED, Outcome.DEFERRED})
"""Outcomes that publish nothing."""


class StoryFailed(Exception):
    """The story did not turn out as told; the text says what was expected and what came."""


class MessageFile:
    """The messages that the in-process broker appends to a file, one a line."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._read_to = 0

    def new(self) -> list[Json]:
        """Return the messages that came since the last call; a line without an end has not come yet."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            file.seek(self._read_to)
            whole, end, _ = file.read().rpartition(b"\n")
        self._read_to += len(whole) + len(end)
        return [orjson.loads(line) for line in whole.splitlines()]


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a baseline has read, by collection, and how long after the district was found."""

    records: dict[str, int]
    seconds: float


class LiveDistrict:
    """One district; every wait is bounded, and raises `StoryFailed` when it was too long."""

    def __init__(
        self,
        running: RunningWorker,
        metrics: Metrics,
        decisions: asyncio.Queue[Decided],
        clever: WorldDistrict,
        out: Path,
    ) -> None:
        self.id = clever.id
        self.consumer = RosterConsumer()
        self._running = running
        self._metrics = metrics
        self._districts = running.store.districts
        self._decisions = decisions
        self._clever = clever
        self._commits = MessageFile(out / "commit.ndjson")
        self._reviews = MessageFile(out / "review.ndjson")
        self._told = 0
        self._decided = 0
        size = sum(len(records) for records in clever.district.collections.values())
        self._patience = PATIENCE_SECONDS + size / RECORDS_A_SECOND

    async def found(self) -> None:
        """Return once the worker has found the district in Clever's list of tokens."""
        async with self._patiently("the worker to find the district"):
            while await self._connected_at() is None:  # noqa: ASYNC110 — nobody tells of it
                await asyncio.sleep(LOOK_SECONDS)

    async def baseline(self, progress: Callable[[int], None]) -> Baseline:
        """Return the district's first baseline once it is read to its end."""
        told = 0
        async with self._patiently("a baseline read to its end"):
            while True:
                is_over = self._metric("rostering_baselines_total", outcome="read") > 0
                rows = {
                    name: self._metric("rostering_baseline_rows_total", collection=name)
                    for name in COLLECTIONS
                }
                progress(sum(rows.values()) - told)
                told = sum(rows.values())
                if is_over:
                    break
                await asyncio.sleep(LOOK_SECONDS)
            found = await self._connected_at() or datetime.now(UTC)
        return Baseline(rows, (datetime.now(UTC) - found).total_seconds())

    def change(self, events: Iterable[JsonObject]) -> Counter[str]:
        """Let something happen in Clever, all of it before the feed is read again; count it by type."""
        types = Counter[str]()
        for event in events:
            self._clever.publish(event)
            types[event["type"]] += 1
        self._told += types.total()
        return types

    async def decision(self, expected: Collection[Outcome]) -> Decided:
        """Return what was decided, once nothing that happened in Clever waits to be decided any more."""
        async with self._patiently(f"a decision ({_either(expected)})"):
            decided = await self._next_decision()
        if decided.outcome not in expected:
            state = await self._state()
            raise StoryFailed(f"expected {_either(expected)}, got {decided.outcome.value}; {state}")
        return decided

    async def commit(self, sequence: int | None) -> Json:
        """Return a commit once the consumer applied all its parts and has the digest that it says."""
        async with self._patiently(f"commit {sequence} in {self._commits.path}"):
            while True:
                for message in self._commits.new():
                    if self._take(message) and message["sequence"] == sequence:
                        return message
                await asyncio.sleep(LOOK_SECONDS)

    async def review(self, decided: Decided) -> Json:
        """Return a review once it is published."""
        async with self._patiently(f"review {decided.sequence} in {self._reviews.path}"):
            while True:
                for message in self._reviews.new():
                    if message["sequence"] == decided.sequence:
                        return message
                await asyncio.sleep(LOOK_SECONDS)

    async def everything_published(self) -> None:
        """Return once no message waits to be published."""
        async with self._patiently("every message published"):
            while (await self.show())["unpublished"]:  # noqa: ASYNC110 — the outbox tells nobody
                await asyncio.sleep(LOOK_SECONDS)

    async def show(self) -> dict[str, Any]:
        """Return the district as `rostering show --json` gives it."""
        return await self._districts.show(self.id)

    async def try_filter(self, label: str, section_filter: SectionFilter) -> Trial:
        """Try a filter on a district without a commit, as `rostering filter try` does; nothing changes."""
        async with self._patiently(f"the result of a preview: {label}"):
            result = await try_filter(self._running.store.trials, self.id, section_filter)
        return Trial(label, DemoCoverage(**result["coverage"]), result["plan"]["counts"]["class"]["upserted"])

    async def set_filter(self, section_filter: SectionFilter, actor: str, reason: str) -> int:
        """Put a filter in force, as `rostering filter set` does; return its version."""
        return await self._districts.set_filter(self.id, section_filter, actor, reason)

    async def approve(self, plan: str, actor: str, reason: str) -> None:
        """Approve the plan with this digest, as `rostering approve` does."""
        await self._districts.approve(self.id, plan, actor, reason)

    async def roll_back(self, sequence: int, actor: str, reason: str) -> RolledBack:
        """Restore the roster after an earlier commit, as `rostering rollback` does."""
        return await roll_back(self._running.store.rollbacks, self.id, sequence, actor, reason)

    async def resume(self, actor: str, reason: str) -> None:
        """End the district's hold, as `rostering resume` does."""
        await self._districts.resume(self.id, actor, reason)

    async def _next_decision(self) -> Decided:
        """Wait until all that happened is decided on; return the last decision that said something.

        There are several where a slow machine lets the events arrive with pauses in between.
        """
        heard = [await self._hear()]
        while self._decisions.qsize() or await self._is_something_waiting():
            # A window may also close with nothing to decide, so that no decision follows.
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    heard.append(await self._hear())
        telling = [decided for decided in heard if decided.outcome not in QUIET_OUTCOMES]
        return telling[-1] if telling else heard[-1]

    async def _hear(self) -> Decided:
        decided = await self._decisions.get()
        self._decided += decided.batch.events
        return decided

    async def _is_something_waiting(self) -> bool:
        return self._decided < self._told or (await self.show())["window"] is not None

    async def _connected_at(self) -> datetime | None:
        try:
            source = (await self.show())["source"]
        except UnknownDistrictError:
            return None
        return datetime.fromisoformat(source["connected_at"]) if source else None

    def _metric(self, name: str, **labels: str) -> int:
        return int(self._metrics.registry.get_sample_value(name, labels) or 0)

    def _take(self, message: Json) -> bool:
        try:
            applied = self.consumer.take(message)
        except CommitRefused as error:
            raise StoryFailed(f"the consumer refused a commit: {error}") from None
        if applied and self.consumer.digest != message["roster"]["digest"]:
            said, has = message["roster"]["digest"], self.consumer.digest
            raise StoryFailed(f"expected the consumer's digest to be {said}, got {has}")
        return applied

    @asynccontextmanager
    async def _patiently(self, expected: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(self._patience):
                yield
        except TimeoutError:
            state = await self._state()
            raise StoryFailed(f"expected {expected} within {self._patience:.0f} seconds; {state}") from None

    async def _state(self) -> str:
        try:
            details = await self._districts.show(self.id)
        except Unavailable as error:
            return f"the database is unavailable ({error})"
        except UnknownDistrictError:
            return "no data of the district yet"
        events = details["window"]["events"] if details["window"] else 0
        return (
            f"the district's status is {details['status']}, with "
            f"{counted(details['findings']['errors'], 'error')} and {counted(events, 'waiting event')}"
        )


def _either(outcomes: Collection[Outcome]) -> str:
    return " or ".join(sorted(outcome.value for outcome in outcomes))
