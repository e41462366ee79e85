from __future__ import annotations

from collections.abc import Mapping

import pytest

from worker.alerts.report_stages import ReportStage
from worker.runtime.errors import StageFailed, StoreUnavailable
from worker.runtime.loop import Health, Stop


class Failures:
    """Keeps what was reported, in order."""

    def __init__(self) -> None:
        self.reported: list[tuple[str, dict[str, str]]] = []

    async def report(self, process: str, failing: Mapping[str, tuple[float, str]]) -> None:
        self.reported.append((process, {stage: problem for stage, (_, problem) in failing.items()}))


async def test_a_failure_is_reported_while_it_lasts_and_once_that_it_is_over() -> None:
    failures, health = Failures(), Health()
    stage = ReportStage(failures, health, "one", Stop().sleep)

    await stage.once()
    health.trouble("poll", StoreUnavailable("away"))
    await stage.once()
    health.trouble("relay", StageFailed("ValueError relay.py:9"))
    await stage.once()
    await stage.once()
    health.ok("relay")
    await stage.once()
    await stage.once()

    failing = {"relay": "ValueError relay.py:9"}
    assert failures.reported == [("one", failing), ("one", failing), ("one", {})]


@pytest.mark.parametrize(("problem", "asks"), [("UndefinedTableError 42P01 inbox", 1), ("ValueError", 0)])
async def test_a_missing_thing_has_the_schemas_version_asked_for(problem: str, asks: int) -> None:
    asked = list[int]()

    async def check() -> None:
        asked.append(1)

    health = Health()
    health.trouble("relay", StageFailed(problem))

    await ReportStage(Failures(), health, "one", Stop().sleep, check).once()

    assert len(asked) == asks


async def test_one_failure_for_something_missing_asks_for_the_version() -> None:
    asked = list[int]()

    async def check() -> None:
        asked.append(1)

    health = Health()
    health.trouble("poll", StageFailed("ValueError"))
    health.trouble("relay", StageFailed("UndefinedTableError 42P01 inbox"))

    assert await ReportStage(Failures(), health, "one", Stop().sleep, check).once() is False

    assert len(asked) == 1


async def test_without_a_schema_to_ask_for_a_failure_is_reported_all_the_same() -> None:
    failures, health = Failures(), Health()
    health.trouble("relay", StageFailed("UndefinedTableError 42P01 inbox"))

    await ReportStage(failures, health, "one", Stop().sleep).once()

    assert len(failures.reported) == 1
