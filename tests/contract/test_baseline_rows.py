"""Where the feed goes on once a baseline was read."""

from __future__ import annotations

import pytest
from builders import DISTRICT, event_id
from store_fixtures import StoreUnderTest

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
