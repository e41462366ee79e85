"""Which incidents are ended, told of again, forgotten or listed: beside each stand others that stay."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg
import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.incidents import alerts, inspect, told
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.alerts.incidents import end_all, note
from worker.adapters.postgres.alerts.stage_failures import PostgresStageFailures
from worker.domain.alerts.codes import FEED_STUCK, PLAN_MASS_REMOVAL, PREFLIGHT_FAILED
from worker.domain.alerts.incidents import AlertRules, Problem

MINUTE: Final = timedelta(minutes=1)
RULES: Final = AlertRules()
SHORT, LONG = RULES.flap - MINUTE, RULES.flap + MINUTE
OPEN: Final[Mapping[str, Any]] = {"told": "x", "told_at": timedelta(days=1)}
OVER: Final[Mapping[str, Any]] = {"told": None, "told_at": timedelta(days=1)}
FLAPS: Final[Mapping[str, Any]] = {**OPEN, "returns": 2}
CHANGED: Final[Mapping[str, Any]] = {**OPEN, "told": "before"}


async def stand(store: StoreUnderTest, district_id: str, code: str, **columns: Any) -> None:
    """Insert an incident with these columns; its times are so long ago."""
    values = {"since": timedelta(days=2), "picture": "x", "summary": "x", **OPEN, **columns}
    values = {
        name: datetime.now(UTC) - value if isinstance(value, timedelta) else value
        for name, value in values.items()
    }
    names = ", ".join(values)
    places = ", ".join(f"${number}" for number in range(3, 3 + len(values)))
    await store.rows(
        f"INSERT INTO incidents (district_id, code, {names}) VALUES ($1, $2, {places})",
        *(district_id, code, *values.values()),
    )


async def kept(store: StoreUnderTest) -> set[tuple[str, str]]:
    rows = await store.rows("SELECT district_id, code FROM incidents")
    return {(row["district_id"], row["code"]) for row in rows}


TIME_TELLS: Final[dict[str, tuple[Mapping[str, Any], str | None]]] = {
    "stayed away": ({**FLAPS, "clear_since": LONG}, "resolved"),
    "went away": ({**FLAPS, "clear_since": SHORT}, None),
    "over for long": ({**OVER, "told_at": LONG}, "forgotten"),
    "over": ({**OVER, "told_at": SHORT}, None),
    "changed": (CHANGED, "updated"),
    "changed soon after it began": ({**CHANGED, "told_at": SHORT}, "updated"),
    "changed once more after long": ({**CHANGED, "updated_at": LONG}, "updated"),
    "changed once more": ({**CHANGED, "updated_at": SHORT}, None),
    "the same": ({**OPEN, "updated_at": LONG}, None),
}


async def test_an_inspection_ends_what_only_time_is_a_reason_for(store: StoreUnderTest) -> None:
    for district, (columns, _) in TIME_TELLS.items():
        await stand(store, district, PREFLIGHT_FAILED, **columns)
    await stand(store, "inspected", FEED_STUCK, **FLAPS, clear_since=LONG)

    await inspect(store)

    said = {alert["district_id"]: alert["status"] for alert in await alerts(store)}
    here = {district for district, _ in await kept(store)}
    became = {district: said.get(district) if district in here else "forgotten" for district in TIME_TELLS}
    assert became == {district: what for district, (_, what) in TIME_TELLS.items()}
    assert said["inspected"] == "resolved"


async def test_an_inspection_passes_by_what_an_evaluation_tells_of_right_now(store: StoreUnderTest) -> None:
    for district in ("a", "b"):
        await stand(store, district, PREFLIGHT_FAILED, **FLAPS, clear_since=LONG)

    async with store.database.transaction() as evaluation, asyncio.timeout(40):
        await note(evaluation, "a", {PREFLIGHT_FAILED: Problem("x", "x")}, datetime.now(UTC), RULES)
        await inspect(store)

    assert [alert["district_id"] for alert in await alerts(store)] == ["b"]


async def test_what_is_noted_ends_its_districts_incident_of_that_code_alone(store: StoreUnderTest) -> None:
    for district in (DISTRICT, OTHER_DISTRICT):
        for code in (PREFLIGHT_FAILED, PLAN_MASS_REMOVAL):
            await stand(store, district, code)
    await stand(store, "over", PREFLIGHT_FAILED, **OVER)
    await stand(store, "over", PLAN_MASS_REMOVAL, **OVER)
    await stand(store, OTHER_DISTRICT, FEED_STUCK)
    before = await kept(store)

    async with store.database.transaction() as connection:
        now = datetime.now(UTC)
        await note(connection, DISTRICT, {PREFLIGHT_FAILED: None, FEED_STUCK: None}, now, RULES)
        await note(connection, "over", {PREFLIGHT_FAILED: None}, now, RULES)

    assert [(one["district_id"], one["code"], one["status"]) for one in await alerts(store)] == [
        (DISTRICT, PREFLIGHT_FAILED, "resolved")
    ]
    assert before - await kept(store) == {("over", PREFLIGHT_FAILED)}


async def test_an_incident_of_a_district_is_noted_by_one_at_a_time(store: StoreUnderTest) -> None:
    for district in (DISTRICT, OTHER_DISTRICT):
        await stand(store, district, PREFLIGHT_FAILED)
    await stand(store, DISTRICT, PLAN_MASS_REMOVAL)
    same, now = {PREFLIGHT_FAILED: Problem("x", "x")}, datetime.now(UTC)

    async with store.database.transaction() as first:
        await note(first, DISTRICT, same, now, RULES)
        async with store.database.connection() as other:
            await other.execute("SET lock_timeout = '20ms'")
            await note(other, OTHER_DISTRICT, same, now, RULES)
            await note(other, DISTRICT, {PLAN_MASS_REMOVAL: Problem("x", "x")}, now, RULES)
            with pytest.raises(asyncpg.LockNotAvailableError):
                await note(other, DISTRICT, same, now, RULES)
            with pytest.raises(asyncpg.LockNotAvailableError):
                await end_all(other, DISTRICT, now, RULES, "gone")
            await other.execute("RESET lock_timeout")

    assert await told(store) == []


async def test_all_incidents_of_one_district_end_and_are_forgotten(store: StoreUnderTest) -> None:
    await stand(store, DISTRICT, PREFLIGHT_FAILED, **FLAPS)
    await stand(store, DISTRICT, PLAN_MASS_REMOVAL, **OVER)
    for code in (PREFLIGHT_FAILED, FEED_STUCK):
        await stand(store, OTHER_DISTRICT, code)

    async with store.database.transaction() as connection:
        await end_all(connection, DISTRICT, datetime.now(UTC), RULES, "gone")

    said = [(one["district_id"], one["code"], one["status"], one["summary"]) for one in await alerts(store)]
    assert said == [(DISTRICT, PREFLIGHT_FAILED, "resolved", "gone")]
    assert await kept(store) == {(OTHER_DISTRICT, PREFLIGHT_FAILED), (OTHER_DISTRICT, FEED_STUCK)}


async def test_what_stands_is_listed_from_the_oldest_on(store: StoreUnderTest) -> None:
    day = datetime(2026, 1, 1, tzinfo=UTC)
    await stand(store, "b", PREFLIGHT_FAILED, since=day)
    await stand(store, "a", PREFLIGHT_FAILED, since=day)
    await stand(store, "a", PLAN_MASS_REMOVAL, since=day)
    await stand(store, "a", FEED_STUCK, since=day - MINUTE, **FLAPS)
    await stand(store, "c", PREFLIGHT_FAILED, since=day - 2 * MINUTE, **OVER)
    await stand(store, "c", PLAN_MASS_REMOVAL, since=day + MINUTE, returns=1)

    listed = await store.deliveries.incidents()

    assert [(each.district_id, each.code, each.is_flapping) for each in listed] == [
        ("a", FEED_STUCK, True),
        ("a", PLAN_MASS_REMOVAL, False),
        ("a", PREFLIGHT_FAILED, False),
        ("b", PREFLIGHT_FAILED, False),
        ("c", PLAN_MASS_REMOVAL, False),
    ]


async def test_a_processes_report_replaces_only_what_it_said_before(store: StoreUnderTest) -> None:
    failures = PostgresStageFailures(store.database)
    for process in ("one", "two", "gone", "silent"):
        await failures.report(process, {"relay": (60.0, "a"), "poll": (60.0, "b")})
    ago = "UPDATE stage_failures SET seen_at = seen_at - $2::interval WHERE process = $1"
    await store.rows(ago, "gone", timedelta(days=1) + MINUTE)
    await store.rows(ago, "silent", timedelta(days=1) - MINUTE)

    await failures.report("one", {"relay": (120.0, "c"), "mail": (0.0, "d")})

    rows = await store.rows(
        "SELECT process, stage, extract(epoch FROM seen_at - since)::int AS lasts, problem "
        "FROM stage_failures ORDER BY 1, 2"
    )
    assert [tuple(row) for row in rows if row["process"] in {"one", "two"}] == [
        ("one", "mail", 0, "d"),
        ("one", "relay", 120, "c"),
        ("two", "poll", 60, "b"),
        ("two", "relay", 60, "a"),
    ]
    assert {row["process"] for row in rows} == {"one", "two", "silent"}
