"""What every chapter of the story has: who tells it, the district in Clever, and the worker's answers."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from worker.decisions import Decided
from worker.demo import telling
from worker.demo.consumer import Json
from worker.demo.live import LiveDistrict, StoryFailed
from worker.demo.telling import Teller
from worker.domain.decision import Outcome
from worker.domain.filter import KEEP_ALL, SectionFilter
from worker.sandbox.district import District
from worker.sandbox.world import WorldDistrict


@dataclass(slots=True)
class Scene:
    """One district's story; `invented` says that we made the district, so that we know how it turns out."""

    teller: Teller
    live: LiveDistrict
    clever: WorldDistrict
    address: str
    """Of the Clever that the district is in."""
    actor: str
    invented: bool
    section_filter: SectionFilter = KEEP_ALL

    @property
    def district(self) -> District:
        """The district as it is in Clever now."""
        return self.clever.district

    async def decision(self, expected: Collection[Outcome]) -> Decided:
        """Wait for what the worker decides; raises `StoryFailed` where that is something else."""
        with self.teller.waiting("waiting for the decision"):
            return await self.live.decision(expected)

    async def commit(self, decided: Decided) -> None:
        """Show a commit, and that a consumer of it has the roster that it says."""
        with self.teller.waiting("waiting for the commit"):
            commit = await self.live.commit(decided)
        self.teller.table(telling.commit_table(commit))
        self.teller.say("The digest of the roster, as the commit says it and as a consumer has it:")
        self.teller.line(f"commit    {commit['roster']['digest']}", "green")
        self.teller.line(f"consumer  {self.live.consumer.digest}", "green")

    async def review(self, decided: Decided) -> Json:
        """Wait for a review."""
        with self.teller.waiting("waiting for the review"):
            return await self.live.review(decided)


def expect(what: str, expected: object, came: object) -> None:
    """Raise `StoryFailed` where something is not as the story says."""
    if expected != came:
        raise StoryFailed(f"{what}: expected {expected}, came {came}")
