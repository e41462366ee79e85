"""Where the feed goes on once a baseline was read, and which version a record that is the same has."""

from __future__ import annotations

import pytest
from builders import DISTRICT, event_id
from store_fixtures import StoreUnderTest

from worker.adapters.postgres.poll.baseline_adoption import adopt, ready_baseline

SEED, BEFORE = event_id(50), event_id(40)
CONNECTED = (
    "INSERT INTO connections (district_id, due_at, cursor, cursor_at, settled, unsettled, overlap) "
    "VALUES ($1, now(), $2, now(), 'settled', 7, 'overlap')"
)


@pytest.mark.parametrize(("cursor", "is_further"), [(None, False), (49, False), (50, False), (51, True)])
async def test_the_feed_goes_on_from_the_seed_unless_it_is_further_already(
    store: StoreUnderTest, cursor: int | None, is_further: bool
) -> None:
    for district in (DISTRICT, "another"):
        await store.rows(CONNECTED, district, None if cursor is None else event_id(cursor))
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["terms"])

    await store.baselines.believe(run, moves_cursor=True)

    rows = await store.rows(
        "SELECT cursor, settled, unsettled, overlap, cursor_at IS NULL FROM connections ORDER BY district_id"
    )
    moved = (event_id(51), "settled", 7, "overlap", True) if is_further else (SEED, SEED, 0, BEFORE, True)
    before = (None if cursor is None else event_id(cursor), "settled", 7, "overlap", False)
    assert {tuple(row) for row in rows} == {moved, before}


async def test_a_feed_that_is_not_to_move_stays_where_it_is(store: StoreUnderTest) -> None:
    await store.rows(CONNECTED, DISTRICT, event_id(3))
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["terms"])

    await store.baselines.believe(run, moves_cursor=False)

    (row,) = await store.rows("SELECT cursor, settled, unsettled, overlap FROM connections")
    assert tuple(row) == (event_id(3), "settled", 7, "overlap")


@pytest.mark.parametrize(("read", "kept"), [(5, 7), (7, 7), (9, 9), (None, 7)])
async def test_a_record_that_is_the_same_is_kept_as_the_version_changed_last(
    store: StoreUnderTest, read: int | None, kept: int
) -> None:
    record = {"name": "Full Year"}
    await store.rows(
        "INSERT INTO staged (district_id, kind, record_id, event_id, record, modified) "
        "VALUES ($1, 'term', 't', $2, $3, 7)",
        *(DISTRICT, event_id(2), record),
    )
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", DISTRICT)
    await store.baselines.begin(DISTRICT, SEED, BEFORE, ["terms"])
    await store.rows("UPDATE baselines SET read_at = now(), ready_at = now(), records = 1")
    await store.rows(
        "INSERT INTO baseline_records (district_id, kind, record_id, record, modified) "
        "VALUES ($1, 'term', 't', $2, $3)",
        *(DISTRICT, record, read),
    )

    async with store.database.transaction() as connection:
        now = await connection.fetchval("SELECT now()")
        baseline = await ready_baseline(connection, DISTRICT, now)
        assert baseline is not None
        await adopt(connection, DISTRICT, baseline, now, 9)

    (row,) = await store.rows("SELECT event_id, modified FROM staged")
    assert tuple(row) == (event_id(2), kept)
