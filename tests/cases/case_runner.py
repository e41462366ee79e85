"""Runs an input that was found to go wrong: published, evaluated and relayed over the real stages."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.topology import ALERT_QUEUE, COMMIT_QUEUE, DEAD_LETTER_QUEUE, REVIEW_QUEUE
from tests.support.fakes.ports import FakeSink
from tests.support.fixtures.ingest import ingesting
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.clever.saved import SavedPageFolder
from worker.adapters.inprocess.broker import InProcessBroker
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.section_filter import SectionFilter
from worker.messaging.event_files import read_events
from worker.messaging.publish_events import publish_events
from worker.operations import resync as reading
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.relay.stage import RelayStage
from worker.runtime.metrics import Metrics

CASES = Path(__file__).parents[3] / "shared" / "cases"
AT_ONCE = WindowLimits(timedelta(0), timedelta(hours=1), 50_000, timedelta(hours=1))
"""A window closes as soon as it is looked at."""

Json = dict[str, Any]
Roster = dict[tuple[str, str], Json]


def case_folder(number: int) -> Path:
    """Return the folder of a case; skips the test where it is absent."""
    found = sorted(CASES.glob(f"{number:02d}-*"))
    if not found:
        pytest.skip(f"shared/cases/{number:02d}-* is not here")
    return found[0]


def changed_copy(source: Path, target: Path, *replacements: tuple[str, str]) -> Path:
    """Write a variant of an input file: each text replaced by another; the first one must occur."""
    text = source.read_text()
    for old, new in replacements:
        assert old in text, old
        text = text.replace(old, new)
    target.write_text(text)
    return target


@dataclass
class CaseRunner:
    """One district's story, told to the real stages; files are paths, or names within `folder`."""

    store: StoreUnderTest
    folder: Path
    commits: FakeSink = field(default_factory=FakeSink)
    reviews: FakeSink = field(default_factory=FakeSink)
    alerts: FakeSink = field(default_factory=FakeSink)
    dead_letters: FakeSink = field(default_factory=FakeSink)

    def __post_init__(self) -> None:
        self.broker = InProcessBroker(
            sinks={
                COMMIT_QUEUE: self.commits,
                REVIEW_QUEUE: self.reviews,
                ALERT_QUEUE: self.alerts,
                DEAD_LETTER_QUEUE: self.dead_letters,
            }
        )

    async def publish(self, *files: str | Path, now: datetime | None = None) -> int:
        """Publish files as `rostering publish` does, until each event is stored or a dead letter."""
        paths = [self.folder / file for file in files]
        async with ingesting(self.broker, self.store.inbox):
            return await publish_events(
                self.broker, read_events(paths, now or datetime.now(UTC)), lambda _: None
            )

    async def resync(self, district_id: str, folder: str | Path, *, accept_fewer: bool = False) -> int:
        """Read saved pages as `rostering resync --from` does; return how many records they have."""
        return (await self.read_pages(district_id, folder, accept_fewer=accept_fewer)).records

    async def read_pages(
        self, district_id: str, folder: str | Path, *, accept_fewer: bool = False, over_newer: bool = False
    ) -> reading.ReadWhole:
        """Read saved pages; return what is said of them."""
        return await reading.from_pages(
            self.store.baselines,
            SavedPageFolder(self.folder / folder),
            district_id,
            lambda _label, _count: None,
            accept_fewer=accept_fewer,
            over_newer=over_newer,
        )

    async def set_filter(self, district_id: str, filter_file: str | Json) -> None:
        """Put a section filter in force, from a file or as it is."""
        wanted = self._json(filter_file)
        section_filter = SectionFilter.model_validate(wanted, strict=False)
        await self.store.districts.set_filter(district_id, section_filter, "test")

    async def set_policy(self, district_id: str, policy_file: str | Json) -> None:
        """Put a policy of the district's own in force, from a file or as it is."""
        await self.store.districts.set_policy(district_id, self._json(policy_file), "test")

    async def evaluate(self) -> None:
        """Evaluate whatever is due, and publish what came of it."""
        stage = EvaluateStage(self.store.evaluations, AT_ONCE, Metrics())
        while await stage.once():
            pass
        relay = RelayStage(self.store.outbox, self.broker, Metrics())
        while await relay.once():
            pass

    async def happen(self, *files: str | Path) -> None:
        """Publish files one after the other, each evaluated before the next."""
        for file in files:
            await self.publish(file)
            await self.evaluate()

    @property
    def commit_bodies(self) -> list[Json]:
        """The parts of commits, in the order in which they were published."""
        return [json.loads(message.body) for message in self.commits.messages]

    @property
    def review_bodies(self) -> list[Json]:
        """The reviews, in the order in which they were published."""
        return [json.loads(message.body) for message in self.reviews.messages]

    @property
    def last_review(self) -> Json:
        """The last review; fails where there is none."""
        assert self.reviews.messages, "no review was published"
        return self.review_bodies[-1]

    def roster(self) -> Roster:
        """Return what a consumer has after applying every commit in order."""
        roster: Roster = {}
        for body in self.commit_bodies:
            for change in body["changes"]:
                key = (change["kind"], change["id"])
                if change["op"] == "upsert":
                    roster[key] = change["record"]
                else:
                    del roster[key]
        return roster

    def students(self) -> Roster:
        """Return the students that a consumer has."""
        return {key: record for key, record in self.roster().items() if key[0] == "student"}

    async def show(self, district_id: str) -> Json:
        """Return what `show --json` says of the store."""
        return await self.store.districts.show(district_id)

    def causes(self) -> dict[str, Json]:
        """Return the last review's causes by their codes."""
        return {cause["code"]: cause for cause in self.last_review["causes"]}

    def _json(self, given: str | Json) -> Json:
        if isinstance(given, str):
            read: Json = json.loads((self.folder / given).read_text())
            return read
        return given
