"""From when on an inspection tells of something, and what the figures say of it, to some seconds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest

from tests.support.fixtures.incidents import alerts, inspect
from tests.support.fixtures.store import LIMITS, StoreUnderTest
from worker.domain.alerts.detection import Thresholds
from worker.domain.roster.clever_sync import STALE_SYNC

A_BIT: Final = timedelta(seconds=20)
MINUTE: Final = timedelta(minutes=1)
QUIET, OLDEST, PUT_OFF = LIMITS.quiet, LIMITS.max_age, LIMITS.max_deferral
WINDOW: Final = Thresholds().window
FEED: Final = Thresholds().feed
OUTBOX = "INSERT INTO outbox VALUES ($1, {n}, 1, '', '', '', 1, 1, 1, '', '', NULL, now() - $2::interval)"
KNOWN = "WITH known AS (INSERT INTO districts (district_id) VALUES ($1)) "
CONNECTED = (
    f"{KNOWN} INSERT INTO connections (district_id, due_at, awaited_at, failures, failing_since) VALUES "
)
WINDOWS = "INSERT INTO windows (district_id, opened_at, last_event_at, events, deferred_since) VALUES "

BOUNDS: Final = {
    "turns fail": (("feed.stuck", FEED), f"{CONNECTED} ($1, now(), now(), 3, now() - $2::interval)"),
    "no turn begins": (("feed.stuck", FEED), f"{CONNECTED} ($1, now() - $2::interval, now(), 0, NULL)"),
    "no turn reaches the end": (
        ("feed.stuck", FEED),
        f"{CONNECTED} ($1, now(), now() - $2::interval, 0, NULL)",
    ),
    "the last event of a window is long ago": (
        ("window.overdue", WINDOW + QUIET),
        f"{WINDOWS} ($1, now(), now() - $2::interval, 3, NULL)",
    ),
    "a window is old": (
        ("window.overdue", WINDOW + OLDEST),
        f"{WINDOWS} ($1, now() - $2::interval, now(), 1, NULL)",
    ),
    "a verdict was put off long ago": (
        ("window.overdue", WINDOW + PUT_OFF),
        f"{WINDOWS} ($1, now(), now(), 0, now() - $2::interval)",
    ),
    "a message waits": (("outbox.stuck", Thresholds().outbox), OUTBOX.format(n=1)),
}


async def told_of(store: StoreUnderTest) -> dict[str | None, str]:
    """Return the code of the alert of each district."""
    found = await alerts(store)
    assert len({alert["district_id"] for alert in found}) == len(found)
    return {alert["district_id"]: alert["code"] for alert in found}


@pytest.mark.parametrize("what", BOUNDS)
async def test_it_is_told_once_it_has_lasted_so_long(store: StoreUnderTest, what: str) -> None:
    (code, threshold), statement = BOUNDS[what]
    await store.rows(statement, "sooner", threshold - A_BIT)
    await store.rows(statement, "later", threshold + A_BIT)

    await inspect(store)

    assert await told_of(store) == {"later": code}


NEVER: Final = {
    "a window without events is as old as may be": f"{WINDOWS} ($1, now() - $2::interval, now(), 0, NULL)",
    "a district is disconnected": f"{KNOWN} INSERT INTO connections (district_id, due_at, awaited_at, "
    "record, failing_since, disconnected_at) VALUES ($1, now() - $2::interval, now() - $2::interval, "
    '\'{"state": "paused", "last_sync": "2020-01-01"}\', now() - $2::interval, now())',
    "a district that fails since lately was due long ago": f"{CONNECTED} "
    "($1, now() - $2::interval, now() - $2::interval, 1, now())",
    "a process is gone": "INSERT INTO stage_failures VALUES ($1, 'relay', now() - $2::interval, "
    "now() - interval '70 seconds', 'x')",
    "a stage fails since lately": "INSERT INTO stage_failures VALUES ($1, 'relay', "
    "now() - interval '110 seconds' - 0 * $2::interval, now(), 'x')",
    "nothing holds a launch": "INSERT INTO onboarding (district_id, state, since) "
    "VALUES ($1, 'connected', now() - $2::interval)",
}


@pytest.mark.parametrize("what", NEVER)
async def test_what_needs_nobody_is_not_told_however_long_it_lasts(store: StoreUnderTest, what: str) -> None:
    await store.rows(NEVER[what], "d", timedelta(days=9))

    await inspect(store)

    assert await alerts(store) == []


async def test_a_failed_districts_window_is_overdue_and_a_parked_ones_is_not(store: StoreUnderTest) -> None:
    failed = "INSERT INTO evaluation_failures VALUES ($1, 1, now(), CASE WHEN $2 THEN now() END, 'x')"
    for district in ("parked", "failed", "neither"):
        await store.rows(f"{WINDOWS} ($1, now(), now() - interval '1 day', 3, NULL)", district)
    await store.rows(failed, "parked", True)
    await store.rows(failed, "failed", False)

    await inspect(store)

    parked = {"parked": "district.parked", "failed": "window.overdue", "neither": "window.overdue"}
    assert await told_of(store) == parked
    assert (await store.inspections.figures()).windows_due == 2


async def test_a_district_being_read_whole_is_stuck_after_too_long(store: StoreUnderTest) -> None:
    begun = (
        "INSERT INTO baselines (district_id, run, seed, overlap, floor, collections, started_at, read_at) "
        "VALUES ($1, gen_random_uuid(), '', '', '', '{}', now() - $2::interval, CASE WHEN $3 THEN now() END)"
    )
    for district in ("reads", "read", "hangs", "never"):
        await store.rows(BOUNDS["no turn begins"][1], district, timedelta(days=1))
    await store.rows(begun, "reads", timedelta(hours=6) - A_BIT, False)
    await store.rows(begun, "hangs", timedelta(hours=6) + A_BIT, False)
    await store.rows(begun, "read", MINUTE, True)

    await inspect(store)

    assert await told_of(store) == dict.fromkeys(("read", "hangs", "never"), "feed.stuck")


async def test_of_messages_those_that_wait_too_long_are_counted_by_district(store: StoreUnderTest) -> None:
    for district, ages in {"a": (9, 9, 1), "b": (9,), "c": (1, 1)}.items():
        for place, age in enumerate(ages):
            await store.rows(OUTBOX.format(n=place), district, age * MINUTE)

    await inspect(store)

    counts = {alert["district_id"]: alert["counts"] for alert in await alerts(store)}
    assert counts == {"a": {"messages": 2}, "b": {"messages": 1}}


async def test_processes_in_which_a_stage_fails_are_counted_with_one_error(store: StoreUnderTest) -> None:
    failing = "INSERT INTO stage_failures VALUES ($1, $2, now() - $3::interval, now(), $4)"
    for process, stage, since, problem in (
        *(("one", "relay", 9 * MINUTE, "b"), ("two", "relay", 9 * MINUTE, "a")),
        *(("three", "relay", MINUTE, "0"), ("one", "poll", 9 * MINUTE, "c")),
    ):
        await store.rows(failing, process, stage, since, problem)

    await inspect(store)

    (alert,) = await alerts(store)
    assert alert["counts"] == {"relay": 2, "poll": 1}
    assert "poll: c; relay: a." in alert["summary"]


SYNCS: Final = {
    '{"state": "paused"}': "sync.paused",
    '{"state": "pending"}': "sync.stale",
    '{"state": "error"}': "sync.stale",
    '{"state": "success", "pause_start": "2020-01-01", "pause_end": "2190-01-01"}': "sync.paused",
    '{"state": "running", "last_sync": "2020-01-01T00:00:00Z"}': "sync.stale",
    '{"state": "success"}': None,
    '{"state": "running", "last_sync": "2190-01-01T00:00:00Z"}': None,
    "{}": None,
}


async def test_each_state_of_a_sync_that_is_worth_a_word_is_told(store: StoreUnderTest) -> None:
    for place, record in enumerate(SYNCS):
        add = "INSERT INTO connections (district_id, due_at, cursor_at, record) VALUES ($1, now(), now(), $2)"
        await store.rows(add, str(place), {}) if record == "{}" else await store.rows(
            add.replace("$2", f"'{record}'"), str(place)
        )

    await inspect(store)

    expected = {str(place): code for place, code in enumerate(SYNCS.values()) if code}
    assert await told_of(store) == expected


async def test_a_sync_is_stale_once_its_last_success_is_longer_ago_than_may_be(store: StoreUnderTest) -> None:
    stale = datetime.now(UTC) - STALE_SYNC
    for district, last_sync in (("sooner", stale + MINUTE), ("later", stale - MINUTE)):
        await store.rows(
            "INSERT INTO connections (district_id, due_at, cursor_at, record) VALUES ($1, now(), now(), $2)",
            *(district, {"state": "success", "last_sync": last_sync.isoformat()}),
        )

    await inspect(store)

    assert await told_of(store) == {"later": "sync.stale"}


# Figures

DUE: Final = (
    # last event ago, opened ago, put off ago, events, requested; since when it is due
    (QUIET - A_BIT / 4, MINUTE, None, 3, None, None),
    (QUIET + MINUTE, MINUTE, None, 3, None, MINUTE),
    (timedelta(0), OLDEST - A_BIT, None, 3, None, None),
    (timedelta(0), OLDEST + MINUTE, None, 3, None, MINUTE),
    (timedelta(0), OLDEST + MINUTE, None, 0, None, None),
    (timedelta(0), MINUTE, PUT_OFF - A_BIT, 0, None, None),
    (timedelta(0), MINUTE, PUT_OFF + MINUTE, 0, None, MINUTE),
    (timedelta(0), MINUTE, None, LIMITS.max_events - 1, None, None),
    (timedelta(0), MINUTE, None, LIMITS.max_events, None, timedelta(0)),
    (QUIET + MINUTE, MINUTE, None, LIMITS.max_events, None, MINUTE),
    (timedelta(0), MINUTE, None, 0, "flush", timedelta(0)),
    (QUIET + MINUTE, OLDEST + 9 * MINUTE, None, 3, "flush", MINUTE),
)


@pytest.mark.parametrize("window", DUE)
async def test_a_window_is_due_by_its_quiet_its_age_a_deferral_its_size_or_a_request(
    store: StoreUnderTest,
    window: tuple[timedelta, timedelta, timedelta | None, int, str | None, timedelta | None],
) -> None:
    *row, since = window
    await store.rows(
        "INSERT INTO windows (district_id, last_event_at, opened_at, deferred_since, events, requested) "
        "VALUES ('d', now() - $1::interval, now() - $2::interval, now() - $3::interval, $4, $5)",
        *row,
    )

    figures = await store.inspections.figures()

    assert figures.windows_due == (since is not None)
    seconds = (since or timedelta(0)).total_seconds()
    assert seconds <= figures.window_overdue_seconds < seconds + 2 * QUIET.total_seconds()


async def test_of_windows_that_are_due_the_figure_is_of_the_one_that_was_first(store: StoreUnderTest) -> None:
    for district, ago in (("a", 3), ("b", 5), ("c", 2)):
        statement = f"{WINDOWS} ($1, now(), now() - $2::interval, 3, NULL)"
        await store.rows(statement, district, QUIET + ago * MINUTE)
    await store.rows(f"{WINDOWS} ('d', now(), now() - $1::interval, 3, NULL)", timedelta(0))

    figures = await store.inspections.figures()

    assert figures.windows_due == 3
    assert 300 <= figures.window_overdue_seconds < 330


ALERT = (
    "INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, trace_parent, "
    "body, created_at, published_at) VALUES ('', $1, 'k', 'firing', now(), 'r', '', '', "
    "now() - $2::interval, CASE WHEN $3 THEN now() END)"
)


@pytest.mark.parametrize(("message", "alert"), [(3, 2), (2, 3), (3, None), (None, 3)])
async def test_the_oldest_that_waits_is_the_oldest_of_both_lanes(
    store: StoreUnderTest, message: int | None, alert: int | None
) -> None:
    await store.rows(ALERT, "out", 9 * MINUTE, True)
    for place in (0, 1):
        if message is not None:
            await store.rows(OUTBOX.format(n=place), "d", (message - place) * MINUTE)
        if alert is not None:
            await store.rows(ALERT, str(place), (alert - place) * MINUTE, False)

    figures = await store.inspections.figures()

    assert 180 <= figures.outbox_oldest_seconds < 210
