"""Which district is evaluated next, and when: those that are due, that failed, and that time makes due."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any, Final

import pytest

from schemas.words import Trigger
from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.people import anybody_waits, until
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.evaluation import windows
from worker.adapters.postgres.evaluation.due_districts import CANDIDATES
from worker.domain.preflight.policy import Policy, in_force
from worker.domain.preflight.window import WindowLimits

MINUTE: Final = timedelta(minutes=1)
LIMITS: Final = WindowLimits(10 * MINUTE, 60 * MINUTE, 5, 60 * MINUTE)
FRESH: Final[Mapping[str, Any]] = {
    "opened_at": 1, "last_event_at": 1, "events": 4, "requested": None, "deferred_since": None,
}  # fmt: skip
"""A window that nothing closes yet; times are minutes ago."""
QUIET: Final = {**FRESH, "opened_at": 30, "last_event_at": 30}
WINDOW: Final = (
    "INSERT INTO windows (district_id, opened_at, last_event_at, events, requested, deferred_since) "
    "VALUES ($1, now() - $2::interval, now() - $3::interval, $4, $5, now() - $6::interval)"
)
FAILED: Final = (
    "INSERT INTO evaluation_failures (district_id, failures, not_before, parked_at, error) "
    "VALUES ($1, 1, now() - $2::interval, now() - $3::interval, 'x')"
)


def ago(minutes: float | None) -> timedelta | None:
    return None if minutes is None else minutes * MINUTE


async def opened(store: StoreUnderTest, name: str, window: Mapping[str, Any]) -> None:
    """Open a window of a district that was seen; `failed` is when it may be tried again, and was parked."""
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", name)
    given = {**FRESH, **window}
    times = (ago(given["opened_at"]), ago(given["last_event_at"]))
    rest = (given["events"], given["requested"], ago(given["deferred_since"]))
    await store.rows(WINDOW, name, *times, *rest)
    if "failed" in window:
        await store.rows(FAILED, name, *map(ago, window["failed"]))


async def in_turn(store: StoreUnderTest) -> list[str]:
    """Take each district that is due, while those before it are held; return them in order."""
    taken = list[str]()
    async with AsyncExitStack() as held:
        while len(taken) < 5:
            evaluation = await held.enter_async_context(store.evaluations.next(LIMITS))
            if evaluation is None:
                return taken
            taken.append(evaluation.window.district_id)
    return taken


@pytest.mark.parametrize(
    ("window", "trigger"),
    [
        ({"requested": "flush", "events": 0}, Trigger.FLUSH),
        ({"events": 5}, Trigger.SIZE),
        ({"last_event_at": 11}, Trigger.QUIET),
        ({"opened_at": 61}, Trigger.AGE),
        ({"deferred_since": 61}, Trigger.AGE),
        ({"requested": "flush", "failed": (1, None)}, Trigger.FLUSH),
    ],
)
async def test_a_window_is_closed_by_any_one_of_its_triggers(
    store: StoreUnderTest, window: Mapping[str, Any], trigger: Trigger
) -> None:
    await opened(store, DISTRICT, window)

    async with store.evaluations.next(LIMITS) as evaluation:
        assert evaluation is not None
        assert (evaluation.window.district_id, evaluation.window.trigger) == (DISTRICT, trigger)


@pytest.mark.parametrize(
    "window",
    [
        FRESH,
        {"events": 4, "opened_at": 59},
        {"events": 0, "opened_at": 600},
        {"last_event_at": 9, "opened_at": 59},
        {"deferred_since": 59, "opened_at": 59},
        {"requested": "flush", "opened_at": 59, "failed": (-1, None)},
        {"requested": "flush", "opened_at": 59, "failed": (1, 1)},
    ],
)
async def test_districts_not_due_hide_none_that_is(store: StoreUnderTest, window: Mapping[str, Any]) -> None:
    for number in range(CANDIDATES):
        await opened(store, f"{number:02}", {"opened_at": 58, **window})
    await opened(store, DISTRICT, QUIET)

    assert await in_turn(store) == [DISTRICT]


async def test_districts_with_requests_come_first_and_then_the_oldest(store: StoreUnderTest) -> None:
    for name, window in (
        *(("c", QUIET), ("a", {**QUIET, "requested": "flush"}), ("d", {**QUIET, "opened_at": 20})),
        *(("b", {"requested": "filter"}),),
    ):
        await opened(store, name, window)

    assert await in_turn(store) == ["a", "b", "c", "d"]


async def test_one_look_asks_for_no_more_districts_than_it_may(store: StoreUnderTest) -> None:
    for number in range(CANDIDATES + 1):
        await opened(store, f"{number:02}", {**QUIET, "opened_at": 59 - number})
    async with store.database.transaction() as elsewhere:
        await elsewhere.execute("SELECT FROM districts WHERE district_id < '20' FOR UPDATE")

        async with store.evaluations.next(LIMITS) as none:
            assert none is None

    assert (await in_turn(store))[0] == "00"


# Failures

FAILURE: Final = (
    "SELECT failures, not_before - clock_timestamp() AS pause, parked_at IS NOT NULL AS parked, error "
    "FROM evaluation_failures WHERE district_id = $1"
)


async def failure(store: StoreUnderTest) -> tuple[int, int, bool, str]:
    """Return the failures, the minutes until the next try, whether it is parked, and the error."""
    (row,) = await store.rows(FAILURE, DISTRICT)
    return row["failures"], round(row["pause"] / MINUTE), row["parked"], row["error"]


async def test_each_failure_doubles_the_pause_until_the_last_one_parks(store: StoreUnderTest) -> None:
    counted, parked = [], []
    for number in range(1, 14):
        parked.append(await store.evaluations.failed(DISTRICT, f"error {number}", MINUTE, 13))
        counted.append(await failure(store))

    pauses = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 1024, 1024]
    expected = enumerate(pauses, start=1)
    assert counted == [(number, pause, number == 13, f"error {number}") for number, pause in expected]
    assert parked == [*[False] * 12, True]


async def test_a_district_put_off_waits_and_is_not_charged(store: StoreUnderTest) -> None:
    seen = []
    for error, minutes in (("first", 5), ("shorter", 1), ("longer", 9)):
        await store.evaluations.put_off(DISTRICT, error, minutes * MINUTE)
        seen.append(await failure(store))

    assert seen == [(0, 5, False, "first"), (0, 5, False, "shorter"), (0, 9, False, "longer")]


# Policies that changed

POLICY: Final = (
    "INSERT INTO policies (district_id, version, policy, actor, until) "
    "VALUES ($1, $2, $3, 'ada', now() + $4::interval)"
)
JUDGED: Final = "INSERT INTO districts (district_id, policy_fingerprint) VALUES ($1, $2)"
ENDED, RUNNING = -MINUTE, MINUTE
NEW_YORK: Final = "America/New_York"


async def requested(store: StoreUnderTest) -> dict[str, str]:
    rows = await store.rows("SELECT district_id, requested FROM windows ORDER BY district_id")
    return {row["district_id"]: row["requested"] for row in rows}


@pytest.mark.alone("asks for every district that an old policy concerns")
@pytest.mark.parametrize("is_stale", [False, True])
async def test_districts_evaluated_by_another_policy_are_due(store: StoreUnderTest, is_stale: bool) -> None:
    with_own = []
    for name, policies, in_force_now in (
        ("none", [], None),
        ("newest", [(2, None), (3, None), (1, None)], 3),
        ("ended", [(2, ENDED), (1, None)], 1),
        ("all ended", [(2, ENDED), (1, ENDED)], None),
        ("running", [(2, RUNNING), (1, None)], 2),
        ("elsewhere", [(1, None)], 1),
    ):
        for version, ends in policies:
            await store.rows(POLICY, name, version, {"removal_limit_floor": version}, ends)
        own = None if in_force_now is None else {"removal_limit_floor": in_force_now + is_stale}
        zone = NEW_YORK if name == "elsewhere" else None
        await store.rows(JUDGED, name, in_force(Policy(), own, zone).fingerprint())
        if in_force_now is not None:
            with_own.append(name)
    await store.rows(JUDGED, "never", None)
    await store.rows(
        "INSERT INTO onboarding (district_id, state, time_zone) VALUES ('elsewhere', 'chosen', $1)", NEW_YORK
    )

    asked = await store.evaluations.demand_policy()

    assert await requested(store) == (dict.fromkeys(sorted(with_own), "filter") if is_stale else {})
    assert asked == (len(with_own) if is_stale else 0)


# What is due by time alone


async def waiting(store: StoreUnderTest) -> set[str]:
    rows = await store.rows("SELECT district_id FROM districts WHERE reevaluate_at IS NOT NULL")
    return {row["district_id"] for row in rows}


async def test_districts_that_time_makes_due_are_asked_for_once(store: StoreUnderTest) -> None:
    for name, minutes in (("a", 1), ("b", 2), ("later", -9), ("never", None), ("cut off", 1)):
        add = "INSERT INTO districts (district_id, reevaluate_at) VALUES ($1, now() - $2::interval)"
        await store.rows(add, name, ago(minutes))
    connection = "INSERT INTO connections (district_id, disconnected_at) VALUES ($1, $2::timestamptz)"
    await store.rows(connection, "a", None)
    await store.rows("INSERT INTO connections (district_id, disconnected_at) VALUES ('cut off', now())")

    await windows.close_by_time(store.database)
    await windows.close_by_time(store.database)

    assert await requested(store) == {"a": "filter", "b": "filter"}
    assert await waiting(store) == {"later"}
    numbers = await store.rows("SELECT DISTINCT request_number FROM windows")
    assert [row[0] for row in numbers] == [1]


async def test_one_look_takes_a_limited_number_longest_waiting_first(store: StoreUnderTest) -> None:
    await store.rows(
        "INSERT INTO districts (district_id, reevaluate_at) "
        "SELECT lpad(n::text, 4, '0'), now() - n * interval '1 second' FROM generate_series(1, $1::int) AS n",
        windows.AT_ONCE + 2,
    )

    await windows.close_by_time(store.database)

    assert await waiting(store) == {"0001", "0002"}


async def test_each_request_counts_and_the_last_one_says_why(store: StoreUnderTest) -> None:
    async with store.database.transaction() as connection:
        await windows.close(connection, [DISTRICT], Trigger.FLUSH)
    await store.rows("UPDATE windows SET requested = 'settled', through = 'e'")
    async with store.database.transaction() as connection:
        await windows.close(connection, [DISTRICT, OTHER_DISTRICT, DISTRICT], Trigger.FILTER)

    rows = await store.rows(
        "SELECT district_id, requested, request_number, through FROM windows ORDER BY district_id"
    )
    assert [tuple(row) for row in rows] == [
        (DISTRICT, "filter", 2, None),
        (OTHER_DISTRICT, "filter", 1, None),
    ]


async def test_windows_are_locked_in_the_order_of_their_districts(store: StoreUnderTest) -> None:
    async def ask() -> None:
        async with store.database.transaction() as connection:
            await windows.close(connection, [OTHER_DISTRICT, DISTRICT], Trigger.FLUSH)

    await ask()
    async with store.database.transaction() as elsewhere:
        await elsewhere.execute("SELECT FROM windows WHERE district_id = $1 FOR UPDATE", OTHER_DISTRICT)
        asking = asyncio.ensure_future(ask())
        await until(lambda: anybody_waits(store))
        free = await elsewhere.fetch("SELECT district_id FROM windows FOR UPDATE SKIP LOCKED")
        assert DISTRICT not in {row["district_id"] for row in free}
    await asking


async def test_a_district_is_taken_without_waiting_for_another(store: StoreUnderTest) -> None:
    await store.rows("INSERT INTO districts (district_id) VALUES ($1), ($2)", DISTRICT, OTHER_DISTRICT)

    async with store.database.transaction() as elsewhere, asyncio.timeout(10):
        await elsewhere.execute("SELECT FROM districts WHERE district_id = $1 FOR UPDATE", OTHER_DISTRICT)
        async with store.database.transaction() as connection:
            evaluation = await store.evaluations.locked(connection, DISTRICT, Trigger.FLUSH)

    assert evaluation is not None
    assert evaluation.window.district_id == DISTRICT
