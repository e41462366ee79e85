"""A purge row by row: what the audit still says of a district, and who is waited for."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.fixtures.people import somebody_waits, until
from tests.support.fixtures.store import StoreUnderTest
from worker.runtime.errors import UnknownDistrictError


@pytest.fixture(autouse=True)
async def districts(store: StoreUnderTest) -> None:
    await store.rows("INSERT INTO districts (district_id) VALUES ('c'), ('d')")


async def test_the_audit_of_a_purged_district_keeps_numbers_and_truths(store: StoreUnderTest) -> None:
    details: list[dict[str, Any]] = [
        {"reason": "Ada asked", "to": 3, "is_last": True, "ids": ["a"], "more": {"n": 1}, "none": None},
        {"reason": "Ada asked"},
        {"to": 3},
        {},
    ]
    for district in ("c", "d"):
        for detail in details:
            insert = "INSERT INTO audit (actor, action, district_id, detail) VALUES ('ada', 'act', $1, $2)"
            await store.rows(insert, district, detail)

    await store.districts.purge("d", "ada")

    rows = "SELECT detail FROM audit WHERE district_id = $1 AND action = 'act' ORDER BY id"
    assert [row["detail"] for row in await store.rows(rows, "c")] == details
    assert [row["detail"] for row in await store.rows(rows, "d")] == [
        {"to": 3, "is_last": True},
        {},
        {"to": 3},
        {},
    ]


async def test_a_purge_waits_for_an_evaluation_and_deletes_its_results(store: StoreUnderTest) -> None:
    lock = "SELECT FROM districts WHERE district_id = $1 FOR UPDATE"
    async with store.database.transaction() as of_another:
        await of_another.fetch(lock, "c")
        async with store.database.transaction() as evaluation:
            await evaluation.fetch(lock, "d")
            await evaluation.execute(
                "INSERT INTO kept_sections (district_id, section_id, rank) VALUES ('d', 's', 0)"
            )
            purging = asyncio.create_task(store.districts.purge("d", "ada"))
            await until(lambda: somebody_waits(store))
        deleted = await asyncio.wait_for(purging, 20)

    assert deleted == {"kept_sections": 1}
    assert await store.rows("SELECT FROM kept_sections") == []


async def test_a_district_that_was_never_seen_cannot_be_purged(store: StoreUnderTest) -> None:
    with pytest.raises(UnknownDistrictError):
        await store.districts.purge("never seen", "ada")
