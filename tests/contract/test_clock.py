"""A clock that was put back: nothing that lies ahead of it waits for it to catch up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

import pytest

from tests.support.builders.mails import mail, put
from tests.support.builders.records import DISTRICT, event_id, record_id
from tests.support.fixtures.clock import ALWAYS_QUIET, LEASE, MINUTE, clock_of
from tests.support.fixtures.deliveries import alert, tell
from tests.support.fixtures.store import LIMITS, StoreUnderTest
from worker.adapters.postgres.operations.clock import SLACK
from worker.domain.roster.records import RecordKind
from worker.operations.clock import LOOK_SECONDS
from worker.pipeline.ingest.inbox import Arrival, Mark
from worker.runtime.errors import StoreFailed

pytestmark = pytest.mark.alone("a clock that was put back concerns all districts")

WITHOUT_A_LOOK: Final = {
    # What is only shown, or put in an order.
    *(
        "erased_students.erased_at",
        "alerts.created_at",
        "alerts.published_at",
        "alerts.starts_at",
        "approvals.approved_at",
    ),
    *("approvals.ended_at", "audit.at", "batches.closed_at", "batches.opened_at", "connect_links.created_at"),
    *("connect_links.opened_at", "connect_links.revoked_at", "connections.connected_at"),
    *(
        "connections.disconnected_at",
        "connections.missing_since",
        "dead_letters.died_at",
        "decisions.decided_at",
    ),
    *("decisions.published_at", "deliveries.created_at", "deliveries.dead_at", "deliveries.delivered_at"),
    *("deliveries.discarded_at", "deliveries.starts_at", "districts.purged_at", "districts.seen_at"),
    *("districts.standing_since", "evaluation_failures.parked_at", "filters.set_at", "findings.since"),
    *("holds.held_at", "incidents.since", "local_keys.used_at", "onboarding_history.at"),
    *("onboarding.held_since", "onboarding.since", "mails.bounced_at", "mails.cancelled_at"),
    *(
        "mails.created_at",
        "mails.dead_at",
        "mails.handed_at",
        "mails.sent_at",
        "mails.settled_at",
        "policies.set_at",
    ),
    *(
        "suggestions.made_at",
        "searches.made_at",
        "users.created_at",
        "users.disabled_at",
        "users.password_changed_at",
    ),
    *("filters.confirmation_ended_at", "guard_history.committed_at"),
    *("stage_failures.seen_at", "stage_failures.since"),
    *("baselines.read_at", "baselines.ready_at", "districts.baseline_at"),
    # What is kept for days, hour more or less.
    *("evaluated_events.received_at", "inbox.received_at", "local_keys.made_at"),
    # A time of the calendar, that a person or a term sets.
    *("connect_links.expires_at", "districts.reevaluate_at", "policies.until"),
}


ROWS = {
    "windows": "INSERT INTO windows (district_id, opened_at, last_event_at, events, deferred_since) "
    "VALUES ('d', now() + '1h', now() + '1h', 1, now() + '1h')",
    "feed_marks": "INSERT INTO feed_marks (district_id, through, since, count, received_at) "
    "VALUES ('d', 't', 's', 1, now() + '1h')",
    "evaluation_failures": "INSERT INTO evaluation_failures (district_id, failures, not_before, error) "
    "VALUES ('d', 1, now() + '1h', 'x')",
    "relay_leases": "INSERT INTO relay_leases (district_id, holder, until) "
    "VALUES ('d', gen_random_uuid(), now() + '1h')",
    "alert_leases": "INSERT INTO alert_leases (district_id, holder, until) "
    "VALUES ('d', gen_random_uuid(), now() + '1h')",
    "alert_channels": "INSERT INTO alert_channels (channel, since) VALUES ('c', now() + '1h')",
    "inspections": "UPDATE inspections SET inspected_at = now() + '1h'",
    "token_listing": "INSERT INTO token_listing (listed_at) VALUES (now() + '1h')",
    "connections": "INSERT INTO connections (district_id, due_at, cursor_at, failing_since, baseline_after) "
    "VALUES ('d', now() + '1h', now() + '1h', now() + '1h', now() + '1h')",
    "incidents": "INSERT INTO incidents (district_id, code, since, picture, summary, counts, told, told_at, "
    "updated_at, clear_since) VALUES ('d', 'feed.stuck', now(), '', '', '{}', '', now() + '1h', "
    "now() + '1h', now() + '1h')",
    "login_attempts": "INSERT INTO login_attempts (kind, bucket, failures, tried_at, free_at) "
    "VALUES ('name', 1, 9, now() + '1h', now() + '1h')",
    "quarantine": "INSERT INTO quarantine (district_id, body_digest, reason, explanation, received_at) "
    "VALUES ('d', '\\x00', 'x', 'x', now() + '1h')",
}
FURTHEST = {"relay_leases": LEASE, "alert_leases": LEASE, "login_attempts": timedelta(seconds=30)}
TIMES = """
    SELECT table_name, column_name FROM information_schema.columns
    JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
        AND data_type = 'timestamp with time zone' ORDER BY 1, 2"""


async def ahead(store: StoreUnderTest, table: str) -> dict[str, timedelta]:
    """Return by how much the times of a table's rows lie ahead."""
    columns = [row["column_name"] for row in await store.rows(TIMES) if row["table_name"] == table]
    (row,) = await store.rows(f"SELECT *, clock_timestamp() AS moment FROM {table}")
    return {name: row[name] - row["moment"] for name in columns if isinstance(row[name], datetime)}


async def test_only_a_delivery_ahead_of_the_clock_comes_back(store: StoreUnderTest) -> None:
    await tell(store, *(alert(number=number) for number in range(4)))
    await store.deliveries.take_over("line-1", 4)
    waiting, repeated, lately, dead = (
        row["id"] for row in await store.rows("SELECT id FROM deliveries ORDER BY id")
    )
    change = "UPDATE deliveries SET next_attempt_at = now() + $2::interval, {} WHERE id = $1"
    hour, ago = timedelta(hours=1), timedelta(minutes=-1)
    await store.rows(change.format("attempts = 1"), waiting, hour)
    await store.rows(change.format("delivered_at = now(), refreshed_at = now() + '1h'"), repeated, ago)
    await store.rows(
        change.format("delivered_at = now(), refreshed_at = now() - interval '1 min'"), lately, ago
    )
    await store.rows(change.format("dead_at = now()"), dead, hour)
    before = await times_of_deliveries(store)

    await clock_of(store).catch_up()

    after = await times_of_deliveries(store)
    assert after[waiting][0] < before[waiting][0] - hour / 2
    assert after[repeated][1] is not None
    assert after[repeated][1] < before[lately][1] - hour
    assert (after[lately], after[dead]) == (before[lately], before[dead])


async def times_of_deliveries(store: StoreUnderTest) -> dict[int, tuple[Any, Any]]:
    """Return when each is tried next, and when it was repeated."""
    rows = await store.rows("SELECT id, next_attempt_at, refreshed_at FROM deliveries")
    return {row["id"]: (row["next_attempt_at"], row["refreshed_at"]) for row in rows}


@pytest.mark.parametrize("table", sorted(ROWS))
async def test_what_lies_ahead_of_the_clock_comes_back(store: StoreUnderTest, table: str) -> None:
    await store.rows(ROWS[table])

    changed = await clock_of(store).catch_up()

    assert changed == {table: 1}
    furthest = FURTHEST.get(table, timedelta())
    assert all(by <= furthest for by in (await ahead(store, table)).values())
    assert await clock_of(store).catch_up() == {}


async def test_a_table_that_fails_is_reported_and_keeps_no_other(store: StoreUnderTest) -> None:
    await store.rows(ROWS["windows"])
    await store.rows(ROWS["login_attempts"])
    await store.rows("ALTER TABLE feed_marks RENAME COLUMN received_at TO renamed")
    await store.rows("ALTER TABLE quarantine RENAME TO renamed")

    with pytest.raises(StoreFailed, match="42703"):
        await clock_of(store).catch_up()

    for table in ("windows", "login_attempts"):
        furthest = FURTHEST.get(table, timedelta())
        assert all(by <= furthest for by in (await ahead(store, table)).values())


@pytest.mark.parametrize("table", sorted(set(ROWS) - {"alert_channels"}))
async def test_what_lies_ahead_as_far_as_it_may_is_left(store: StoreUnderTest, table: str) -> None:
    await store.rows(ROWS[table].replace("'1h'", "'5s'"))
    before = await ahead(store, table)

    changed = await clock_of(store).catch_up()

    assert changed == {}
    after = await ahead(store, table)
    assert all(after[name] > before[name] - MINUTE for name in before)


async def test_a_window_of_before_is_closed_by_its_quiet(store: StoreUnderTest) -> None:
    arrival = Arrival(DISTRICT, event_id(1), RecordKind.SCHOOL, record_id(1), '{"name":"North"}')
    await store.inbox.store([arrival], [Mark(DISTRICT, event_id(0), event_id(9), 9)], [])
    await store.rows("UPDATE windows SET opened_at = now() + '1h', last_event_at = now() + '1h'")

    await clock_of(store).catch_up()

    (window,) = await store.rows("SELECT last_event_at <= clock_timestamp() AS is_past FROM windows")
    assert window["is_past"]
    assert LOOK_SECONDS + SLACK.total_seconds() + LIMITS.quiet.total_seconds() < MINUTE.total_seconds()


async def test_a_row_that_somebody_has_is_passed_by_and_holds_nothing_up(store: StoreUnderTest) -> None:
    await store.rows(ROWS["windows"])
    async with store.database.transaction() as connection:
        await connection.execute("SELECT FROM windows FOR UPDATE")

        assert await clock_of(store).catch_up() == {}

    assert await clock_of(store).catch_up() == {"windows": 1}


async def test_a_mail_is_due_unless_it_waits_for_a_quiet_hour(store: StoreUnderTest) -> None:
    await put(store, mail())
    await store.rows("UPDATE mails SET next_attempt_at = now() + interval '3 hours', time_zone = 'UTC'")

    waits_on = await clock_of(store, ALWAYS_QUIET).catch_up()
    (waiting,) = await store.rows("SELECT next_attempt_at > now() + interval '1 min' AS waits FROM mails")
    due = await clock_of(store).catch_up()

    (row,) = await store.rows("SELECT next_attempt_at <= clock_timestamp() AS is_due FROM mails")
    assert (waits_on, waiting["waits"]) in (({}, True), ({"mails": 1}, True))
    assert (due, row["is_due"]) == ({"mails": 1}, True)


async def test_a_mail_that_was_handed_over_is_asked_about_no_later_than_ever(store: StoreUnderTest) -> None:
    await put(store, mail())
    (due,) = await store.mails.take(1, MINUTE)
    await store.mails.handed(due, {}, MINUTE)
    await store.rows("UPDATE mails SET next_attempt_at = next_attempt_at + interval '1 hour'")

    assert await clock_of(store).catch_up() == {"mails": 1}

    (row,) = await store.rows("SELECT next_attempt_at <= clock_timestamp() AS is_due FROM mails")
    assert row["is_due"]


async def test_every_time_in_the_store_is_looked_at_or_needs_no_look(store: StoreUnderTest) -> None:
    times = {f"{row['table_name']}.{row['column_name']}" for row in await store.rows(TIMES)}
    looked_at = {
        *("windows.opened_at", "windows.last_event_at", "windows.deferred_since", "feed_marks.received_at"),
        *("evaluation_failures.not_before", "relay_leases.until", "alert_leases.until", "outbox.created_at"),
        *("deliveries.next_attempt_at", "deliveries.refreshed_at", "alert_channels.since"),
        *("mails.next_attempt_at", "mails.trying_since", "inspections.inspected_at"),
        *("token_listing.listed_at", "connections.due_at", "connections.cursor_at"),
        *("connections.failing_since", "connections.baseline_after", "baselines.started_at"),
        *("connections.active_at", "connections.awaited_at"),
        *("quarantine.received_at", "incidents.told_at", "incidents.updated_at", "incidents.clear_since"),
        *("sessions.begun_at", "sessions.seen_at", "login_attempts.tried_at", "login_attempts.free_at"),
    }

    assert times - looked_at - WITHOUT_A_LOOK == set()
    assert looked_at <= times
