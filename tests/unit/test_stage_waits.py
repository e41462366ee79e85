"""Between two looks each stage waits: one that did not would ask the database without an end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest

from worker.alerts.deliver import DeliverStage
from worker.alerts.inspect import InspectStage
from worker.alerts.report_stages import ReportStage
from worker.mail.bounces import BounceStage
from worker.mail.send import MailStage
from worker.onboarding.advance import AdvanceStage
from worker.operations.clock import ClockStage
from worker.operations.housekeeping import HousekeepingStage
from worker.pipeline.evaluate.stage import EvaluateStage
from worker.pipeline.poll.stage import ListStage, PollStage
from worker.pipeline.relay.stage import RelayStage
from worker.runtime.loop import Stage
from worker.runtime.metrics import Metrics

NOBODY = cast("Any", None)
DAY = timedelta(days=1)


class Waits:
    """Whatever a stage waits at: keeps for how long, and does not return."""

    name = "line-1"

    def __init__(self) -> None:
        self.asked: asyncio.Queue[float] = asyncio.Queue()

    async def sleep(self, seconds: float) -> None:
        self.asked.put_nowait(seconds)
        await asyncio.Event().wait()

    async def wait(self, *arguments: Any) -> None:
        await self.sleep(arguments[-1])


STAGES: dict[str, Callable[[Any], Stage]] = {
    "advance": lambda at: AdvanceStage(NOBODY, 1.0, at.sleep, Metrics()),
    "clock": lambda at: ClockStage(NOBODY, at.sleep),
    "deliver": lambda at: DeliverStage(at, at, Metrics(), DAY, DAY),
    "evaluate": lambda at: EvaluateStage(at, NOBODY, Metrics()),
    "housekeeping": lambda at: HousekeepingStage([], at.sleep),
    "inspect": lambda at: InspectStage(NOBODY, NOBODY, DAY, at.sleep),
    "mail": lambda at: MailStage(NOBODY, at, Metrics(), NOBODY, DAY, DAY),
    "relay": lambda at: RelayStage(at, NOBODY, Metrics()),
    "report": lambda at: ReportStage(NOBODY, NOBODY, "a", at.sleep),
}
BY_THEMSELVES: dict[str, Callable[[], Stage]] = {
    "bounces": lambda: BounceStage(NOBODY, NOBODY, Metrics()),
    "list": lambda: ListStage(NOBODY),
    "poll": lambda: PollStage(NOBODY),
}
MOMENT = 0.05


@pytest.mark.parametrize("name", STAGES)
async def test_a_stage_waits_for_a_while_between_two_looks(name: str) -> None:
    waits = Waits()

    waiting = asyncio.create_task(STAGES[name](waits).wait())
    async with asyncio.timeout(40):
        seconds = await waits.asked.get()

    assert not waiting.done()
    waiting.cancel()
    assert (seconds >= MOMENT, waits.asked.empty()) == (True, True)


@pytest.mark.parametrize("name", BY_THEMSELVES)
async def test_a_stage_that_nobody_wakes_waits_too(name: str) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(MOMENT):
            await BY_THEMSELVES[name]().wait()
