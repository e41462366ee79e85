"""Deliveries over PostgreSQL: each alert to each channel, in order, whoever dies and whoever is away."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from delivery_helpers import DAY, MINUTE, RESOLVED, Line, alert, all_of, deliver, kept, now_due
from store_fixtures import StoreUnderTest, opened_store

from worker.errors import ChannelFailed, StoreUnavailable
from worker.stages.deliver import retry_after


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


def test_attempts_are_further_and_further_apart_up_to_half_a_minute() -> None:
    waits = [retry_after(attempts).total_seconds() for attempts in range(1, 30)]

    assert 0.5 <= waits[0] <= 1
    assert all(15 <= wait <= 30 for wait in waits[5:])


async def test_the_order_is_that_of_the_incident_whichever_alert_came_from_the_queue_first(
    store: StoreUnderTest,
) -> None:
    line = Line()
    next_time = alert(alert_id="again", starts_at="2026-09-15T12:02:00.000Z")
    await store.deliveries.store(["line-1"], kept(next_time))
    await store.deliveries.store(["line-1"], kept(alert(RESOLVED)))
    await store.deliveries.store(["line-1"], kept(alert()))

    await all_of(deliver(store, line))

    assert line.sent == ["1/firing", "1/resolved", "again"]


@pytest.mark.parametrize("is_taken", [False, True])
async def test_a_beginning_that_comes_from_the_queue_after_its_end_was_delivered_is_not_told(
    store: StoreUnderTest, is_taken: bool
) -> None:
    line = Line()
    await store.deliveries.store(["line-1"], kept(alert(RESOLVED)))
    if is_taken:
        (due,) = await store.deliveries.take("line-1", 8, MINUTE)
        await store.deliveries.store(["line-1"], kept(alert()))
        await line.send([due.body])
        await store.deliveries.delivered(due)
    else:
        await all_of(deliver(store, line))
        await store.deliveries.store(["line-1"], kept(alert()))

    await all_of(deliver(store, line))

    assert line.sent == ["1/resolved"]
    assert await store.deliveries.channels() == []
