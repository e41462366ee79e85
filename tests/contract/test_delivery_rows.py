"""Which deliveries are taken and settled: of each kind there is one, and only what fits is changed."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from tests.support.builders.records import Json
from tests.support.fixtures.deliveries import (
    AS_MADE,
    DAY,
    KINDS,
    MINUTE,
    add,
    add_each_kind,
    alert,
    stand,
    states,
    tell,
)
from tests.support.fixtures.store import StoreUnderTest
from worker.alerts.delivery_store import Due

HOUR, MOMENT = timedelta(hours=1), timedelta(seconds=20)
NOTHING: Final = timedelta(0)


def names(taken: list[Due]) -> list[str]:
    return [due.body for due in taken]


# What is taken


async def test_only_what_waits_for_the_channel_is_taken(store: StoreUnderTest) -> None:
    await add_each_kind(store)
    await add_each_kind(store, "other-1")

    assert names(await store.deliveries.take("line-1", 9, MINUTE)) == ["waits"]
    assert names(await store.deliveries.take("line-1", 9, MINUTE)) == []
    assert names(await store.deliveries.take("other-1", 9, MINUTE)) == ["waits"]


async def test_what_is_due_longest_is_taken_first_as_far_as_asked_for(store: StoreUnderTest) -> None:
    now = datetime.now(UTC)
    for name, ago in (("b", 2), ("a", 3), ("d", 0), ("c", 1)):
        await add(store, name, next_attempt_at=now - HOUR - ago * MINUTE)
    await add(store, "later", next_attempt_at=now + HOUR)

    first = await store.deliveries.take("line-1", 2, MINUTE)
    rest = await store.deliveries.take("line-1", 9, MINUTE)

    assert (sorted(names(first)), sorted(names(rest))) == (["a", "b"], ["c", "d"])


async def test_of_an_incident_the_first_by_place_is_taken(store: StoreUnderTest) -> None:
    key = "preflight.failed/1"
    await tell(store, *(alert(number=number) for number in range(3)))
    places = [row["position"] for row in await store.rows("SELECT position FROM alerts ORDER BY position")]
    for name, place in (("third", 2), ("first", 0), ("second", 1)):
        made = await add(store, name, dedup_key=key)
        await store.rows("UPDATE deliveries SET position = $2 WHERE id = $1", made, places[place])
    await add(store, "elsewhere", channel="other-1", dedup_key=key)

    left = []
    for _ in range(3):
        (due,) = await store.deliveries.take("line-1", 9, MINUTE)
        await store.deliveries.delivered(due)
        left += names([due])

    assert left == ["first", "second", "third"]


async def test_what_was_made_first_is_first_where_places_are_the_same(store: StoreUnderTest) -> None:
    for name in ("a", "b"):
        made = await add(store, name, dedup_key="k")
        await store.rows("UPDATE deliveries SET position = 0 WHERE id = $1", made)

    assert names(await store.deliveries.take("line-1", 9, MINUTE)) == ["a"]


async def test_one_that_somebody_else_takes_is_passed_by(store: StoreUnderTest) -> None:
    held = await add(store, "held")
    await add(store, "free")
    async with store.database.transaction() as connection:
        await connection.execute("SELECT FROM deliveries WHERE id = $1 FOR UPDATE", held)

        async with asyncio.timeout(10):
            taken = await store.deliveries.take("line-1", 9, MINUTE)

    assert names(taken) == ["free"]
    assert names(await store.deliveries.take("line-1", 9, MINUTE)) == ["held"]


async def test_what_is_taken_counts_its_attempt_and_is_due_after_the_lease(store: StoreUnderTest) -> None:
    await add(store, "a", created_at=datetime.now(UTC) - HOUR)
    await add(store, "b", attempts=4, next_attempt_at=datetime.now(UTC) + HOUR)

    (due,) = await store.deliveries.take("line-1", 9, MINUTE)

    assert due.attempts == 1
    assert HOUR <= due.age < HOUR + MINUTE
    rows = await store.rows("SELECT attempts, next_attempt_at - now() AS until FROM deliveries ORDER BY body")
    assert [row["attempts"] for row in rows] == [1, 4]
    assert MINUTE - MOMENT < rows[0]["until"] <= MINUTE
    assert rows[1]["until"] > MINUTE


# What became of it


@pytest.mark.parametrize("settled", ["delivered", "dead"])
async def test_what_is_settled_stays_so_whatever_its_holder_says(store: StoreUnderTest, settled: str) -> None:
    made = await add(store, "a")
    (due,) = await store.deliveries.take("line-1", 9, MINUTE)
    await store.rows(f"UPDATE deliveries SET {KINDS[settled]} WHERE id = $1", made)
    (before,) = await store.rows("SELECT * FROM deliveries")

    await store.deliveries.delivered(due)
    is_dead = await store.deliveries.failed(due, "late", MINUTE, DAY)

    assert not is_dead
    assert await store.rows("SELECT * FROM deliveries") == [before]


@pytest.mark.parametrize("is_of", ["another attempt", "another row"])
async def test_what_is_said_of_one_changes_no_other(store: StoreUnderTest, is_of: str) -> None:
    await add_each_kind(store)
    await store.rows("UPDATE deliveries SET attempts = 1")
    (waits,) = await store.rows("SELECT id FROM deliveries WHERE body = 'waits'")
    due = Due(waits["id"], "waits", "waits", 1, NOTHING, None)
    other = replace(due, attempts=2) if is_of == "another attempt" else replace(due, id=waits["id"] + 99)
    before = await store.rows("SELECT * FROM deliveries ORDER BY id")

    await store.deliveries.delivered(other)
    await store.deliveries.failed(other, "late", MINUTE, DAY)

    assert await store.rows("SELECT * FROM deliveries ORDER BY id") == before
    await store.deliveries.delivered(due)
    assert await states(store) == AS_MADE | {"waits": "delivered"}


async def test_what_failed_waits_and_is_dead_once_it_is_older_than_may_be(store: StoreUnderTest) -> None:
    now = datetime.now(UTC)
    await add(store, "young", created_at=now - HOUR + MOMENT)
    await add(store, "old", created_at=now - HOUR - MOMENT)
    taken = {due.body: due for due in await store.deliveries.take("line-1", 9, MINUTE)}

    said = {name: await store.deliveries.failed(due, name, MINUTE, HOUR) for name, due in taken.items()}

    assert said == {"young": False, "old": True}
    assert await states(store) == {"young": "waits", "old": "dead"}
    rows = await store.rows("SELECT problem, next_attempt_at - now() AS until FROM deliveries ORDER BY body")
    assert [row["problem"] for row in rows] == ["old", "young"]
    assert MINUTE - MOMENT < rows[1]["until"] <= MINUTE


# What is said again


async def ids(store: StoreUnderTest, **found: Any) -> list[str]:
    """Return the keys that are said again."""
    every, limit = found.get("every", HOUR), found.get("limit", 99)
    return sorted(each.dedup_key for each in await store.deliveries.refresh("line-1", every, limit))


async def test_only_what_stands_and_was_said_long_ago_is_said_again(store: StoreUnderTest) -> None:
    long_ago: Json = {
        "delivered_at": datetime.now(UTC) - DAY,
        "refreshed_at": datetime.now(UTC) - HOUR - MOMENT,
    }
    lately = long_ago | {"refreshed_at": datetime.now(UTC) - HOUR + MOMENT}
    rows: dict[str, Json] = {
        "stands": long_ago,
        "updated": long_ago | {"status": "updated"},
        "lately": lately,
        "waits": {},
        "over": long_ago | {"status": "resolved"},
        "untold": long_ago,
        "elsewhere": long_ago,
    }
    for name, columns in rows.items():
        key = await stand(store, name, is_told=name != "untold")
        channel = "other-1" if name == "elsewhere" else "line-1"
        await add(store, name, channel=channel, dedup_key=key, **columns)
    nobodys = await stand(store, "nobodys", "")
    await add(store, "nobodys", dedup_key=nobodys, **long_ago)
    await add(store, "no incident", **long_ago)

    assert await ids(store) == ["nobodys/-", "stands/d", "updated/d"]
    assert await ids(store) == [], "it was just said"
    refreshed = await store.rows(
        "SELECT body FROM deliveries WHERE refreshed_at > now() - interval '1 min' ORDER BY body"
    )
    assert [row["body"] for row in refreshed] == ["nobodys", "stands", "updated"]


@pytest.mark.parametrize("place", [0, 7])
async def test_an_incidents_last_alert_says_whether_it_stands(store: StoreUnderTest, place: int) -> None:
    ago = {"delivered_at": datetime.now(UTC) - DAY, "refreshed_at": datetime.now(UTC) - DAY}
    over = await stand(store, "over")
    again = await stand(store, "again")
    rows = [(over, "firing", 0), (over, "resolved", 1), (again, "resolved", 0), (again, "firing", 1)]
    if place:  # what was made last is not what comes last
        rows.reverse()
    for key, status, later in rows:
        made = await add(store, f"{key} {status}", dedup_key=key, status=status, **ago)
        await store.rows("UPDATE deliveries SET position = $2 WHERE id = $1", made, place * later)

    assert await ids(store) == ["again/d"]


async def test_no_more_is_said_again_at_once_than_asked_for(store: StoreUnderTest) -> None:
    ago = {"delivered_at": datetime.now(UTC) - DAY, "refreshed_at": datetime.now(UTC) - DAY}
    for name in "abc":
        await add(store, name, dedup_key=await stand(store, name), **ago)

    counts = [len(await ids(store, limit=2)) for _ in range(3)]

    assert counts == [2, 1, 0]


async def test_an_end_that_was_delivered_while_its_beginning_was_said_again_is_delivered_again(
    store: StoreUnderTest,
) -> None:
    since = datetime(2026, 1, 1, tzinfo=UTC)
    before, ended = {"delivered_at": since - timedelta(microseconds=1)}, {"status": "resolved"}
    rows: dict[str, Json] = {
        "at that time": {"delivered_at": since, **ended},
        "later": {"delivered_at": since + HOUR, **ended},
        "before": {**before, **ended},
        "beginning": {"delivered_at": since + HOUR},
        "other incident": {"delivered_at": since + HOUR, "dedup_key": "other", **ended},
    }
    later = datetime.now(UTC) + HOUR
    for name, columns in rows.items():
        await add(store, name, **{"dedup_key": "k", "next_attempt_at": later} | columns)
    await add(store, "elsewhere", channel="other-1", dedup_key="k", delivered_at=since + HOUR, **ended)

    await store.deliveries.refreshed("line-1", ["k", "none"], since)

    due = await store.rows("SELECT body, next_attempt_at < now() AS is_due FROM deliveries ORDER BY id")
    assert await states(store) == dict.fromkeys(rows, "delivered") | dict.fromkeys(
        ("at that time", "later"), "waits"
    )
    assert await states(store, "other-1") == {"elsewhere": "delivered"}
    assert {row["body"] for row in due if row["is_due"]} == {"at that time", "later", "elsewhere"}
