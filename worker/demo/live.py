"""One district under a running worker: events go in, decisions and messages come out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import orjson

from worker.candidate.refresh import Progress
from worker.decisions import Decided
from worker.demo.candidates import Candidate, Coverage, Trial
from worker.demo.consumer import CommitRefused, Consumer, Json
from worker.domain.decision import Outcome
from worker.domain.filter import SectionFilter
from worker.errors import Unavailable
from worker.pages import JsonObject
from worker.process import Running
from worker.publishing import publish_events
from worker.sandbox.changes import Feed
from worker.trial import try_filter

PATIENCE_SECONDS: Final = 30.0
EVENTS_A_SECOND: Final = 500
"""How slow a machine may be before we take it that something is wrong: patience grows with the district."""
LOOK_SECONDS: Final = 0.02
"""How often to look whether a file grew, or the outbox is empty: neither tells anybody."""
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


class LiveDistrict:
    """One district; every wait is bounded, and raises `StoryFailed` when it was too long."""

    def __init__(
        self, running: Running, decisions: asyncio.Queue[Decided], district_id: str, out: Path, size: int
    ) -> None:
        self.id = district_id
        self.consumer = Consumer()
        self._running = running
        self._desk = running.store.desk
        self._decisions = decisions
        self._commits = MessageFile(out / "commit.ndjson")
        self._reviews = MessageFile(out / "review.ndjson")
        self._through: str | None = None
        self._patience = PATIENCE_SECONDS + size / EVENTS_A_SECOND

    async def publish(
        self, feed: Feed, events: Iterable[JsonObject], progress: Callable[[int], None] | None = None
    ) -> int:
        """Publish events and the feed's word that these were all; return how many there were.

        `events` may be made as they are taken, by the same feed.
        """
        async with self._patiently("every event stored"):
            count = await publish_events(self._running.broker, events, progress or _nobody)
            settled = {"type": "feed.settled", "district": self.id, "since": self._through, "count": count}
            self._through = feed.last_id
            await publish_events(self._running.broker, [{**settled, "through": self._through}], _nobody)
        return count

    async def decision(self, expected: Collection[Outcome]) -> Decided:
        """Return what was decided, once nothing of the district waits to be decided any more."""
        async with self._patiently(f"a decision ({_either(expected)})"):
            decided = await self._next_decision()
        if decided.outcome not in expected:
            state = await self._state()
            raise StoryFailed(f"expected {_either(expected)}, came {decided.outcome.value}; {state}")
        return decided

    async def commit(self, decided: Decided) -> Json:
        """Return a commit once the consumer applied all its parts and has the digest that it says."""
        async with self._patiently(f"commit {decided.sequence} in {self._commits.path}"):
            while True:
                for message in self._commits.new():
                    if self._take(message) and message["sequence"] == decided.sequence:
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
        return await self._desk.show(self.id)

    async def try_filters(self, candidates: Sequence[Candidate], progress: Progress) -> list[Trial]:
        """Try filters one after the other; nothing changes."""
        return [await self._try(candidate, progress) for candidate in candidates]

    async def set_filter(self, section_filter: SectionFilter, actor: str) -> int:
        """Put a filter in force; return its version."""
        return await self._desk.set_filter(self.id, section_filter, actor)

    async def _try(self, candidate: Candidate, progress: Progress) -> Trial:
        async with self._patiently(f"the outcome of a trial: {candidate.label}"):
            evaluations = self._running.store.evaluations
            result = await try_filter(evaluations, self.id, candidate.section_filter, progress)
        return Trial(candidate, Coverage(**result["coverage"]))

    async def _next_decision(self) -> Decided:
        """Wait for a decision that leaves nothing waiting; return it, or the last one that said something.

        There are several where a slow machine lets the events arrive with pauses in between.
        """
        heard = [await self._decisions.get()]
        while self._decisions.qsize() or (await self.show())["window"] is not None:
            # A window may also close with nothing to decide, so that no decision follows.
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    heard.append(await self._decisions.get())
        telling = [decided for decided in heard if decided.outcome not in QUIET_OUTCOMES]
        return telling[-1] if telling else heard[-1]

    def _take(self, message: Json) -> bool:
        try:
            applied = self.consumer.take(message)
        except CommitRefused as error:
            raise StoryFailed(f"the consumer refused a commit: {error}") from None
        if applied and self.consumer.digest != message["roster"]["digest"]:
            said, has = message["roster"]["digest"], self.consumer.digest
            raise StoryFailed(f"expected the digest {said} at the consumer, it has {has}")
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
            lines = await self._desk.districts()
        except Unavailable as error:
            return f"the database is away ({error})"
        for line in lines:
            if line.district_id == self.id:
                return (
                    f"the district's status is {line.status}, with {line.tally.errors:,} errors and "
                    f"{line.waiting_events:,} events waiting"
                )
        return "nothing of the district is there"


def _nobody(_count: int) -> None:
    """Hear how far it has come, and tell nobody."""


def _either(outcomes: Collection[Outcome]) -> str:
    return " or ".join(sorted(outcome.value for outcome in outcomes))
