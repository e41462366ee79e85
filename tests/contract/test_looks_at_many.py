"""A look at all districts reads what is due or wrong, however many districts are well."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests.contract.test_query_plans import MANY, plan_and_reads
from tests.support.fixtures.incidents import alerts, inspect
from tests.support.fixtures.store import LIMITS, StoreUnderTest
from worker.adapters.postgres.operations.retention import KEPT
from worker.domain.alerts.codes import INSPECTED
from worker.domain.alerts.detection import Thresholds
from worker.domain.roster.clever_sync import STALE_SYNC

FEW = MANY // 10
"""Buffers that a look may read."""
LIMITS_AND_THRESHOLDS = (
    *(True, STALE_SYNC, Thresholds().feed, LIMITS.quiet, LIMITS.max_age, LIMITS.max_deferral),
    *(Thresholds().window, Thresholds().outbox, Thresholds().stage),
)


WELL = {
    "districts (district_id)": "'well' || n",
    "connections (district_id, due_at, cursor_at, record)": "'well' || n, now() + interval '1 minute', now(),"
    " jsonb_build_object('state', 'success', 'last_sync', to_char(now(), 'YYYY-MM-DD'))",
    "windows (district_id, opened_at, last_event_at, events)": "'well' || n, now(), now(), 9",
    "incidents (district_id, code, since, told)": "'well' || n, 'preflight.failed', now(), ''",
    "onboarding (district_id, state)": "'well' || n, 'connected'",
}


async def well(store: StoreUnderTest) -> None:
    """Write many districts of which there is nothing to say, each with an open window."""
    for table, values in WELL.items():
        await store.rows(f"INSERT INTO {table} SELECT {values} FROM generate_series(1, $1::int) AS n", MANY)


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_an_inspection_reads_no_district_that_is_well(
    store: StoreUnderTest, has_statistics: bool
) -> None:
    await well(store)
    if has_statistics:
        await store.rows("ANALYZE")

    _, observed = await plan_and_reads(store, "alerts/inspections", "observed", *LIMITS_AND_THRESHOLDS)
    _, told = await plan_and_reads(
        store, "alerts/incidents", "to_be_told", list(INSPECTED), datetime.now(UTC)
    )
    windows = (LIMITS.quiet, LIMITS.max_age, LIMITS.max_deferral, LIMITS.max_events)
    _, figures = await plan_and_reads(store, "alerts/inspections", "figures", *windows)

    assert (observed < FEW, told < FEW, figures < FEW) == (True, True, True), (observed, told, figures)


async def test_of_many_that_are_well_the_one_that_is_not_is_told(store: StoreUnderTest) -> None:
    await well(store)
    await store.rows("UPDATE connections SET due_at = now() - interval '1 hour' WHERE district_id = 'well7'")

    await inspect(store)

    assert [(alert["district_id"], alert["code"]) for alert in await alerts(store)] == [
        ("well7", "feed.stuck")
    ]


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_a_look_for_a_turn_reads_no_district_that_is_not_due(
    store: StoreUnderTest, has_statistics: bool
) -> None:
    await well(store)
    if has_statistics:
        await store.rows("ANALYZE")

    plan, reads = await plan_and_reads(store, "poll/connections", "due", [], 50)

    assert "connections_due" in plan
    assert reads < FEW


YOUNG = {
    "batches (district_id, number, batch_id, trigger, events, opened_at, closed_at, outcome)": (
        "'well' || n, 1, n, 'quiet', 1, now(), now(), 'commit'"
    ),
    "decisions (district_id, number, decision_id, outcome, sequence, batch_number, decided_at, summary)": (
        "'well' || n, 1, n, 'commit', 1, 1, now(), '{}'"
    ),
    "filters (district_id, version, filter, actor)": "'well' || n, 1, '{}', 'ada'",
    "audit (actor, action)": "'ada', 'looked'",
    "mails (mail_id, district_id, kind, occasion, recipients, subject, text, html, time_zone, state, sent_at,"
    " handed_at)": "gen_random_uuid(), 'well' || n, 'k', 'o', '{a}', '', '', '', 'UTC', 'sent', now(), now()",
    "guard_history (district_id, sequence, student_id, committed_at, was_there, is_there)": (
        "'one district', 1, n, now(), true, false"
    ),
}


@pytest.mark.parametrize("has_statistics", [False, True])
async def test_housekeeping_reads_nothing_that_is_young(store: StoreUnderTest, has_statistics: bool) -> None:
    for table, values in YOUNG.items():
        await store.rows(f"INSERT INTO {table} SELECT {values} FROM generate_series(1, $1::int) AS n", MANY)
    if has_statistics:
        await store.rows("ANALYZE")

    reads = {
        what: (await plan_and_reads(store, "operations/retention", what, timedelta(days=400), 10_000))[1]
        for what in KEPT
    }

    assert {what: count for what, count in reads.items() if count >= FEW / 4} == {}
