"""A page of the list of districts is a piece of the whole list, in each order and of each status."""

from __future__ import annotations

from typing import Final

import pytest

from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres import statements
from worker.operations.district_queries import DistrictOrder, DistrictsAsked

pytestmark = pytest.mark.alone

COUNT: Final = 60
FILL: Final = f"""
    INSERT INTO districts (district_id, status, counts, standing_since, reported_digest, purged_at)
    SELECT 'd' || n, s.status, CASE WHEN n % 7 = 0 THEN '{{}}' ELSE
               jsonb_build_object('roster:student', n * 37 % 20, 'blocked', n * 11 % 6) END,
           CASE s.status WHEN 'review' THEN now() END, CASE s.status WHEN 'review' THEN ''::bytea END,
           CASE WHEN n % 13 = 0 THEN now() END
    FROM generate_series(1, {COUNT}) AS n
    CROSS JOIN LATERAL (SELECT (ARRAY['waiting', 'review', 'rostered'])[1 + n % 3] AS status) AS s;
    INSERT INTO connections (district_id, disconnected_at)
    SELECT 'd' || n, CASE WHEN n % 11 = 0 THEN now() END FROM generate_series(1, {COUNT}) AS n;
    INSERT INTO evaluation_failures (district_id, failures, not_before, parked_at, error)
    SELECT 'd' || n, 5, now(), CASE WHEN n % 2 = 0 THEN now() END, ''
    FROM generate_series(3, {COUNT}, 5) AS n;
    INSERT INTO holds (district_id, actor, reason)
    SELECT 'd' || n, 'ada', 'r' FROM generate_series(4, {COUNT}, 8) AS n;
    INSERT INTO incidents (district_id, code, since, told)
    SELECT 'd' || n, 'feed.stuck', now(), CASE WHEN n % 3 < 2 THEN '' END
    FROM generate_series(1, {COUNT}, 4) AS n"""
STATUSES: Final = (
    *(None, "parked", "review", "on_hold"),
    *("disconnected", "waiting", "rostered", "purged", "no such status"),
)


@pytest.fixture
async def filled(store: StoreUnderTest) -> StoreUnderTest:
    """A store with districts of every status, with and without incidents."""
    async with store.database.connection() as connection:
        await connection.execute(FILL)
    return store


@pytest.mark.parametrize("status", STATUSES)
async def test_pages_of_districts_make_up_the_whole_list(filled: StoreUnderTest, status: str | None) -> None:
    whole = statements.load("operations/district_queries")["districts"]
    orders: tuple[DistrictOrder, ...] = ("attention", "students", "blocked")
    for order in orders:
        expected = [row["district_id"] for row in await filled.rows(whole, status, None, order, 0, None)]
        shown = []

        for offset in range(0, COUNT, 7):
            page = await filled.views.districts(DistrictsAsked(status, order=order, offset=offset, limit=7))
            assert page.matching == len(expected)
            shown += [row.district_id for row in page.rows]

        assert shown == expected
