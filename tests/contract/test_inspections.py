"""Incidents over PostgreSQL: found, told once, and told as over once; each in the order of its making."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.incidents import AT_ONCE, alerts, inspect, told
from tests.support.fixtures.store import LIMITS, StoreUnderTest, opened_store
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.postgres.alerts.inspections import PostgresInspections
from worker.adapters.postgres.alerts.stage_failures import PostgresStageFailures
from worker.alerts.inspect import InspectStage
from worker.alerts.inspection_store import Figures
from worker.console.gauges import show_figures
from worker.domain.alerts.codes import INSPECTED
from worker.domain.alerts.detection import FOLD_OVER, Thresholds
from worker.runtime.metrics import Metrics

CONNECTED = "INSERT INTO connections (district_id, due_at, cursor, cursor_at) VALUES ($1, now(), '', now())"

HELD = """
    INSERT INTO onboarding (district_id, state, held_since, troubles)
    VALUES ($1, 'connected', now(), '{review,unpublished}')"""
DEAD_MAIL = """
    INSERT INTO mails (mail_id, district_id, kind, occasion, recipients, subject, text, html, time_zone,
        state, dead_at)
    VALUES (gen_random_uuid(), $1, 'rostered', 'rostered', '{a@b.example}', 's', 't', 'h', 'UTC',
        'dead', now())"""
TROUBLE = {
    "sync.paused": (
        'UPDATE connections SET record = \'{"state": "paused"}\'',
        "UPDATE connections SET record = '{}'",
    ),
    "sync.stale": (
        'UPDATE connections SET record = \'{"last_sync": "2020-01-01T00:00:00Z"}\'',
        'UPDATE connections SET record = \'{"state": "success"}\'',
    ),
    "feed.stuck": (
        "UPDATE connections SET failures = 9, failing_since = now() - interval '16 minutes'",
        "UPDATE connections SET failures = 0, failing_since = NULL",
    ),
    "district.parked": (
        "INSERT INTO evaluation_failures VALUES ($1, 5, now(), now(), 'TypeError')",
        "DELETE FROM evaluation_failures",
    ),
    "window.overdue": (
        "INSERT INTO windows VALUES ($1, now(), now() - interval '16 minutes', 3)",
        "DELETE FROM windows",
    ),
    "outbox.stuck": (
        "INSERT INTO outbox VALUES ($1, 1, 1, '', '', '', 1, 1, 1, '', '', NULL, now() - interval '6 min')",
        "DELETE FROM outbox",
    ),
    "launch.held": (HELD, "UPDATE onboarding SET troubles = '{unpublished}'"),
    "mails.waiting": (DEAD_MAIL, "DELETE FROM mails"),
}


async def change(store: StoreUnderTest, statement: str) -> None:
    await store.rows(statement, *([DISTRICT] if "$1" in statement else []))


@pytest.mark.parametrize("code", TROUBLE)
async def test_what_an_inspection_finds_is_told_once_and_its_end(store: StoreUnderTest, code: str) -> None:
    begins, ends = TROUBLE[code]
    await store.rows(CONNECTED, DISTRICT)
    await inspect(store)
    before = await told(store)

    await change(store, begins)
    for _ in range(3):
        await inspect(store)
    during = await told(store)
    shown = await store.deliveries.incidents()
    await change(store, ends)
    for _ in range(3):
        await inspect(store)

    assert (before, during) == ([], [("firing", code)])
    assert [(each.district_id, each.code) for each in shown] == [(DISTRICT, code)]
    assert await told(store) == [("firing", code), ("resolved", code)]
    assert {alert["district_id"] for alert in await alerts(store)} == {DISTRICT}
    assert await store.deliveries.incidents() == []
    assert set(INSPECTED) == {
        *(*TROUBLE, "dead_letters.unattributed", "dead_letters.waiting", "stage.failing")
    }


async def test_stages_that_fail_are_one_incident_until_they_work(store: StoreUnderTest) -> None:
    failures = PostgresStageFailures(store.database)
    await failures.report("one", {"relay": (30.0, "ValueError stages/relay.py:9 once")})
    await inspect(store)
    before = await told(store)

    await failures.report("one", {"relay": (130.0, "ValueError stages/relay.py:9 once")})
    await failures.report("two", {"relay": (200.0, "ValueError stages/relay.py:9 once")})
    await failures.report("two", {"relay": (200.0, "ValueError stages/relay.py:9 once"), "poll": (1.0, "x")})
    for _ in range(2):
        await inspect(store)
    (shown,) = await store.deliveries.incidents()
    await failures.report("one", {})
    await inspect(store)
    during = await told(store)
    await failures.report("two", {})
    await inspect(store)

    assert (before, during) == ([], [("firing", "stage.failing")])
    assert shown.district_id in ("", None)
    assert (await alerts(store))[0]["counts"] == {"relay": 2}
    assert "relay: ValueError stages/relay.py:9 once" in shown.summary
    assert await told(store) == [("firing", "stage.failing"), ("resolved", "stage.failing")]


async def test_a_process_that_is_gone_is_not_heard_any_more(store: StoreUnderTest) -> None:
    await PostgresStageFailures(store.database).report("gone", {"relay": (500.0, "ValueError")})
    await store.rows("UPDATE stage_failures SET seen_at = seen_at - interval '2 minutes'")

    await inspect(store)

    assert await told(store) == []


async def test_dead_letters_are_an_incident_that_not_knowing_leaves_alone(store: StoreUnderTest) -> None:
    for dead_letters in (None, 3, 4, None, 0, 0):
        await inspect(store, dead_letters)

    assert await told(store) == [("firing", "dead_letters.waiting"), ("resolved", "dead_letters.waiting")]
    first = (await alerts(store))[0]
    assert (first["district_id"], first["counts"]) == (None, {"messages": 3})


@pytest.mark.parametrize(
    "harmless",
    [
        "UPDATE connections SET failures = 2, failing_since = now() - interval '14 minutes'",
        "UPDATE connections SET due_at = now() - interval '14 minutes'",
        "UPDATE connections SET due_at = now() - interval '2 hours', disconnected_at = now()",
        "INSERT INTO windows VALUES ($1, now() - interval '1 hour', now(), 0)",
        "INSERT INTO evaluation_failures VALUES ($1, 4, now(), NULL, 'TypeError')",
    ],
)
async def test_what_is_no_trouble_yet_is_not_told(store: StoreUnderTest, harmless: str) -> None:
    await store.rows(CONNECTED, DISTRICT)
    await change(store, harmless)

    await inspect(store)

    assert await told(store) == []


@pytest.mark.parametrize("column", ["due_at", "awaited_at"])
async def test_an_unread_feed_is_stuck_unless_it_is_read_whole(store: StoreUnderTest, column: str) -> None:
    await store.rows(CONNECTED, DISTRICT)
    await store.rows(f"UPDATE connections SET {column} = now() - interval '16 minutes'")
    run = await store.baselines.begin(DISTRICT, "", "", ["users"])
    await inspect(store)
    reading = await told(store)
    await store.baselines.believe(run, moves_cursor=False)
    await inspect(store)

    assert (reading, await told(store)) == ([], [("firing", "feed.stuck")])


async def test_without_a_clever_source_nothing_is_told_of_connections(store: StoreUnderTest) -> None:
    await store.rows(CONNECTED, DISTRICT)
    await store.rows(
        "UPDATE connections SET due_at = now() - interval '1 day', record = '{\"state\": \"paused\"}'"
    )
    await store.rows(CONNECTED, OTHER_DISTRICT)
    await store.rows(
        "UPDATE connections SET failing_since = now() - interval '1 day' WHERE district_id = $1",
        OTHER_DISTRICT,
    )
    unread = PostgresInspections(store.database, LIMITS, Thresholds(reads_clever=False))

    assert await unread.inspect(AT_ONCE, 0) == 0


async def test_where_all_districts_have_the_same_trouble_one_alert_tells_of_it(store: StoreUnderTest) -> None:
    await store.rows(CONNECTED, DISTRICT)
    await store.rows("UPDATE connections SET failures = 9, failing_since = now() - interval '16 minutes'")
    await inspect(store)
    await store.rows(
        "INSERT INTO connections (district_id, failures, failing_since) "
        "SELECT 'd' || n, 9, now() - interval '16 minutes' FROM generate_series(1, $1) AS n",
        FOLD_OVER,
    )
    await inspect(store)
    many = await alerts(store)
    await store.rows("UPDATE connections SET failures = 0, failing_since = NULL")
    await inspect(store)

    assert [alert["district_id"] for alert in many] == [DISTRICT, None]
    assert many[1]["counts"] == {"districts": FOLD_OVER + 1}
    assert sorted(await told(store)) == [("firing", "feed.stuck")] * 2 + [("resolved", "feed.stuck")] * 2


async def test_one_process_inspects_at_a_time_and_not_more_often_than_asked(store: StoreUnderTest) -> None:
    async with opened_store(store.url) as other, store.database.transaction() as inspecting:
        await inspecting.execute("SELECT FROM inspections FOR UPDATE")
        meanwhile = await other.inspections.inspect(AT_ONCE, 0)
    first = await store.inspections.inspect(timedelta(minutes=1), 0)
    again = await store.inspections.inspect(timedelta(minutes=1), 0)

    assert (meanwhile, first, again) == (None, 0, None)
    assert not await store.inspections.is_due(timedelta(minutes=1))
    assert await store.inspections.is_due(AT_ONCE)


async def test_the_stage_tells_of_dead_letters_on_the_broker(store: StoreUnderTest) -> None:
    class Broken(InProcessBroker):
        async def depth(self, queue: str) -> int | None:
            return 2 if queue == "clever.events.dead" else 0

    slept = asyncio.Event()

    async def sleep(_seconds: float) -> None:
        slept.set()

    stage = InspectStage(store.inspections, Broken(), AT_ONCE, sleep)
    worked = await stage.once()
    await stage.wait()

    assert (worked, slept.is_set()) == (False, True)
    assert await told(store) == [("firing", "dead_letters.waiting")]


# Figures


@pytest.mark.alone("counts over all districts")
async def test_the_figures_tell_of_all_districts(store: StoreUnderTest) -> None:
    for code in ("outbox.stuck", "window.overdue", "district.parked"):
        await change(store, TROUBLE[code][0])
    await store.rows("UPDATE evaluation_failures SET parked_at = NULL")
    await inspect(store, 2)
    metrics = Metrics()

    figures = await store.inspections.figures()
    show_figures(metrics, figures)

    assert figures.incidents == {"outbox.stuck": 1, "window.overdue": 1, "dead_letters.waiting": 1}
    assert figures.windows_due == 1
    assert 15 * 60 < figures.window_overdue_seconds < 17 * 60
    assert 6 * 60 <= figures.outbox_oldest_seconds < 7 * 60
    value = metrics.registry.get_sample_value
    assert value("rostering_incidents", {"code": "outbox.stuck"}) == 1
    assert value("rostering_incidents", {"code": "feed.stuck"}) == 0
    assert value("rostering_windows_due") == 1


@pytest.mark.alone("counts over all districts")
async def test_where_nothing_waits_the_figures_are_nought(store: StoreUnderTest) -> None:
    assert await store.inspections.figures() == Figures()
