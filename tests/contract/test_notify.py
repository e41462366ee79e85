"""From the database to a channel, in its loop; what stands is said again."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta

from tests.support.fixtures.alerts import Hook, told_until
from tests.support.fixtures.deliveries import (
    DAY,
    FIRING,
    MINUTE,
    RESOLVED,
    Line,
    alert,
    all_of,
    deliver,
    tell,
)
from tests.support.fixtures.people import until
from tests.support.fixtures.store import StoreUnderTest
from tests.support.servers.alertmanager import AlertmanagerNode
from worker.adapters.channels.open_channels import open_channels
from worker.alerts.deliver import DeliverStage
from worker.domain.alerts.codes import PREFLIGHT_FAILED
from worker.runtime.loop import Health, Stop, run
from worker.runtime.metrics import Metrics

# What stands is said again


async def test_a_restarted_alertmanager_is_told_of_what_stands_and_of_nothing_else(
    store: StoreUnderTest, alertmanager: AlertmanagerNode
) -> None:
    await store.rows(
        "INSERT INTO incidents (district_id, code, since) VALUES ('1', 'preflight.failed', now())"
    )
    async with open_channels([], alertmanager.url, 5, timedelta(0)) as (channel,):
        stage = DeliverStage(channel, store.deliveries, Metrics(), DAY, MINUTE)
        await tell(store, alert(), alert(number=2), alert(RESOLVED, 2))
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


async def test_what_stands_is_said_again_after_the_interval(store: StoreUnderTest) -> None:
    await store.rows(
        "INSERT INTO incidents (district_id, code, since) VALUES ('1', 'preflight.failed', now())"
    )
    await tell(store, alert())

    class Forgetful(Line):
        refresh_every: timedelta | None = MINUTE

    line = Forgetful()
    await all_of(deliver(store, line))
    await all_of(deliver(store, line))
    at_once = list(line.sent)
    await store.rows("UPDATE deliveries SET refreshed_at = refreshed_at - interval '30 seconds'")
    await all_of(deliver(store, line))
    before = list(line.sent)
    await store.rows("UPDATE deliveries SET refreshed_at = refreshed_at - interval '30 seconds'")
    await all_of(deliver(store, line))
    after = list(line.sent)
    await all_of(deliver(store, line))

    assert (at_once, before) == (["1/firing"], ["1/firing"])
    assert after == line.sent == ["1/firing", "1/firing"]


async def test_an_end_delivered_during_a_repeat_is_delivered_again(store: StoreUnderTest) -> None:
    await store.rows(
        "INSERT INTO incidents (district_id, code, since) VALUES ('1', 'preflight.failed', now())"
    )
    await tell(store, alert())
    line = Line()
    await all_of(deliver(store, line))

    class Overtaken(Line):
        refresh_every = timedelta(0)

        async def send(self, bodies: Sequence[str]) -> None:
            if self.sent == []:
                self.sent += ["while it is said again"]
                await tell(store, alert(RESOLVED))
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
        await tell(store, alert(), alert(RESOLVED))

        async def was_refused() -> bool:
            rows = await store.rows("SELECT FROM deliveries WHERE attempts > 1 AND problem IS NOT NULL")
            return bool(rows)

        await until(was_refused)
        await hook.open()
        await told_until(lambda: len(hook.bodies) == 2)
        stop.set()
        await asyncio.wait_for(running, 20)

    assert hook.told() == [(FIRING, PREFLIGHT_FAILED), (RESOLVED, PREFLIGHT_FAILED)]
