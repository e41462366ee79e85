"""Deliveries over PostgreSQL: each alert to each channel, in order, whoever dies and whoever is away."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from alert_fixtures import Hook, told_until
from alertmanager import AlertmanagerNode
from builders import DISTRICT, Json
from people_fixtures import until
from store_fixtures import StoreUnderTest, opened_store

from worker.adapters.channels.opening import open_channels
from worker.adapters.inprocess import InProcessBroker
from worker.domain.catalogue import PREFLIGHT_FAILED
from worker.errors import ChannelFailed, StoreUnavailable
from worker.ports.broker import Delivery, Message
from worker.ports.deliveries import Heard
from worker.stages import notify
from worker.stages.loop import Health, Stop, run
from worker.stages.notify import DeliverStage, NotifyStage, heard, retry_after
from worker.telemetry import Metrics

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FIRING, RESOLVED = "firing", "resolved"


def alert(status: str = FIRING, number: int = 1, **changed: object) -> Json:
    return {
        "alert_id": f"{number}/{status}",
        "dedup_key": f"preflight.failed/{number}",
        "status": status,
        "code": PREFLIGHT_FAILED,
        "severity": "warning",
        "district_id": DISTRICT,
        "summary": "…",
        "counts": {},
        "url": None,
        "starts_at": "2026-09-15T12:00:00.000Z",
        "ends_at": "2026-09-15T12:01:00.000Z" if status == RESOLVED else None,
    } | changed


def kept(*alerts: Json) -> list[Heard]:
    return [Heard(each["alert_id"], each["dedup_key"], each["status"], json.dumps(each)) for each in alerts]


class Line:
    """A channel that keeps what it is sent; `trouble` is raised instead while it is set."""

    at_once = 8
    refresh_every: timedelta | None = None

    def __init__(self, name: str = "line-1", kind: str = "line") -> None:
        self.name, self.kind = name, kind
        self.sent: list[str] = []
        self.trouble: Exception | None = None

    async def send(self, bodies: Sequence[str]) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.sent += [json.loads(body)["alert_id"] for body in bodies]


def deliver(store: StoreUnderTest, channel: Line, give_up: timedelta = DAY) -> DeliverStage:
    return DeliverStage(channel, store.deliveries, Metrics(), give_up, MINUTE)


async def all_of(stage: DeliverStage) -> None:
    while await stage.once():
        pass


async def now_due(store: StoreUnderTest) -> None:
    await store.rows("UPDATE deliveries SET next_attempt_at = now()")


# From the queue


def publish(body: bytes) -> Message:
    return Message("rostering", "alert.warning", body, type="rostering.alert/v1")


async def test_an_alert_is_kept_for_each_channel_before_it_is_acknowledged_and_once(
    store: StoreUnderTest,
) -> None:
    broker = InProcessBroker(publish_timeout=20)
    stage, stop = NotifyStage(broker, store.deliveries, ["a-1", "b-1"]), Stop()
    running = asyncio.create_task(run(stage, stop, Health()))
    bodies: list[object] = [alert(), alert(), {"alert_id": 5}, [], alert(RESOLVED)]
    for body in bodies:
        await broker.publish(publish(json.dumps(body).encode()))
    await broker.publish(publish(b"\xff"))
    stop.set()
    await running
    await stage.close()

    rows = await store.rows("SELECT channel, alert_id, body FROM deliveries ORDER BY id")
    assert [(row["alert_id"], row["channel"]) for row in rows] == [
        ("1/firing", "a-1"),
        ("1/firing", "b-1"),
        ("1/resolved", "a-1"),
        ("1/resolved", "b-1"),
    ]
    assert json.loads(rows[0]["body"]) == alert()


async def test_what_could_not_be_kept_stays_in_the_queue(store: StoreUnderTest) -> None:
    broker = InProcessBroker()
    publishing = asyncio.create_task(broker.publish(publish(json.dumps(alert()).encode())))
    await asyncio.sleep(0)
    stage = NotifyStage(broker, store.deliveries, ["a-1"])
    await store.rows("ALTER TABLE deliveries RENAME TO elsewhere")
    with pytest.raises(Exception, match="deliveries"):
        await stage.once()
    await store.rows("ALTER TABLE elsewhere RENAME TO deliveries")

    await stage.once()
    await asyncio.wait_for(publishing, 10)
    await stage.close()

    assert len(await store.rows("SELECT FROM deliveries")) == 1


def test_what_is_no_alert_is_left_out() -> None:
    assert heard(Delivery(1, "alert.warning", b"{}", {})) is None


# To a channel


async def test_an_alert_is_delivered_once_and_counted(store: StoreUnderTest) -> None:
    line = Line()
    stage = deliver(store, line)
    await store.deliveries.store(["line-1"], kept(alert(), alert(number=2)))

    await all_of(stage)
    await store.deliveries.store(["line-1"], kept(alert()))
    await all_of(stage)

    assert sorted(line.sent) == ["1/firing", "2/firing"]
    assert (
        stage.metrics.registry.get_sample_value("rostering_alerts_delivered_total", {"channel": "line"}) == 2
    )


async def test_an_end_never_overtakes_its_beginning_and_holds_up_no_other_incident(
    store: StoreUnderTest,
) -> None:
    line = Line()
    stage = deliver(store, line)
    line.trouble = ChannelFailed("refused")
    await store.deliveries.store(["line-1"], kept(alert()))
    await all_of(stage)
    line.trouble = None
    await store.deliveries.store(["line-1"], kept(alert(RESOLVED), alert(number=2)))
    await all_of(stage)
    meanwhile = list(line.sent)
    await now_due(store)
    await all_of(stage)

    assert meanwhile == ["2/firing"]
    assert line.sent == ["2/firing", "1/firing", "1/resolved"]


async def test_a_channel_that_is_away_delays_no_other(store: StoreUnderTest) -> None:
    away, there = Line("away-1"), Line("there-1")
    away.trouble = ChannelFailed("refused")
    await store.deliveries.store(["away-1", "there-1"], kept(alert()))

    for line in (away, there):
        await all_of(deliver(store, line))

    assert (away.sent, there.sent) == ([], ["1/firing"])
    figures = await store.inspections.figures()
    assert (figures.deliveries_waiting, figures.deliveries_dead) == ({"away": 1}, {"away": 0})
    lines = await store.deliveries.channels()
    assert [(line.channel, line.waiting, line.dead, line.problem) for line in lines] == [
        ("away-1", 1, 0, "refused")
    ]


async def test_two_processes_do_not_deliver_one_alert_at_the_same_time(store: StoreUnderTest) -> None:
    await store.deliveries.store(["line-1"], kept(*(alert(number=number) for number in range(40))))
    async with opened_store(store.url) as other:
        taken = await asyncio.gather(
            *(each.deliveries.take("line-1", 8, MINUTE) for each in (store, other) for _ in range(3))
        )

    ids = [due.id for each in taken for due in each]
    assert len(ids) == len(set(ids)) > 0


async def test_an_alert_taken_by_somebody_who_died_is_delivered_by_another(store: StoreUnderTest) -> None:
    line = Line()
    await store.deliveries.store(["line-1"], kept(alert(), alert(RESOLVED)))
    (lost,) = await store.deliveries.take("line-1", 8, timedelta(0))

    await all_of(deliver(store, line))
    await store.deliveries.delivered(lost)
    await store.deliveries.failed(lost, "late", MINUTE, DAY)

    assert line.sent == ["1/firing", "1/resolved"]
    assert await store.deliveries.channels() == []


async def test_a_kill_between_a_delivery_and_its_mark_delivers_once_more(store: StoreUnderTest) -> None:
    line = Line()
    await store.deliveries.store(["line-1"], kept(alert()))
    (due,) = await store.deliveries.take("line-1", 8, timedelta(0))
    await line.send([due.body])

    await all_of(deliver(store, line))

    assert line.sent == ["1/firing"] * 2


async def test_what_a_channel_does_not_take_in_time_is_dead_and_holds_nothing_up(
    store: StoreUnderTest,
) -> None:
    line = Line()
    line.trouble = ChannelFailed("refused")
    stage = deliver(store, line, give_up=timedelta(0))
    await store.deliveries.store(["line-1"], kept(alert()))
    await all_of(stage)
    dead = await store.deliveries.dead()
    line.trouble = None
    await store.deliveries.store(["line-1"], kept(alert(RESOLVED)))
    await all_of(stage)
    retried = await store.deliveries.retry(None)
    discarded = await store.deliveries.discard("line-1", waiting=False)

    assert [(each.alert_id, each.attempts, each.problem) for each in dead] == [("1/firing", 1, "refused")]
    assert line.sent == ["1/resolved"]
    assert retried == (0, 1), "a beginning is not told after its end"
    assert (discarded, await store.deliveries.dead()) == (1, [])


async def test_what_is_dead_can_be_tried_anew(store: StoreUnderTest) -> None:
    line = Line()
    line.trouble = ChannelFailed("refused")
    await store.deliveries.store(["line-1"], kept(alert()))
    await all_of(deliver(store, line, give_up=timedelta(0)))
    line.trouble = None

    retried = await store.deliveries.retry("line-1")
    await all_of(deliver(store, line))

    assert (retried, line.sent) == ((1, 0), ["1/firing"])


async def test_a_fault_that_is_no_channels_stops_the_stage_and_marks_nothing(store: StoreUnderTest) -> None:
    line = Line()
    line.trouble = StoreUnavailable("away")
    await store.deliveries.store(["line-1"], kept(alert()))

    with pytest.raises(StoreUnavailable):
        await deliver(store, line).once()

    assert (await store.deliveries.channels())[0].waiting == 1


async def test_old_deliveries_are_forgotten_and_those_that_nobody_attends_to_given_up(
    store: StoreUnderTest,
) -> None:
    await store.deliveries.store(["line-1", "gone-1"], kept(alert(), alert(number=2)))
    await all_of(deliver(store, Line()))
    await store.rows(
        "INSERT INTO incidents (district_id, code, since) VALUES ('2', 'preflight.failed', now())"
    )
    await store.rows(
        "UPDATE deliveries SET delivered_at = delivered_at - $1::interval, created_at = now() - $1::interval",
        timedelta(days=8),
    )

    await store.deliveries.tidy(timedelta(days=7), timedelta(hours=25))

    rows = await store.rows(
        "SELECT channel, dedup_key, dead_at IS NOT NULL AS dead FROM deliveries ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("gone-1", "preflight.failed/1", True),
        ("line-1", "preflight.failed/2", False),
        ("gone-1", "preflight.failed/2", True),
    ]


def test_attempts_are_further_and_further_apart_up_to_a_minute() -> None:
    waits = [retry_after(attempts).total_seconds() for attempts in range(1, 30)]

    assert 0.5 <= waits[0] <= 1
    assert all(30 <= wait <= 60 for wait in waits[6:])


# What stands is said again


async def test_a_restarted_alertmanager_is_told_of_what_stands_and_of_nothing_else(
    store: StoreUnderTest, alertmanager: AlertmanagerNode
) -> None:
    await store.rows(
        "INSERT INTO incidents (district_id, code, since) VALUES ('1', 'preflight.failed', now())"
    )
    async with open_channels([], alertmanager.url, 5, timedelta(0)) as (channel,):
        stage = DeliverStage(channel, store.deliveries, Metrics(), DAY, MINUTE)
        await store.deliveries.store([channel.name], kept(alert(), alert(number=2), alert(RESOLVED, 2)))
        for _ in range(4):
            await stage.once()
        alertmanager.kill()
        await stage.once()
        alertmanager.start()
        forgotten = alertmanager.alerts()
        await stage.once()
        await told_until(lambda: bool(alertmanager.alerts()))

    assert forgotten == []
    assert len(alertmanager.alerts()) == 1


async def test_an_end_that_was_delivered_while_its_beginning_was_said_again_is_delivered_once_more(
    store: StoreUnderTest,
) -> None:
    await store.rows(
        "INSERT INTO incidents (district_id, code, since) VALUES ('1', 'preflight.failed', now())"
    )
    await store.deliveries.store(["line-1"], kept(alert()))
    line = Line()
    await all_of(deliver(store, line))

    class Overtaken(Line):
        refresh_every = timedelta(0)

        async def send(self, bodies: Sequence[str]) -> None:
            if self.sent == []:
                self.sent += ["while it is said again"]
                await store.deliveries.store(["line-1"], kept(alert(RESOLVED)))
                await store.rows("DELETE FROM incidents")
                await all_of(deliver(store, line))
            await super().send(bodies)

    overtaken = Overtaken()
    await all_of(deliver(store, overtaken))

    assert line.sent == ["1/firing", "1/resolved"]
    assert overtaken.sent == ["while it is said again", "1/firing", "1/resolved"]


# In its loop


async def test_a_webhook_that_comes_back_gets_everything_in_order(
    store: StoreUnderTest, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notify, "FIRST_RETRY", 0.05)
    stop = Stop()
    await hook.close()
    async with open_channels([hook.url], None, 5, MINUTE) as (channel,):
        stage = DeliverStage(channel, store.deliveries, Metrics(), DAY, MINUTE)
        running = asyncio.create_task(run(stage, stop, Health()))
        await store.deliveries.store([channel.name], kept(alert(), alert(RESOLVED)))

        async def was_refused() -> bool:
            rows = await store.rows("SELECT FROM deliveries WHERE attempts > 1 AND problem IS NOT NULL")
            return bool(rows)

        await until(was_refused)
        await hook.open()
        await told_until(lambda: len(hook.bodies) == 2)
        stop.set()
        await asyncio.wait_for(running, 10)

    assert hook.told() == [(FIRING, PREFLIGHT_FAILED), (RESOLVED, PREFLIGHT_FAILED)]
