"""What every chapter of the story has: who tells it, the district in Clever, and the worker's answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from worker.cli.demo import terminal_story
from worker.cli.demo.consumer import Json
from worker.cli.demo.live import LiveDistrict, StoryFailed
from worker.cli.demo.terminal_story import TerminalStory
from worker.domain.preflight.decision import Outcome
from worker.pipeline.evaluate.record_decision import Decided
from worker.sandbox.district import SandboxDistrict
from worker.sandbox.live_districts import WorldDistrict

EXPLAINED: Final = 3
"""Causes of a review of which the advice is told too: the ones that block most students."""


@dataclass(slots=True)
class Scene:
    """One district's story; `invented` says that we made the district, so that we know how it turns out."""

    teller: TerminalStory
    live: LiveDistrict
    clever: WorldDistrict
    address: str
    """Of the Clever that the district is in."""
    actor: str
    invented: bool

    @property
    def district(self) -> SandboxDistrict:
        """The district as it is in Clever now."""
        return self.clever.district

    async def decision(self, expected: Collection[Outcome]) -> Decided:
        """Wait for what the worker decides; raises `StoryFailed` where that is something else."""
        with self.teller.waiting("waiting for the decision"):
            return await self.live.decision(expected)

    async def commit(self, sequence: int | None) -> Json:
        """Show a commit, and that a consumer of it has the roster that it says; return it."""
        with self.teller.waiting("waiting for the commit"):
            commit = await self.live.commit(sequence)
        self.teller.table(terminal_story.commit_table(commit))
        self.teller.say("The digest of the roster, as the commit says it and as a consumer has it:")
        self.teller.line(f"commit    {commit['roster']['digest']}", "green")
        self.teller.line(f"consumer  {self.live.consumer.digest}", "green")
        return commit

    async def review(self, decided: Decided) -> Json:
        """Wait for a review."""
        with self.teller.waiting("waiting for the review"):
            return await self.live.review(decided)

    def causes(self, review: Json) -> None:
        """Show the causes of a review, and what to do about the first of them."""
        self.teller.table(terminal_story.causes_table(review))
        for cause in review["causes"][:EXPLAINED]:
            self.teller.quote(cause["advice"])

    async def status_is(self, expected: str) -> None:
        """Raise `StoryFailed` where the district has another status."""
        expect("status of the district", expected, (await self.live.show())["status"])


def expect(what: str, expected: object, came: object) -> None:
    """Raise `StoryFailed` where something is not as the story says."""
    if expected != came:
        raise StoryFailed(f"{what}: expected {expected}, got {came}")
