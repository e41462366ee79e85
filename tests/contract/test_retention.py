"""What is over is kept for a time, and no longer; what is at work is kept."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.operations.retention import KEPT, PostgresRetention

DAY = timedelta(days=1)
OLD = "now() - interval '2 days'"
OPERATIONS = Path(__file__).parents[2] / "docs" / "operations.md"
EVERY_TABLE = """
    SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
      AND relname <> 'alembic_version' ORDER BY 1"""


def retention(store: StoreUnderTest, at_once: int = 100, **ages: timedelta) -> PostgresRetention:
    return PostgresRetention(store.database, dict.fromkeys(KEPT, DAY) | ages, at_once)


async def decided(store: StoreUnderTest, district: str, *, at: str = OLD) -> None:
    """Write a district of four decisions, each of a batch: two commits, then two reviews."""
    await store.rows(
        "INSERT INTO districts (district_id, batch_number, decision_number, commit_sequence, "
        "review_sequence, history_from) VALUES ($1, 4, 4, 2, 2, 2)",
        district,
    )
    for number, (outcome, sequence) in enumerate(
        (("commit", 1), ("commit", 2), ("review", 1), ("review", 2)), 1
    ):
        await store.rows(
            "INSERT INTO batches (district_id, number, batch_id, trigger, events, opened_at, closed_at, "
            f"outcome) VALUES ($1, $2, $3, 'quiet', 1, {at}, {at}, $4)",
            district,
            number,
            str(uuid.uuid4()),
            outcome,
        )
        await store.rows(
            "INSERT INTO decisions (district_id, number, decision_id, outcome, sequence, batch_number, "
            f"decided_at, summary, published_at) VALUES ($1, $2, $3, $4, $5, $2, {at}, '{{}}', {at})",
            district,
            number,
            str(uuid.uuid4()),
            outcome,
            sequence,
        )


async def left(store: StoreUnderTest, table: str, column: str, district: str = DISTRICT) -> list[Any]:
    rows = await store.rows(f"SELECT {column} FROM {table} WHERE district_id = $1 ORDER BY 1", district)
    return [row[0] for row in rows]


async def test_the_last_commit_and_the_last_review_stay_with_their_batches(store: StoreUnderTest) -> None:
    await decided(store, DISTRICT)

    gone = await retention(store).forget()

    assert gone == {"decisions": 2, "batches": 2}
    assert await left(store, "decisions", "number") == [2, 4]
    assert await left(store, "batches", "number") == [2, 4]


async def test_what_a_rollback_can_go_back_to_and_what_is_not_published_stays(store: StoreUnderTest) -> None:
    await decided(store, DISTRICT)
    await store.rows("UPDATE districts SET history_from = 1")
    await store.rows("UPDATE decisions SET published_at = NULL WHERE outcome = 'review'")

    assert await retention(store).forget() == {}


async def test_what_is_young_enough_stays(store: StoreUnderTest) -> None:
    await decided(store, DISTRICT, at="now() - interval '23 hours'")
    await decided(store, OTHER_DISTRICT)

    gone = await retention(store).forget()

    assert gone == {"decisions": 2, "batches": 2}
    assert await left(store, "decisions", "number") == [1, 2, 3, 4]


async def test_filters_and_policies_that_may_be_in_force_stay(store: StoreUnderTest) -> None:
    for table, content in (("filters", "filter"), ("policies", "policy")):
        for version in (1, 2, 3):
            await store.rows(
                f"INSERT INTO {table} (district_id, version, {content}, actor, set_at) "
                f"VALUES ($1, $2, '{{}}', 'ada', {OLD})",
                DISTRICT,
                version,
            )
    await store.rows("UPDATE policies SET until = now() + interval '1 day' WHERE version = 3")

    await retention(store).forget()

    assert await left(store, "filters", "version") == [3]
    assert await left(store, "policies", "version") == [2, 3]


async def test_an_entry_of_the_audit_goes_when_the_database_lets_it_go(store: StoreUnderTest) -> None:
    insert = "INSERT INTO audit (actor, action, at) VALUES ('ada', $1, now() - $2::interval)"
    for action, age in (("old", 400), ("young", 300)):
        await store.rows(insert, action, timedelta(days=age))

    # A year is a day longer than that once in four.
    gone = await retention(store, audit=timedelta(days=290)).forget()

    assert gone == {"audit": 1}
    assert [row["action"] for row in await store.rows("SELECT action FROM audit")] == ["young"]


async def test_more_than_is_deleted_at_once_is_deleted_all_the_same(store: StoreUnderTest) -> None:
    for _ in range(7):
        await store.rows(
            "INSERT INTO approvals (district_id, plan_digest, commit_sequence, actor, reason, approved_at, "
            f"ended_at, ended_as) VALUES ($1, '', 1, 'ada', 'r', {OLD}, {OLD}, 'used')",
            DISTRICT,
        )

    assert await retention(store, at_once=3).forget() == {"approvals": 7}


def test_an_age_is_given_for_everything_that_is_kept_for_a_time() -> None:
    with pytest.raises(ValueError, match="expected an age for each of"):
        PostgresRetention(None, {"audit": DAY})  # type: ignore[arg-type]


async def test_the_documentation_says_of_every_table_how_long_it_is_kept(store: StoreUnderTest) -> None:
    tables = {row["relname"] for row in await store.rows(EVERY_TABLE)}
    section = OPERATIONS.read_text().partition("## How long things are kept")[2].partition("\n## ")[0]
    named = {
        word.strip("`")
        for line in section.splitlines()
        if line.startswith("|")
        for word in line.split("|")[1].split(", ")
    }

    assert {name.strip(" `") for name in named} >= tables
