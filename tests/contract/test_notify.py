"""From the queue to a channel: what is kept before it is acknowledged, and what stands is said again."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from datetime import timedelta

import pytest
from alert_fixtures import Hook, told_until
from alertmanager import AlertmanagerNode
from delivery_helpers import DAY, FIRING, MINUTE, RESOLVED, Line, alert, all_of, deliver, kept
from people_fixtures import until
from store_fixtures import StoreUnderTest

from worker.adapters.channels.opening import open_channels
from worker.adapters.inprocess import InProcessBroker
from worker.domain.incident_codes import PREFLIGHT_FAILED
from worker.metrics import Metrics
from worker.ports.broker import Delivery, Message
from worker.stages.deliver import DeliverStage
from worker.stages.loop import Health, Stop, run
from worker.stages.notify import NotifyStage, heard

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
    await asyncio.wait_for(publishing, 20)
    await stage.close()

    assert len(await store.rows("SELECT FROM deliveries")) == 1


def test_what_is_no_alert_is_left_out() -> None:
    assert heard(Delivery(1, "alert.warning", b"{}", {})) is None


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


async def test_a_webhook_that_comes_back_gets_everything_in_order(store: StoreUnderTest, hook: Hook) -> None:
    stop = Stop()
    await hook.close()
    async with open_channels([hook.url], None, 5, MINUTE) as (channel,):
        stage = DeliverStage(channel, store.deliveries, Metrics(), DAY, MINUTE, first_retry=0.05)
        running = asyncio.create_task(run(stage, stop, Health()))
        await store.deliveries.store([channel.name], kept(alert(), alert(RESOLVED)))

        async def was_refused() -> bool:
            rows = await store.rows("SELECT FROM deliveries WHERE attempts > 1 AND problem IS NOT NULL")
            return bool(rows)

        await until(was_refused)
        await hook.open()
        await told_until(lambda: len(hook.bodies) == 2)
        stop.set()
        await asyncio.wait_for(running, 20)

    assert hook.told() == [(FIRING, PREFLIGHT_FAILED), (RESOLVED, PREFLIGHT_FAILED)]
