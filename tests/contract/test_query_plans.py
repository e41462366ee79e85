"""Statements that look for some of a district's records never read all of them, statistics or none."""

from __future__ import annotations

import pytest
from builders import DISTRICT
from people_fixtures import NORTH, Feed
from store_fixtures import StoreUnderTest

from worker.adapters.postgres import sql


@pytest.mark.parametrize("has_statistics", [False, True])
@pytest.mark.parametrize(("file", "name"), [("causes", "cohorts"), ("candidate", "students_of_schools")])
async def test_students_of_a_school_are_found_by_their_school(
    store: StoreUnderTest, feed: Feed, file: str, name: str, has_statistics: bool
) -> None:
    assert feed
    if has_statistics:
        await store.rows("ANALYZE")

    found = await store.rows(f"EXPLAIN {sql.load(file)[name]}", DISTRICT, [NORTH])

    text = "\n".join(row[0] for row in found)
    assert "roster_school" in text
    assert "roster_pkey" not in text
