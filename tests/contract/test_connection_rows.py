"""What each step of a reader changes in the row of its district, and in no other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.adapters.postgres.poll import connections
from worker.pipeline.poll.clever import Token
from worker.pipeline.poll.connections import Connection

TOKEN: Final = Token("an invented token")
MINUTE: Final = timedelta(minutes=1)
LONG_AGO: Final = "2026-01-01T00:00:00Z"


async def connect(store: StoreUnderTest, *district_ids: str) -> None:
    """Connect districts, long ago."""
    await store.connections.listed(dict.fromkeys(district_ids or (DISTRICT, OTHER_DISTRICT), TOKEN))
    await store.rows(
        "UPDATE connections SET connected_at = $1::text::timestamptz, due_at = $1::text::timestamptz, "
        "cursor = 'b', settled = 'a', unsettled = 3, resync = 'a person asked'",
        LONG_AGO,
    )


async def row_of(store: StoreUnderTest, district_id: str = DISTRICT) -> dict[str, Any]:
    (row,) = await store.rows("SELECT ctid, * FROM public.connections WHERE district_id = $1", district_id)
    return dict(row)


async def found(store: StoreUnderTest) -> Connection:
    connection = await store.connections.read(DISTRICT)
    assert connection is not None
    return connection


async def disconnect(store: StoreUnderTest, district_id: str) -> None:
    await store.connections.disconnected(district_id)
    await store.rows(
        "UPDATE connections SET disconnected_at = $1::text::timestamptz WHERE district_id = $2",
        *(LONG_AGO, district_id),
    )


async def test_what_is_done_to_a_district_is_done_to_no_other(store: StoreUnderTest) -> None:
    await connect(store)
    before = await row_of(store, OTHER_DISTRICT)
    port = store.connections

    await port.again(DISTRICT, MINUTE, "away")
    await port.put_off(DISTRICT, MINUTE)
    await port.save_token(DISTRICT, Token("a new one"))
    await port.save_record(DISTRICT, {"name": "Marrowgate"})
    assert await port.advance(DISTRICT, "b", "c", 1, "b")
    await store.rows("UPDATE connections SET cursor = 'b' WHERE district_id = $1", DISTRICT)
    await port.settle(DISTRICT, "b")
    await port.demand_resync(DISTRICT, "cut off", forget_cursor=True)
    await port.disconnected(DISTRICT)

    assert await row_of(store, OTHER_DISTRICT) == before
    assert await port.read(OTHER_DISTRICT) is not None


# The list


async def test_a_list_changes_those_alone_that_are_new_or_back_or_missing(store: StoreUnderTest) -> None:
    await connect(store, *(ids := ["known", "back", "missing", "away"]))
    await disconnect(store, "back")
    await disconnect(store, "away")
    before = {name: await row_of(store, name) for name in ids}

    listing = await store.connections.listed(dict.fromkeys(("new", "known", "back"), TOKEN))

    assert (listing.found, listing.returned, listing.missing) == (["new"], ["back"], [])
    after = {name: await row_of(store, name) for name in (*ids, "new")}
    assert after["away"] == before["away"]
    same = ("connected_at", "resync", "due_at", "disconnected_at", "missing_since")
    assert [after["known"][name] for name in same] == [before["known"][name] for name in same]
    assert after["back"]["resync"] == "it was disconnected"
    assert after["back"]["connected_at"] > before["back"]["connected_at"]
    assert after["back"]["due_at"] > before["back"]["due_at"]
    assert after["back"]["disconnected_at"] is None
    assert after["missing"]["missing_since"] is not None
    assert (after["new"]["resync"], after["new"]["missing_since"]) == (None, None)
    known = await store.rows("SELECT district_id FROM districts ORDER BY 1")
    assert [row["district_id"] for row in known] == sorted((*ids, "new"))


async def test_a_district_that_stays_missing_is_missing_since_the_first_time(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.listed({OTHER_DISTRICT: TOKEN})
    first = await row_of(store)

    listing = await store.connections.listed({})

    assert listing.missing == [DISTRICT]
    assert await row_of(store) == first


async def test_a_list_that_was_claimed_is_not_due_before_its_time(store: StoreUnderTest) -> None:
    assert await store.connections.claim_listing(MINUTE)
    await store.rows("UPDATE token_listing SET listed_at = listed_at - interval '30 seconds'")

    assert not await store.connections.claim_listing(MINUTE)
    assert await store.connections.claim_listing(MINUTE / 3)


async def test_a_district_is_disconnected_once_and_by_that_without_a_problem(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.again(DISTRICT, MINUTE, "away")
    await disconnect(store, DISTRICT)
    first = await row_of(store)

    await store.connections.disconnected(DISTRICT)

    assert await row_of(store) == first
    assert await store.connections.read(DISTRICT) is None
    problem = ("token", "problem", "failures", "failing_since")
    assert [first[name] for name in problem] == [None, None, 0, None]


# Turns


async def test_of_connected_districts_the_one_due_first_is_taken(store: StoreUnderTest) -> None:
    await connect(store, *(ids := ["a", "b", "c", "d"]))
    for name, days in zip(ids, (2, 3, 1, 4), strict=True):
        await store.rows(
            "UPDATE connections SET due_at = now() - make_interval(days => $2) WHERE district_id = $1",
            name,
            days,
        )
    await disconnect(store, "d")
    await store.connections.put_off("c", timedelta(days=1))

    async with (
        store.connections.turn() as first,
        store.connections.turn() as second,
        store.connections.turn() as third,
    ):
        order = [each and each.district_id for each in (first, second, third)]

    assert order == ["b", "a", None]


async def test_a_turn_looks_at_the_first_few_of_the_districts_that_are_due_connected_and_not_taken_here(
    store: StoreUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "CANDIDATES", 1)
    await connect(store, *(ids := ["disconnected", "taken here", "taken there", "free"]))
    for name, days in zip(ids, (9, 8, 7, 6), strict=True):
        await store.rows(
            "UPDATE connections SET due_at = now() - make_interval(days => $2) WHERE district_id = $1",
            *(name, days),
        )
    await disconnect(store, "disconnected")

    async with opened_store(store.url) as other, store.connections.turn() as first:
        assert first is not None
        async with store.connections.turn() as second:
            assert second is not None
        async with other.connections.turn_of("taken there", MINUTE), store.connections.turn() as third:
            assert third is None

    assert (first.district_id, second.district_id) == ("taken here", "taken there")


async def test_a_failing_district_tells_since_when_it_fails_and_how_often(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.again(DISTRICT, -MINUTE, "away")
    first = await row_of(store)
    await store.connections.again(DISTRICT, MINUTE, "still away")
    second = await row_of(store)
    await store.connections.again(DISTRICT, MINUTE, None)
    third = await row_of(store)

    seen = [(row["problem"], row["failures"]) for row in (first, second, third)]
    assert seen == [("away", 1), ("still away", 2), (None, 0)]
    assert first["failing_since"] is not None
    assert second["failing_since"] == first["failing_since"]
    assert third["failing_since"] is None
    assert first["due_at"] + MINUTE < second["due_at"] < third["due_at"]


async def test_a_district_put_off_is_due_later_and_changes_in_nothing_else(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.again(DISTRICT, -MINUTE, "away")
    before = await row_of(store)

    await store.connections.put_off(DISTRICT, MINUTE)

    after = await row_of(store)
    assert after["due_at"] - before["due_at"] > MINUTE
    assert before | {"ctid": after["ctid"], "due_at": after["due_at"]} == after


# What is kept


async def test_a_district_that_is_not_known_yet_is_read_without_a_floor(store: StoreUnderTest) -> None:
    await connect(store)
    await store.rows("DELETE FROM districts WHERE district_id = $1", DISTRICT)

    assert ((await found(store)).floor, (await found(store)).baseline_at) == ("", None)


async def test_a_token_is_kept_of_a_connected_district_alone(store: StoreUnderTest) -> None:
    await connect(store)
    await disconnect(store, OTHER_DISTRICT)

    for district_id in (DISTRICT, OTHER_DISTRICT):
        await store.connections.save_token(district_id, Token("a new one"))

    assert (await found(store)).token == Token("a new one")
    assert (await row_of(store, OTHER_DISTRICT))["token"] is None


async def test_a_record_is_written_where_it_differs_from_the_kept_one(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.save_record(DISTRICT, {"name": "Marrowgate"})
    first = await row_of(store)

    await store.connections.save_record(DISTRICT, {"name": "Marrowgate"})
    assert await row_of(store) == first
    await store.connections.save_record(DISTRICT, {"name": "Larkspur"})
    assert (await found(store)).record == {"name": "Larkspur"}


NEW, KNOWN = b"1" * 32, b"2" * 32


async def test_an_event_neither_stored_evaluated_nor_quarantined_is_new(store: StoreUnderTest) -> None:
    for district_id, prefix in ((DISTRICT, ""), (OTHER_DISTRICT, "other ")):
        await store.rows(
            "INSERT INTO inbox (district_id, event_id, kind, record_id) VALUES ($1, $2, 'user', 'u')",
            *(district_id, prefix + "stored"),
        )
        await store.rows(
            "INSERT INTO evaluated_events (district_id, event_id, received_at) VALUES ($1, $2, now())",
            *(district_id, prefix + "evaluated"),
        )
        await store.rows(
            "INSERT INTO quarantine (district_id, body_digest, reason, explanation) "
            "VALUES ($1, $2, 'r', 'e')",
            *(district_id, KNOWN if district_id == DISTRICT else NEW),
        )
    asked: list[tuple[str | None, bytes, bool]] = [
        ("stored", NEW, False),
        ("new", NEW, True),
        ("evaluated", NEW, False),
        ("other stored", NEW, True),
        ("new", KNOWN, False),
        (None, NEW, True),
        ("other evaluated", NEW, True),
        ("stored", KNOWN, False),
        (None, KNOWN, False),
    ]

    asked += reversed(asked)  # the answers come in the order of the questions, each of which is asked twice

    answers = await store.connections.unheard(DISTRICT, [(event_id, digest) for event_id, digest, _ in asked])

    assert answers == [is_new for _, _, is_new in asked]
    assert await store.connections.unheard(DISTRICT, []) == []


async def test_read_events_count_from_the_cursor_until_ingest_was_told(store: StoreUnderTest) -> None:
    await connect(store)
    places = ("cursor", "settled", "unsettled", "overlap")

    async def now() -> tuple[Any, ...]:
        row = await row_of(store)
        return tuple(row[name] for name in places)

    assert not await store.connections.advance(DISTRICT, "a", "c", 2, "b")
    assert await now() == ("b", "a", 3, "")
    assert await store.connections.advance(DISTRICT, "b", "c", 2, "b")
    assert await now() == ("c", "a", 5, "b")
    await store.connections.settle(DISTRICT, "b")
    assert await now() == ("c", "a", 5, "b")
    await store.connections.settle(DISTRICT, "c")
    assert await now() == ("c", "c", 0, "b")


async def test_a_demand_names_its_reason_and_forgets_the_cursor_where_it_is_to(store: StoreUnderTest) -> None:
    await connect(store)
    for forget_cursor, cursor in ((False, "b"), (True, None)):
        await store.connections.demand_resync(
            DISTRICT, f"cut off: {forget_cursor}", forget_cursor=forget_cursor
        )

        row = await row_of(store)
        assert (row["resync"], row["cursor"]) == (f"cut off: {forget_cursor}", cursor)
