"""Statements that look for some of a district's records never read all of them, statistics or none."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tests.support.builders.records import DISTRICT
from tests.support.fixtures.people import NORTH, Feed
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres import statements


@pytest.mark.parametrize("has_statistics", [False, True])
@pytest.mark.parametrize(
    ("file", "name"),
    [("evaluation/error_figures", "cohorts"), ("evaluation/candidate_roster", "students_of_schools")],
)
async def test_students_of_a_school_are_found_by_their_school(
    store: StoreUnderTest, feed: Feed, file: str, name: str, has_statistics: bool
) -> None:
    assert feed
    if has_statistics:
        await store.rows("ANALYZE")

    found = await store.rows(f"EXPLAIN {statements.load(file)[name]}", DISTRICT, [NORTH])

    text = "\n".join(row[0] for row in found)
    assert "roster_school" in text
    assert "roster_pkey" not in text


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_an_incidents_first_alert_is_found_by_it(store: StoreUnderTest, has_statistics: bool) -> None:
    await store.rows(
        "INSERT INTO deliveries (channel, alert_id, dedup_key, status, starts_at, body, position) "
        "SELECT 'line-1', n, 'key ' || n, 'firing', now(), '{}', n FROM generate_series(1, 2000) AS n"
    )
    if has_statistics:
        await store.rows("ANALYZE")

    found = await store.rows(
        f"EXPLAIN {statements.load('alerts/deliveries')['take']}", "line-1", 8, timedelta(minutes=1)
    )

    text = "\n".join(row[0] for row in found)
    assert "deliveries_waiting on deliveries d" in text
    assert "deliveries_first on deliveries e" in text
    assert "Sort" not in text


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_what_a_channel_does_not_have_is_found_without_reading_the_alerts_of_others(
    store: StoreUnderTest, has_statistics: bool
) -> None:
    await store.rows(
        "INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, trace_parent,"
        " body) SELECT '1', n, 'key ' || n, 'firing', now(), 'alert.warning', '', '{}'"
        " FROM generate_series(1, 2000) AS n"
    )
    await store.deliveries.take_over("line-1", 2000)
    await store.deliveries.take_over("line-2", 2000)
    if has_statistics:
        await store.rows("ANALYZE")

    found = await store.rows(
        f"EXPLAIN {statements.load('alerts/deliveries')['take_over']}", "line-1", 8, timedelta(0)
    )

    text = "\n".join(row[0] for row in found)
    assert "deliveries_by_position on deliveries" in text
    assert "Seq Scan on deliveries" not in text


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_how_much_is_shared_is_counted_by_the_keys_of_one_district(
    store: StoreUnderTest, feed: Feed, has_statistics: bool
) -> None:
    assert feed
    await store.rows("INSERT INTO onboarding (district_id, state) VALUES ($1, 'connected')", DISTRICT)
    if has_statistics:
        await store.rows("ANALYZE")

    found = await store.rows(f"EXPLAIN {statements.load('onboarding/districts')['judge']}", 20, None)

    text = "\n".join(row[0] for row in found)
    assert "enrollments_pkey on enrollments" in text
    assert "staged_pkey on staged" in text
    assert "Seq Scan" not in text


MANY = 2000
MINUTE = timedelta(minutes=1)


async def plan_and_reads(store: StoreUnderTest, file: str, name: str, *arguments: object) -> tuple[str, int]:
    """Return how a statement is carried out, and how many buffers it reads; what it writes is undone.

    The second time: the first passes over what an earlier test has left dead in the indexes.
    """
    async with store.database.connection() as connection:
        for _ in range(2):
            transaction = connection.transaction()
            await transaction.start()
            explained = f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statements.load(file)[name]}"
            (found,) = orjson.loads(await connection.fetchval(explained, *arguments))
            await transaction.rollback()
    plan = found["Plan"]
    return orjson.dumps(plan).decode(), plan["Shared Hit Blocks"] + plan["Shared Read Blocks"]


WAITING = {
    "relay/outbox": """
        INSERT INTO outbox (district_id, position, decision_number, routing_key, schema, message_key,
                            sequence, part, parts, trace_parent, envelope, created_at)
        SELECT $1 || n, m, 1, 'commit', 's', 'k', 1, m, $3::int, 't', '{}', now() - $4::interval
        FROM generate_series(1, $2::int) AS n, generate_series(1, $3::int) AS m""",
    "alerts/alerts": """
        INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, trace_parent,
                            body)
        SELECT $1 || n, n || '-' || m, 'key', 'firing', now() - $4::interval, 'alert.warning', 't', '{}'
        FROM generate_series(1, $3::int) AS m, generate_series(1, $2::int) AS n""",
}
BY_AGE = {"relay/outbox": "outbox_age", "alerts/alerts": "alerts_unpublished_age"}


@pytest.mark.parametrize("has_statistics", [False, True])
@pytest.mark.parametrize("file", list(WAITING))
async def test_a_lease_reads_no_more_messages_than_it_takes_districts(
    store: StoreUnderTest, file: str, has_statistics: bool
) -> None:
    await store.rows(WAITING[file], "many", MANY, 2, timedelta(0))
    if has_statistics:
        await store.rows("ANALYZE")

    plan, reads = await plan_and_reads(store, file, "lease", uuid.uuid4(), 20, MINUTE)

    assert BY_AGE[file] in plan
    assert "Seq Scan" not in plan
    assert reads < MANY / 4


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_a_lease_does_not_read_the_parts_of_a_decision(
    store: StoreUnderTest, has_statistics: bool
) -> None:
    fill = WAITING["relay/outbox"]
    await store.rows(fill, "large", 1, 10 * MANY, MINUTE)
    await store.rows(fill, "many", 30, 1, timedelta(0))
    if has_statistics:
        await store.rows("ANALYZE")

    _, reads = await plan_and_reads(store, "relay/outbox", "lease", uuid.uuid4(), 20, MINUTE)

    assert reads < MANY / 4


WINDOWS = (
    "INSERT INTO windows (district_id, opened_at, last_event_at, events, requested, deferred_since)"
    " SELECT 'many' || n, now() - $2::interval, now() - $3::interval, $4, $5, now() - $6::interval"
    " FROM generate_series(1, $1::int) AS n"
)
NOT_DUE = (3 * MINUTE, timedelta(seconds=1), 900, None, MINUTE)
REQUESTED = (3 * MINUTE, timedelta(seconds=1), 900, "filter", MINUTE)


@pytest.mark.parametrize(
    "statistics_of", [None, NOT_DUE, REQUESTED], ids=["no statistics", "not due", "asked for"]
)
@pytest.mark.parametrize(
    ("window", "due"),
    [
        (NOT_DUE, 0),
        (REQUESTED, 20),
        ((3 * MINUTE, MINUTE, 900, None, None), 20),
        ((6 * MINUTE, timedelta(seconds=1), 900, None, None), 20),
        ((3 * MINUTE, timedelta(seconds=1), 50_000, None, None), 20),
        ((3 * MINUTE, timedelta(seconds=1), 900, None, 31 * MINUTE), 20),
    ],
    ids=["none", "requested", "quiet", "age", "size", "deferred"],
)
async def test_a_look_for_due_districts_reads_few_windows_of_many(
    store: StoreUnderTest, window: tuple[object, ...], due: int, statistics_of: tuple[object, ...] | None
) -> None:
    if statistics_of is not None:
        await store.rows(WINDOWS, MANY, *statistics_of)
        await store.rows("ANALYZE")
        await store.rows("DELETE FROM windows WHERE district_id LIKE 'many%'")
    await store.rows(WINDOWS, MANY, *window)
    limits = (50_000, timedelta(seconds=10), 5 * MINUTE, 30 * MINUTE, 20)

    plan, reads = await plan_and_reads(store, "evaluation/due_districts", "due_districts", *limits)
    (found,) = await store.rows(statements.load("evaluation/due_districts")["due_districts"], *limits)

    assert len(found["districts"]) == due
    assert "Seq Scan" not in plan
    assert reads < MANY / 10


async def test_events_of_two_seconds_change_nothing_that_an_index_of_windows_holds(
    store: StoreUnderTest,
) -> None:
    await store.rows(
        "INSERT INTO windows (district_id, opened_at, last_event_at, events)"
        " VALUES ($1, now(), date_bin('2 seconds', now(), 'epoch'), 1)",
        DISTRICT,
    )
    indexed = "SELECT opened_at, quiet_since, events_since, size_step FROM windows WHERE district_id = $1"
    before = await store.rows(indexed, DISTRICT)

    await store.rows(
        "UPDATE windows SET events = 999, last_event_at = last_event_at + interval '1.9 s'"
        " WHERE district_id = $1",
        DISTRICT,
    )

    assert await store.rows(indexed, DISTRICT) == before


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_old_ids_of_events_are_found_by_their_age(store: StoreUnderTest, has_statistics: bool) -> None:
    await store.rows(
        "INSERT INTO evaluated_events SELECT 'many', n, now() - n * interval '1 minute'"
        " FROM generate_series(1, $1::int) AS n",
        10 * MANY,
    )
    if has_statistics:
        await store.rows("ANALYZE")

    since = datetime.min.replace(tzinfo=UTC)
    plan, reads = await plan_and_reads(
        store, "operations/districts", "forget_old_events", timedelta(0), since, 10
    )

    assert "evaluated_events_age" in plan
    assert reads < MANY / 10
