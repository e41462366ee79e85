from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
from structlog.testing import capture_logs

from tests.support.fakes.ports import ImpatientStop, ScriptedStage
from worker.runtime import heartbeat
from worker.runtime.errors import (
    BrokerUnavailable,
    CleverRefused,
    FilterError,
    IngestHalted,
    SchemaVersionError,
    SettingsError,
    StageFailed,
    StoreFailed,
    StoreFault,
    StoreRefused,
    StoreUnavailable,
    TopologyError,
    Unavailable,
)
from worker.runtime.loop import FIRST_DELAY, LONGEST_DELAY, BackOff, Health, Stop, run
from worker.runtime.metrics import Metrics
from worker.runtime.repeated_lines import Repeats

LONG = 40.0
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
        await run_to_its_end(ScriptedStage(stop, [AWAY, AWAY, AWAY, True, True]), stop)

    assert [log["event"] for log in logs] == ["stage.waiting", "stage.resumed"]
    assert logs[0] == {
        "event": "stage.waiting",
        "log_level": "warning",
        "stage": "scripted",
        "reason": "the database is away",
    }


async def test_a_stage_that_is_away_again_and_again_writes_one_line_a_minute_that_counts_the_others() -> None:
    now, stop, health = [0.0], ImpatientStop(), Health()
    health.repeats = Repeats(60, lambda: now[0])

    def a_minute_later() -> None:
        now[0] += 60

    script: list[bool | Exception | Callable[[], None]] = [AWAY, True, AWAY, True, AWAY, a_minute_later, AWAY]
    with capture_logs() as logs:
        await run_to_its_end(ScriptedStage(stop, [*script, True]), stop, health)

    waiting, resumed = "stage.waiting", "stage.resumed"
    assert [log["event"] for log in logs] == [waiting, resumed, waiting, resumed]
    assert logs[2]["repeated"] == 2


async def test_stages_that_wait_for_the_same_write_one_line_a_minute_together() -> None:
    health, stops = Health(), [ImpatientStop() for _ in range(4)]
    scripts: list[list[bool | Exception | Callable[[], None]]] = [
        [AWAY, AWAY, True],
        [AWAY, True],
        [StoreUnavailable("the database is read-only"), True],
        [BrokerUnavailable("the database is away"), True],
    ]
    with capture_logs() as logs:
        for stop, script in zip(stops, scripts, strict=True):
            await run_to_its_end(ScriptedStage(stop, script), stop, health)

    waiting = [log["reason"] for log in logs if log["event"] == "stage.waiting"]
    assert waiting == ["the database is away", "the database is read-only", "the database is away"]


async def test_loops_of_one_stage_share_their_lines_and_each_tells_of_its_own_trouble() -> None:
    health, stops = Health(), [ImpatientStop(), ImpatientStop()]
    seen = list[dict[str, str]]()

    with capture_logs() as logs:
        first, second = (
            ScriptedStage(stop, [AWAY, lambda: seen.append(health.problems), True]) for stop in stops
        )
        await asyncio.gather(
            *(run(stage, stop, health) for stage, stop in zip((first, second), stops, strict=True))
        )

    assert [log["event"] for log in logs] == ["stage.waiting", "stage.resumed"]
    assert seen == [{"scripted": "the database is away"}] * 2
    assert health.problems == {}


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
@pytest.mark.parametrize(
    "error",
    [
        ZeroDivisionError("Tamsin Fernquay"),
        MemoryError(),
        RecursionError(),
        ExceptionGroup("Tamsin Fernquay", [ValueError()]),
        TopologyError("a queue is missing"),
        FilterError("a filter has an unknown key"),
        CleverRefused("Clever said no", 400),
        StoreRefused("PostgreSQL: CheckViolationError"),
        StoreFailed("PostgreSQL: QueryCanceledError (57014, table inbox)"),
    ],
    ids=lambda value: getattr(type(value), "__name__", None),
)
async def test_an_unforeseen_error_is_told_without_text_and_retried(where: str, error: Exception) -> None:
    metrics = Metrics()
    stop, health = ImpatientStop(), Health(metrics)
    seen = list[str]()
    work: bool | Exception = error if where == "work" else False
    stage = ScriptedStage(stop, [work, lambda: seen.append(health.problems["scripted"]), True])
    stage.wait_trouble = error

    with capture_logs() as logs:
        await run_to_its_end(stage, stop, health)

    assert (stage.worked, len(stop.slept)) == (3, 1)
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("stage.failed", "error"),
        ("stage.resumed", "info"),
    ]
    assert logs[0]["error"] == type(error).__name__
    assert "loop.py" in logs[0]["where"]
    assert type(error).__name__ in seen[0]
    assert "Tamsin" not in str(logs) + seen[0]
    assert health.problems == {}
    assert metrics.registry.get_sample_value("rostering_stage_errors_total", {"stage": "scripted"}) == 1


async def test_a_failure_of_the_database_is_told_with_its_code_its_table_and_our_line() -> None:
    stop = ImpatientStop()
    fault = StoreFault("QueryCanceledError", "57014", "inbox", "adapters/postgres/inbox.py:60 _store_events")

    with capture_logs() as logs:
        await run_to_its_end(ScriptedStage(stop, [StoreFailed("PostgreSQL: cancelled", fault), True]), stop)

    shown = {name: logs[0][name] for name in ("sqlstate", "table", "where")}
    assert shown == {"sqlstate": "57014", "table": "inbox", "where": fault.where}


@pytest.mark.parametrize("where", ["work", "wait"])
async def test_a_library_that_cancels_what_a_stage_has_in_hand_ends_no_loop(where: str) -> None:
    class Cancelled:
        name = "cancelled"
        turns = 0

        async def once(self) -> bool:
            self.turns += 1
            if self.turns == 3:
                stop.set()
            if where == "work" and self.turns == 1:
                raise asyncio.CancelledError
            return self.turns > 1

        async def wait(self) -> None:
            raise asyncio.CancelledError

    stop, stage = ImpatientStop(), Cancelled()
    async with asyncio.timeout(LONG):
        await run(stage, stop, Health())

    assert (stage.turns, len(stop.slept)) == (3, 1)


async def test_an_error_of_one_stage_ends_no_other() -> None:
    health, stops = Health(), [ImpatientStop(), ImpatientStop()]
    failing = ScriptedStage(stops[0], [ZeroDivisionError()] * 20 + [True])
    sound = ScriptedStage(stops[1], [True] * 30)

    async with asyncio.timeout(LONG):
        await asyncio.gather(run(failing, stops[0], health), run(sound, stops[1], health))

    assert (failing.worked, sound.worked) == (21, 30)


@pytest.mark.parametrize(
    "error", [SettingsError("a setting is wrong"), SchemaVersionError("another version")]
)
async def test_what_no_repetition_can_mend_ends_the_loop(error: Exception) -> None:
    stop = ImpatientStop()

    with pytest.raises(type(error)):
        await run_to_its_end(ScriptedStage(stop, [error, True]), stop)

    assert stop.slept == []


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


# Standing still


class Standing:
    """A stage whose first piece of work never ends by itself; `cleaning_up` is done when it is cancelled."""

    def __init__(self, stop: Stop, cleaning_up: Callable[[], Awaitable[None]] | None = None) -> None:
        self.name = "standing"
        self.bound = 0.02
        self.turns = 0
        self._stop = stop
        self._cleaning_up = cleaning_up

    async def once(self) -> bool:
        self.turns += 1
        if self.turns == 1:
            try:
                await asyncio.Event().wait()
            finally:
                if self._cleaning_up is not None:
                    await self._cleaning_up()
        self._stop.set()
        return True

    async def wait(self) -> None:
        raise AssertionError("there is always work")


async def test_a_stage_that_stands_still_is_told_given_up_and_begun_again() -> None:
    metrics = Metrics()
    stop, health = ImpatientStop(), Health(metrics)
    stage, seen = Standing(stop), list[dict[str, str]]()

    async def look() -> None:
        seen.append(health.problems)

    stage = Standing(stop, look)
    with capture_logs() as logs:
        async with asyncio.timeout(LONG):
            await run(stage, stop, health)

    assert (stage.turns, len(stop.slept)) == (2, 1)
    assert "no sign of life" in seen[0]["standing"]
    assert [(log["event"], log["error"]) for log in logs[:1]] == [("stage.failed", "StageStalled")]
    assert health.problems == {}
    assert metrics.registry.get_sample_value("rostering_stage_errors_total", {"stage": "standing"}) == 1


async def test_work_that_shows_signs_of_life_is_left_alone_however_long_it_takes() -> None:
    class Busy(Standing):
        async def once(self) -> bool:
            self.turns += 1
            for _ in range(12):
                await asyncio.sleep(0.02)
                heartbeat.sign()
            stop.set()
            return True

    stop, health = ImpatientStop(), Health()
    stage = Busy(stop)
    stage.bound = 0.2
    async with asyncio.timeout(LONG):
        await run(stage, stop, health)

    assert (stage.turns, stop.slept, health.problems) == (1, [], {})


async def test_a_stop_that_cancels_a_loop_is_no_standstill() -> None:
    stop = Stop()
    stage = Standing(stop)
    stage.bound = 1000.0
    running = asyncio.create_task(run(stage, stop, Health()))
    await asyncio.sleep(0)

    running.cancel()

    async with asyncio.timeout(LONG):
        with pytest.raises(asyncio.CancelledError):
            await running


def test_what_fails_is_told_apart_from_what_waits() -> None:
    health = Health()
    health.trouble("ingest", AWAY)
    health.trouble("relay", StageFailed("ZeroDivisionError"), "one loop")
    health.trouble("poll", IngestHalted("too many"))

    failing = health.failing()
    health.ok("relay", "one loop")

    assert {part: why for part, (_, why) in failing.items()} == {
        "relay": "ZeroDivisionError",
        "poll": "too many",
    }
    assert set(health.failing()) == {"poll"}


def test_a_failure_is_told_with_its_first_cause_and_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    health = Health()
    health.trouble("relay", StageFailed("first"), 1)
    now[0] = 130.0
    health.trouble("relay", StageFailed("second"), 2)
    health.trouble("relay", AWAY, 3)
    now[0] = 145.0

    assert health.failing() == {"relay": (45.0, "first")}
    health.ok("relay", 1)
    assert health.failing() == {"relay": (45.0, "second")}
    for number in (2, 3):
        health.ok("relay", number)
    health.trouble("relay", StageFailed("again"), 1)
    assert health.failing() == {"relay": (0.0, "again")}


async def test_a_sleep_lasts_as_long_as_it_should_and_ends_with_a_stop() -> None:
    stop = Stop()
    running = asyncio.get_running_loop()
    begun = running.time()
    await stop.sleep(0.01)
    slept = running.time() - begun
    stop.set()

    async with asyncio.timeout(LONG):
        await stop.sleep(LONG * 2)

    assert slept >= 0.009


async def test_an_interrupted_wait_ends_without_a_word_and_one_that_fails_raises_its_error() -> None:
    stop, never = Stop(), asyncio.Event()

    async def fail() -> None:
        raise AWAY

    await stop.interrupt(asyncio.sleep(0))
    with pytest.raises(StoreUnavailable):
        await stop.interrupt(fail())
    stop.set()
    async with asyncio.timeout(LONG):
        await stop.interrupt(_until(never))


async def _until(event: asyncio.Event) -> None:
    await event.wait()
