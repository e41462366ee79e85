"""The notify stage: each alert is delivered, put off or given up by itself, and what stands is said again."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import NOON
from tests.support.fakes.ports import RecordingTracer
from worker.alerts import deliver
from worker.alerts.deliver import LONGEST_RETRY, REFRESHED_AT_ONCE, TAKEN_OVER, DeliverStage
from worker.alerts.delivery_store import Deliveries, Due, OpenAlert
from worker.runtime.errors import ChannelFailed, StoreUnavailable
from worker.runtime.loop import retry_after
from worker.runtime.metrics import Metrics
from worker.runtime.repeated_lines import Repeats

LEASE, GIVE_UP, EVERY = timedelta(seconds=20), timedelta(days=1), timedelta(minutes=6)
FIRST = 2.0
AGE = timedelta(seconds=3.1234)


def due(number: int, attempts: int = 1) -> Due:
    return Due(number, f"alert {number}", f"body {number}", attempts, AGE, f"trace {number}")


class Rows:
    """What waits for one channel, and what was said of it."""

    def __init__(self, *waiting: Due, standing: Sequence[OpenAlert] = (), dead: bool = False) -> None:
        self.waiting = list(waiting)
        self.standing = list(standing)
        self.dead = dead
        self.delivered_ids: list[int] = []
        self.put_off: list[tuple[int, str, timedelta]] = []
        self.calls: list[object] = []

    async def take_over(self, channel: str, limit: int) -> int:
        self.calls.append(("take over", channel, limit))
        return 0

    async def take(self, channel: str, limit: int, lease: timedelta) -> list[Due]:
        self.calls.append(("take", channel, limit, lease))
        given, self.waiting = self.waiting, []
        return given

    async def delivered(self, due: Due) -> None:
        self.delivered_ids.append(due.id)

    async def failed(self, due: Due, problem: str, again: timedelta, give_up: timedelta) -> bool:
        assert give_up == GIVE_UP
        self.put_off.append((due.id, problem, again))
        return self.dead

    async def now(self) -> datetime:
        return NOON

    async def refresh(self, channel: str, every: timedelta, limit: int) -> list[OpenAlert]:
        self.calls.append(("refresh", channel, every, limit))
        return self.standing

    async def refreshed(self, channel: str, dedup_keys: Collection[str], since: datetime) -> None:
        self.calls.append(("refreshed", channel, list(dedup_keys), since))


class Line:
    """A channel that keeps what it is sent; what `troubles` has for a body is raised instead."""

    name, kind, at_once = "line-1", "line", 8

    def __init__(self, refresh_every: timedelta | None = None, **troubles: Exception) -> None:
        self.refresh_every = refresh_every
        self.troubles = troubles
        self.sent: list[list[str]] = []

    async def send(self, bodies: Sequence[str]) -> None:
        for body in bodies:
            if trouble := self.troubles.get(body.replace(" ", "_")):
                raise trouble
        for _ in range(3):
            await asyncio.sleep(0)
        self.sent.append(list(bodies))


class Clock:
    """A monotonic clock, for the stage and for its lines."""

    now = 1000.0

    def monotonic(self) -> float:
        return self.now


def stage(rows: Rows, line: Line, **more: Any) -> DeliverStage:
    return DeliverStage(line, cast("Deliveries", rows), Metrics(), GIVE_UP, LEASE, first_retry=FIRST, **more)


def counted(made: DeliverStage, name: str) -> float:
    return made.metrics.registry.get_sample_value(f"rostering_{name}_total", {"channel": "line"}) or 0


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(deliver, "time", made)
    monkeypatch.setattr("random.uniform", lambda _least, most: most)
    return made


async def test_what_is_due_is_sent_marked_and_counted_and_what_is_new_was_taken_over_first() -> None:
    tracer, rows, line = RecordingTracer(), Rows(due(1), due(2)), Line()
    made = stage(rows, line, tracer=tracer)

    with capture_logs() as logs:
        assert await made.once()

    assert rows.calls == [("take over", "line-1", TAKEN_OVER), ("take", "line-1", 8, LEASE)]
    assert (line.sent, rows.delivered_ids) == ([["body 1"], ["body 2"]], [1, 2])
    assert [span.parent for span in tracer.spans] == ["trace 1", "trace 2"]
    assert [(line["alert_id"], line["seconds"]) for line in logs] == [("alert 1", 3.123), ("alert 2", 3.123)]
    assert (counted(made, "alerts_delivered"), counted(made, "alert_delivery_failures")) == (2, 0)


async def test_where_nothing_is_due_there_is_no_work() -> None:
    rows = Rows()

    assert not await stage(rows, Line()).once()

    assert len(rows.calls) == 2


@pytest.mark.parametrize(
    ("trouble", "problem"), [(ChannelFailed("503"), "503"), (TypeError("secret"), "not sent (TypeError)")]
)
async def test_an_alert_that_does_not_leave_holds_up_no_other(trouble: Exception, problem: str) -> None:
    rows, line = Rows(due(1), due(2)), Line(body_1=trouble)
    made = stage(rows, line)

    with capture_logs() as logs:
        assert await made.once()

    assert (rows.put_off, rows.delivered_ids) == ([(1, problem, timedelta(seconds=FIRST))], [2])
    assert (counted(made, "alerts_delivered"), counted(made, "alert_delivery_failures")) == (1, 1)
    assert "secret" not in str(logs)


async def test_a_store_that_is_away_is_raised_after_the_others_were_tried() -> None:
    rows, line = Rows(due(1), due(2)), Line(body_1=StoreUnavailable("away"))

    with pytest.raises(StoreUnavailable):
        await stage(rows, line).once()

    assert (rows.delivered_ids, rows.put_off) == ([2], [])


@pytest.mark.parametrize(
    ("attempts", "dead", "levels"),
    [(3, False, ["warning", "warning"]), (4, False, ["warning"]), (4, True, ["error", "error"])],
)
async def test_the_first_attempts_and_the_last_are_logged_each_and_others_once_a_minute(
    attempts: int, dead: bool, levels: list[str]
) -> None:
    rows = Rows(due(1, attempts), due(2, attempts), dead=dead)
    line = Line(body_1=ChannelFailed("503"), body_2=ChannelFailed("503"))

    with capture_logs() as logs:
        await stage(rows, line).once()

    assert [each["log_level"] for each in logs] == levels
    assert {each["event"] for each in logs} == {"alert.given_up" if dead else "alert.waiting"}
    assert not any("repeated" in each for each in logs)


async def test_a_line_about_a_channel_that_stays_away_counts_those_that_were_held_back(clock: Clock) -> None:
    line = Line(body_1=ChannelFailed("503"))
    rows = Rows()
    made = stage(rows, line, repeats=Repeats(clock=clock.monotonic))
    with capture_logs() as logs:
        for seconds in (0, 30, 59, 60):
            clock.now = 1000.0 + seconds
            rows.waiting = [due(1, 9)]
            await made.once()

    assert [each.get("repeated") for each in logs] == [None, 2]


# Telling again of what stands

STANDING = (OpenAlert("one", "body 1"), OpenAlert("two", "body 2"))


async def test_what_stands_is_said_again_in_one_piece_and_that_is_work() -> None:
    rows, line = Rows(standing=STANDING), Line(EVERY)

    assert await stage(rows, line).once()

    assert line.sent == [["body 1", "body 2"]]
    assert rows.calls[2:] == [
        ("refresh", "line-1", EVERY, REFRESHED_AT_ONCE),
        ("refreshed", "line-1", ["one", "two"], NOON),
    ]


async def test_where_nothing_stands_nothing_is_said() -> None:
    rows, line = Rows(), Line(EVERY)

    assert not await stage(rows, line).once()

    assert (line.sent, len(rows.calls)) == ([], 3)


async def test_a_channel_that_is_not_told_again_is_told_so_and_left_until_the_next_time() -> None:
    rows, line = Rows(standing=STANDING), Line(EVERY, body_2=ChannelFailed("503"))

    with capture_logs() as logs:
        assert await stage(rows, line).once()

    assert [(each["event"], each["reason"]) for each in logs] == [("alert.not_refreshed", "503")]
    assert rows.calls[-1] == ("refreshed", "line-1", ["one", "two"], NOON)


async def test_what_stands_is_asked_six_times_while_a_channel_remembers(clock: Clock) -> None:
    rows = Rows(standing=STANDING)
    made = stage(rows, Line(EVERY))

    worked = []
    for seconds in (0, 59.9, 60, 119.9, 120):
        clock.now = 1000.0 + seconds
        worked.append(await made.once())

    assert worked == [True, False, True, False, True]


async def test_alerts_that_are_due_go_before_what_stands() -> None:
    rows, line = Rows(due(1), standing=STANDING), Line(EVERY)
    made = stage(rows, line)

    await made.once()
    assert line.sent == [["body 1"]]
    await made.once()
    assert line.sent[1:] == [["body 1", "body 2"]]


# Bounds


def test_a_piece_of_work_may_take_a_lease_longer_than_others() -> None:
    assert stage(Rows(), Line()).bound == 200


@pytest.mark.parametrize(
    ("attempts", "seconds"), [(1, 2), (2, 4), (3, 8), (4, 16), (5, 30), (12, 30), (5000, 30)]
)
def test_an_alert_is_tried_again_later_and_later_up_to_half_a_minute(attempts: int, seconds: float) -> None:
    assert retry_after(attempts, FIRST, LONGEST_RETRY) == timedelta(seconds=seconds)


@pytest.mark.parametrize(("attempts", "seconds"), [(11, 1.024), (12, 1.024)])
def test_the_doubling_ends_after_ten_times(attempts: int, seconds: float) -> None:
    assert retry_after(attempts, 0.001, LONGEST_RETRY) == timedelta(seconds=seconds)


def test_between_two_attempts_there_is_at_least_half_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.uniform", lambda least, _most: least)

    assert retry_after(2, FIRST, LONGEST_RETRY) == timedelta(seconds=FIRST)
