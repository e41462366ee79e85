from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest
from fakes import ImpatientStop, ScriptedStage
from structlog.testing import capture_logs

from worker.errors import BrokerUnavailable, IngestHalted, StoreUnavailable, Unavailable
from worker.metrics import Metrics
from worker.stages.loop import FIRST_DELAY, LONGEST_DELAY, BackOff, Health, Stop, run

LONG = 10.0
AWAY = StoreUnavailable("the database is away")


async def run_to_its_end(stage: ScriptedStage, stop: Stop, health: Health | None = None) -> None:
    async with asyncio.timeout(LONG):
        await run(stage, stop, health or Health())


# Stopping


async def test_a_loop_that_is_stopped_before_it_starts_does_nothing() -> None:
    stop = Stop()
    stage = ScriptedStage(stop, [True])
    stop.set()

    await run_to_its_end(stage, stop)

    assert (stage.worked, stage.waited) == (0, 0)


async def test_a_loop_may_be_stopped_twice_and_started_again_afterwards_for_nothing() -> None:
    stop = Stop()
    stage = ScriptedStage(stop, [True, stop.set, True])

    stop.set()
    stop.set()
    await run_to_its_end(stage, stop)
    await run_to_its_end(stage, stop)

    assert stage.worked == 0


async def test_a_stop_in_mid_work_lets_the_piece_in_hand_be_finished_and_begins_no_other() -> None:
    stop, finished = Stop(), list[str]()

    def work() -> None:
        stop.set()
        finished.append("in hand")

    await run_to_its_end(ScriptedStage(stop, [work, lambda: finished.append("another")]), stop)

    assert finished == ["in hand"]


async def test_a_stop_ends_a_wait_for_work() -> None:
    class Idle:
        name = "idle"

        async def once(self) -> bool:
            return False

        async def wait(self) -> None:
            stop.set()
            await asyncio.Event().wait()

    stop = Stop()
    async with asyncio.timeout(LONG):
        await run(Idle(), stop, Health())


async def test_a_stop_ends_a_back_off() -> None:
    stop = Stop()
    sleeping = asyncio.create_task(stop.sleep(1000))
    await asyncio.sleep(0)

    stop.set()

    async with asyncio.timeout(LONG):
        await sleeping
        await stop.wait()


async def test_a_loop_that_is_cancelled_leaves_nothing_running() -> None:
    stop, waiting = Stop(), asyncio.Event()

    async def wait_for_ever() -> None:
        waiting.set()
        await asyncio.Event().wait()

    interrupted = asyncio.create_task(stop.interrupt(wait_for_ever()))
    await waiting.wait()
    interrupted.cancel()

    async with asyncio.timeout(LONG):
        with pytest.raises(asyncio.CancelledError):
            await interrupted
    assert asyncio.all_tasks() == {asyncio.current_task()}


# Working


async def test_a_loop_waits_only_where_there_was_no_work() -> None:
    stop = Stop()
    stage = ScriptedStage(stop, [True, True, False, True, False, True])

    await run_to_its_end(stage, stop)

    assert (stage.worked, stage.waited) == (6, 2)


async def test_a_stage_that_works_is_healthy() -> None:
    stop, health = Stop(), Health()
    health.starting(["scripted", "other", "http"])

    await run_to_its_end(ScriptedStage(stop, [True]), stop, health)

    assert health.problems == {"other": "starting"}


# Being away


async def test_a_stage_whose_store_is_away_backs_off_and_tries_until_it_is_back() -> None:
    stop, health = ImpatientStop(), Health()
    stage = ScriptedStage(stop, [AWAY, BrokerUnavailable("away"), AWAY, True])

    await run_to_its_end(stage, stop, health)

    assert (stage.worked, stage.waited) == (4, 0)
    assert len(stop.slept) == 3
    assert all(
        FIRST_DELAY * 2**turn / 2 <= slept <= FIRST_DELAY * 2**turn for turn, slept in enumerate(stop.slept)
    )
    assert health.problems == {}


async def test_while_somebody_is_away_the_cause_is_told() -> None:
    stop, health = ImpatientStop(), Health()
    seen = list[object]()
    stage = ScriptedStage(stop, [AWAY, lambda: seen.append(health.cause("scripted")), True])

    await run_to_its_end(stage, stop, health)

    assert seen == [AWAY]
    assert health.cause("scripted") is None


async def test_being_away_is_logged_when_it_begins_and_when_it_ends_and_not_in_between() -> None:
    stop = ImpatientStop()
    with capture_logs() as logs:
        await run_to_its_end(ScriptedStage(stop, [AWAY, AWAY, AWAY, True, True, AWAY, True]), stop)

    assert [log["event"] for log in logs] == ["stage.waiting", "stage.resumed"] * 2
    assert logs[0] == {
        "event": "stage.waiting",
        "log_level": "warning",
        "stage": "scripted",
        "reason": "the database is away",
    }


async def test_work_begins_the_back_off_anew() -> None:
    stop = ImpatientStop()

    await run_to_its_end(ScriptedStage(stop, [*[AWAY] * 6, True, AWAY, True]), stop)

    assert stop.slept[5] >= FIRST_DELAY * 2**5 / 2
    assert stop.slept[6] <= FIRST_DELAY


async def test_being_away_while_waiting_for_work_is_backed_off_too() -> None:
    stop, health = ImpatientStop(), Health()
    stage = ScriptedStage(stop, [False, True, True])
    stage.wait_trouble = AWAY

    await run_to_its_end(stage, stop, health)

    assert (stage.waited, len(stop.slept)) == (1, 1)


def test_delays_double_with_jitter_up_to_the_longest() -> None:
    longest, shortest = BackOff(lambda: 1.0), BackOff(lambda: 0.0)

    delays = [longest.next() for _ in range(9)]

    assert delays == pytest.approx([0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 15, 15])
    assert [shortest.next() for _ in range(9)] == pytest.approx([delay / 2 for delay in delays])
    assert max(delays) == LONGEST_DELAY
    longest.reset()
    assert longest.next() == FIRST_DELAY


# What is no absence


async def test_a_stage_that_halts_stays_up_to_say_so_and_works_no_more() -> None:
    stop, health = Stop(), Health()
    stage = ScriptedStage(stop, [IngestHalted("too many"), True])

    with capture_logs() as logs:
        running = asyncio.create_task(run(stage, stop, health))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not running.done()
        stop.set()
        async with asyncio.timeout(LONG):
            await running

    assert (stage.worked, health.problems) == (1, {"scripted": "too many"})
    assert [log["event"] for log in logs] == ["stage.halted"]


@pytest.mark.parametrize("where", ["work", "wait"])
async def test_an_error_that_is_no_absence_ends_the_loop_and_is_not_swallowed(where: str) -> None:
    stop = ImpatientStop()
    stage = ScriptedStage(stop, [ZeroDivisionError() if where == "work" else False, True, True])
    stage.wait_trouble = ZeroDivisionError()

    with pytest.raises(ZeroDivisionError):
        await run_to_its_end(stage, stop)

    assert (stage.worked, stop.slept) == (1, [])


def test_everything_that_is_waited_out_is_an_absence() -> None:
    assert issubclass(StoreUnavailable, Unavailable)
    assert issubclass(BrokerUnavailable, Unavailable)
    assert not issubclass(IngestHalted, Unavailable)


# What is measured


async def test_the_metrics_tell_of_each_stage_whether_it_is_up_and_when_it_last_worked() -> None:
    metrics = Metrics()
    stop, health = ImpatientStop(), Health(metrics)
    health.starting(["scripted", "other", "http"])
    seen = list[float | None]()

    def up(stage: str = "scripted") -> float | None:
        return metrics.registry.get_sample_value("rostering_stage_up", {"stage": stage})

    script: list[bool | Exception | Callable[[], None]] = [
        lambda: seen.append(up()),
        AWAY,
        lambda: seen.append(up()),
        True,
    ]
    before = time.time()
    await run_to_its_end(ScriptedStage(stop, script), stop, health)

    assert seen == [0, 0]
    assert (up(), up("other"), up("http")) == (1, 0, None)
    last = "rostering_stage_last_worked_timestamp_seconds"
    assert (metrics.registry.get_sample_value(last, {"stage": "scripted"}) or 0) >= before
    assert metrics.registry.get_sample_value(last, {"stage": "other"}) is None
