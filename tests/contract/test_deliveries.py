"""Deliveries over PostgreSQL: each alert to each channel, in order, whoever dies and whoever is away."""

from __future__ import annotations

import asyncio
import json
from datetime import datetime, timedelta
from typing import Final

import pytest

from tests.support.fixtures.deliveries import (
    DAY,
    MINUTE,
    RESOLVED,
    Line,
    alert,
    all_of,
    deliver,
    now_due,
    tell,
)
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.adapters.postgres.alerts.incidents import note
from worker.alerts.deliver import FIRST_RETRY, LONGEST_RETRY
from worker.domain.alerts.codes import DISTRICT_PARKED
from worker.domain.alerts.incidents import AlertRules, Problem
from worker.runtime.errors import ChannelFailed, StoreUnavailable
from worker.runtime.loop import retry_after

WEEK: Final = timedelta(days=8)
ADD: Final = (
    "INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, trace_parent, "
    "body) VALUES ('1', $1, $2, 'firing', now(), 'alert.warning', '', $3)"
)


async def test_an_alert_is_delivered_once_and_counted(store: StoreUnderTest) -> None:
    line = Line()
    stage = deliver(store, line)
    await tell(store, alert(), alert(number=2))

    await all_of(stage)
    await all_of(deliver(store, line))

    assert sorted(line.sent) == ["1/firing", "2/firing"]
    assert (
        stage.metrics.registry.get_sample_value("rostering_alerts_delivered_total", {"channel": "line"}) == 2
    )


async def test_an_end_never_overtakes_its_beginning(store: StoreUnderTest) -> None:
    line = Line()
    stage = deliver(store, line)
    line.trouble = ChannelFailed("refused")
    await tell(store, alert())
    await all_of(stage)
    line.trouble = None
    await tell(store, alert(RESOLVED), alert(number=2))
    await all_of(stage)
    meanwhile = list(line.sent)
    await now_due(store)
    await all_of(stage)

    assert meanwhile == ["2/firing"]
    assert line.sent == ["2/firing", "1/firing", "1/resolved"]


async def test_a_channel_that_is_away_delays_no_other(store: StoreUnderTest) -> None:
    away, there = Line("away-1"), Line("there-1")
    away.trouble = ChannelFailed("refused")
    await tell(store, alert())

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
    await tell(store, *(alert(number=number) for number in range(40)))
    await store.deliveries.take_over("line-1", 100)
    async with opened_store(store.url) as other:
        taken = await asyncio.gather(
            *(each.deliveries.take("line-1", 8, MINUTE) for each in (store, other) for _ in range(3))
        )

    ids = [due.id for each in taken for due in each]
    assert len(ids) == len(set(ids)) > 0


async def test_an_alert_taken_by_somebody_who_died_is_delivered_by_another(store: StoreUnderTest) -> None:
    line = Line()
    await tell(store, alert(), alert(RESOLVED))
    await store.deliveries.take_over("line-1", 100)
    (lost,) = await store.deliveries.take("line-1", 8, timedelta(0))

    await all_of(deliver(store, line))
    await store.deliveries.delivered(lost)
    await store.deliveries.failed(lost, "late", MINUTE, DAY)

    assert line.sent == ["1/firing", "1/resolved"]
    assert await store.deliveries.channels() == []


async def test_a_kill_between_a_delivery_and_its_mark_delivers_once_more(store: StoreUnderTest) -> None:
    line = Line()
    await tell(store, alert())
    await store.deliveries.take_over("line-1", 100)
    (due,) = await store.deliveries.take("line-1", 8, timedelta(0))
    await line.send([due.body])

    await all_of(deliver(store, line))

    assert line.sent == ["1/firing"] * 2


async def test_what_a_channel_does_not_take_in_time_is_dead(store: StoreUnderTest) -> None:
    line = Line()
    line.trouble = ChannelFailed("refused")
    stage = deliver(store, line, give_up=timedelta(0))
    await tell(store, alert())
    await all_of(stage)
    dead = await store.deliveries.dead()
    line.trouble = None
    await tell(store, alert(RESOLVED))
    await all_of(stage)
    retried = await store.deliveries.retry(None)
    discarded = await store.deliveries.discard("line-1", waiting=False)

    assert [(each.alert_id, each.attempts, each.problem) for each in dead] == [("1/firing", 1, "refused")]
    assert line.sent == ["1/resolved"]
    assert retried == (0, 1), "a beginning is not told after its end"
    assert (discarded, await store.deliveries.dead()) == (1, [])
    assert not await stage.once(), "what was discarded is not taken over again"
    assert (await store.deliveries.retry(None), await store.deliveries.channels()) == ((0, 0), [])


async def test_what_is_dead_can_be_tried_anew(store: StoreUnderTest) -> None:
    line = Line()
    line.trouble = ChannelFailed("refused")
    await tell(store, alert())
    await all_of(deliver(store, line, give_up=timedelta(0)))
    line.trouble = None

    retried = await store.deliveries.retry("line-1")
    await all_of(deliver(store, line))

    assert (retried, line.sent) == ((1, 0), ["1/firing"])


async def test_a_fault_that_is_no_channels_stops_the_stage_and_marks_nothing(store: StoreUnderTest) -> None:
    line = Line()
    line.trouble = StoreUnavailable("away")
    await tell(store, alert())

    with pytest.raises(StoreUnavailable):
        await deliver(store, line).once()

    assert (await store.deliveries.channels())[0].waiting == 1


async def test_old_deliveries_are_forgotten_and_unattended_ones_given_up(store: StoreUnderTest) -> None:
    await tell(store, alert(), alert(number=2))
    await store.deliveries.take_over("gone-1", 100)
    await all_of(deliver(store, Line()))
    await store.rows("UPDATE alerts SET created_at = now() - $1::interval, published_at = created_at", WEEK)
    await store.rows("UPDATE alerts SET published_at = now() - $1::interval", WEEK)
    await store.rows(
        "INSERT INTO incidents (district_id, code, since) VALUES ('2', 'preflight.failed', now())"
    )
    await store.rows(
        "UPDATE deliveries SET delivered_at = delivered_at - $1::interval, created_at = now() - $1::interval",
        WEEK,
    )

    await store.deliveries.tidy(timedelta(days=7), timedelta(hours=25))

    rows = await store.rows(
        "SELECT channel, dedup_key, dead_at IS NOT NULL AS dead FROM deliveries ORDER BY id"
    )
    assert [tuple(row) for row in rows] == [
        ("gone-1", "preflight.failed/1", True),
        ("gone-1", "preflight.failed/2", True),
        ("line-1", "preflight.failed/2", False),
    ]
    assert [row["alert_id"] for row in await store.rows("SELECT alert_id FROM alerts")] == ["2/firing"]


async def test_an_unpublished_alert_is_kept_and_delivered_once(store: StoreUnderTest) -> None:
    line = Line()
    await tell(store, alert(), alert(RESOLVED))
    await all_of(deliver(store, line))
    await store.rows("UPDATE alerts SET created_at = now() - $1::interval", WEEK)
    await store.rows("UPDATE deliveries SET delivered_at = now() - $1::interval", WEEK)
    await store.rows("UPDATE alert_channels SET since = '-infinity'")

    await store.deliveries.tidy(timedelta(days=7), timedelta(hours=25))
    await all_of(deliver(store, line))

    assert line.sent == ["1/firing", "1/resolved"]
    assert await store.alerts.unpublished() == 2


def test_attempts_are_further_and_further_apart_up_to_half_a_minute() -> None:
    waits = [retry_after(attempts, FIRST_RETRY, LONGEST_RETRY).total_seconds() for attempts in range(1, 30)]

    assert 0.5 <= waits[0] <= 1
    assert all(15 <= wait <= 30 for wait in waits[5:])


# From the table of alerts


async def test_an_alert_that_commits_after_a_later_one_is_not_missed(store: StoreUnderTest) -> None:
    line = Line()
    async with store.database.transaction() as slow:
        await slow.execute(ADD, "1/firing", "preflight.failed/1", json.dumps(alert()))
        await tell(store, alert(number=2))
        await all_of(deliver(store, line))
        meanwhile = list(line.sent)

    await all_of(deliver(store, line))

    assert meanwhile == ["2/firing"]
    assert line.sent == ["2/firing", "1/firing"]


async def test_processes_at_once_give_a_channel_each_alert_once_in_order(store: StoreUnderTest) -> None:
    line = Line()
    numbers = range(20)
    await tell(store, *(alert(number=number) for number in numbers), *(alert(RESOLVED, n) for n in numbers))
    async with opened_store(store.url) as other:
        await asyncio.gather(
            *(each.deliveries.take_over("line-1", limit) for each in (store, other) for limit in (7, 100))
        )
        await asyncio.gather(*(all_of(deliver(each, line)) for each in (store, other)))

    assert sorted(line.sent) == sorted(f"{n}/{status}" for n in numbers for status in ("firing", RESOLVED))
    assert all(line.sent.index(f"{n}/firing") < line.sent.index(f"{n}/{RESOLVED}") for n in numbers)


async def test_no_more_is_taken_over_than_asked_for_the_first_first(store: StoreUnderTest) -> None:
    await tell(store, *(alert(number=number) for number in range(5)))

    first = await store.deliveries.take_over("line-1", 2)
    rows = await store.rows("SELECT dedup_key FROM deliveries ORDER BY position")
    more = [await store.deliveries.take_over("line-1", 2) for _ in range(3)]

    assert first == 2
    assert [row["dedup_key"] for row in rows] == ["preflight.failed/0", "preflight.failed/1"]
    assert more == [2, 1, 0]


async def test_a_new_channel_is_told_of_what_stands(store: StoreUnderTest) -> None:
    await tell(store, alert(), alert(RESOLVED), alert(number=2), alert(number=3), alert(RESOLVED, 3))
    await store.rows(
        "UPDATE alerts SET created_at = now() - interval '2 hours' WHERE dedup_key <> 'preflight.failed/3'"
    )
    await store.rows(
        "INSERT INTO incidents (district_id, code, since) VALUES ('2', 'preflight.failed', $1)",
        datetime.fromisoformat(alert()["starts_at"]),
    )
    line = Line("new-1")

    await all_of(deliver(store, line))
    await tell(store, alert(RESOLVED, 2))
    await all_of(deliver(store, line))

    assert sorted(line.sent) == ["2/firing", "2/resolved", "3/firing", "3/resolved"]
    assert line.sent.index("2/firing") < line.sent.index("2/resolved")


async def test_a_clock_that_is_put_back_hides_no_new_alert_from_a_channel(store: StoreUnderTest) -> None:
    line = Line()
    await all_of(deliver(store, line))
    await store.rows("UPDATE alert_channels SET since = now() + interval '5 hours'")
    await tell(store, alert())

    await all_of(deliver(store, line))

    assert line.sent == ["1/firing"]


async def test_an_incident_that_two_processes_find_at_once_is_told_once(store: StoreUnderTest) -> None:
    condition = Problem("broken", "The stage evaluate fails.")

    async def find(at: datetime) -> None:
        async with store.database.transaction() as connection:
            await note(connection, "", {DISTRICT_PARKED: condition}, at, AlertRules())

    moments = [datetime.fromisoformat(alert()["starts_at"]) + timedelta(seconds=n) for n in range(6)]
    await asyncio.gather(*map(find, moments))

    rows = await store.rows("SELECT status, dedup_key FROM alerts")
    assert [tuple(row) for row in rows] == [("firing", f"{DISTRICT_PARKED}/-")]


async def test_a_waiting_stage_is_woken_by_a_delivery_and_by_an_order(store: StoreUnderTest) -> None:
    async def woken() -> None:
        await asyncio.wait_for(store.deliveries.wait("line", 60), 20)

    line = Line()
    await store.deliveries.wait("line", 0)  # from now on it listens
    await tell(store, alert(), alert(number=2))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(store.deliveries.wait("line", 60), 0.05)
    line.trouble = ChannelFailed("refused")
    await all_of(deliver(store, line, give_up=timedelta(0)))
    assert await store.deliveries.retry("line-1") == (2, 0)
    await woken()
    line.trouble = None
    (due, _) = await store.deliveries.take("line-1", 2, timedelta(minutes=1))
    await store.deliveries.delivered(due)
    await woken()
