"""Connections and turns in PostgreSQL: what several processes may rely on when they read districts."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import cast

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, record_id
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.clever.vault import TokenVault
from worker.adapters.postgres.poll.connections import PostgresConnections
from worker.pipeline.poll.clever import Token
from worker.pipeline.poll.connections import Connection
from worker.runtime.errors import StoreRefused

TOKEN = Token("a very secret bearer token")
AT_ONCE = timedelta(0)
MINUTE = timedelta(minutes=1)
LONG = 20.0


async def connect(store: StoreUnderTest, *district_ids: str) -> None:
    await store.connections.listed(dict.fromkeys(district_ids or (DISTRICT,), TOKEN))


async def execute(store: StoreUnderTest, statement: str, *arguments: object) -> None:
    await store.rows(statement, *arguments)


async def found(store: StoreUnderTest, district_id: str = DISTRICT) -> Connection:
    connection = await store.connections.read(district_id)
    assert connection is not None
    return connection


async def turn_taken(store: StoreUnderTest) -> str | None:
    """Take the turn that is next and end it; return whose it was."""
    async with store.connections.turn() as connection:
        if connection is None:
            return None
        await store.connections.again(connection.district_id, timedelta(hours=1), None)
        return connection.district_id


# Tokens


async def test_a_token_comes_back_and_stands_in_no_column(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.save_token(OTHER_DISTRICT, TOKEN)
    await store.connections.save_token(DISTRICT, TOKEN)

    assert (await found(store)).token == TOKEN
    tables = await store.rows(
        "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables WHERE schemaname = 'public'"
    )
    assert len(tables) > 10
    for table in tables:
        texts = [row["row"] for row in await store.rows(f"SELECT t::text AS row FROM {table['name']} t")]
        assert not any(TOKEN.value in text or TOKEN.value.encode().hex() in text for text in texts), table


async def test_a_token_sealed_with_another_secret_is_none(store: StoreUnderTest) -> None:
    await connect(store)
    after_rotation = PostgresConnections(store.database, store.locks, TokenVault("an app", "a new secret"))

    connection = await after_rotation.read(DISTRICT)

    assert connection is not None
    assert connection.token is None


# The list of connected districts


async def test_a_new_district_is_found_known_and_due(store: StoreUnderTest) -> None:
    listing = await store.connections.listed({DISTRICT: TOKEN})

    assert (listing.found, listing.returned, listing.missing) == ([DISTRICT], [], [])
    assert [row["status"] for row in await store.rows("SELECT status FROM districts")] == ["waiting"]
    connection = await found(store)
    assert (connection.cursor, connection.baseline_at, connection.resync) == (None, None, None)
    assert await turn_taken(store) == DISTRICT


async def test_the_same_list_again_changes_nothing(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.again(DISTRICT, MINUTE, "a problem")

    listing = await store.connections.listed({DISTRICT: TOKEN})

    assert (listing.found, listing.returned, listing.missing) == ([], [], [])
    assert await turn_taken(store) is None
    assert (await found(store)).failures == 1


async def test_a_district_is_told_missing_from_the_second_time_on(store: StoreUnderTest) -> None:
    await connect(store)

    assert [(await store.connections.listed({})).missing for _ in range(3)] == [[], [DISTRICT], [DISTRICT]]


async def test_a_district_that_is_in_the_list_again_was_never_missing(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.listed({})
    listing = await store.connections.listed({DISTRICT: TOKEN})

    assert (listing.returned, listing.missing) == ([], [])
    assert (await store.connections.listed({})).missing == []


async def test_a_disconnected_district_is_read_no_more_and_its_token_is_gone(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.disconnected(DISTRICT)
    await store.connections.save_token(DISTRICT, TOKEN)

    assert await store.connections.read(DISTRICT) is None
    assert await turn_taken(store) is None
    async with store.connections.turn_of(DISTRICT, timedelta(hours=1)) as connection:
        assert connection is None
    assert (await store.connections.listed({})).missing == []
    assert [row["token"] for row in await store.rows("SELECT token FROM connections")] == [None]


async def test_a_district_that_comes_back_is_due_and_its_baseline_demanded(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.again(DISTRICT, timedelta(hours=1), "away")
    await store.connections.disconnected(DISTRICT)

    listing = await store.connections.listed({DISTRICT: TOKEN})

    assert (listing.found, listing.returned) == ([], [DISTRICT])
    connection = await found(store)
    assert (connection.token, connection.failures) == (TOKEN, 0)
    assert connection.resync is not None
    assert await turn_taken(store) == DISTRICT


async def test_a_due_list_is_given_to_one_of_many(store: StoreUnderTest, other: StoreUnderTest) -> None:
    for _ in range(3):
        claims = [one.connections.claim_listing(timedelta(hours=1)) for one in (store, other) * 4]
        assert sorted(await asyncio.gather(*claims)) == [*[False] * 7, True]
        await store.connections.unclaim_listing()


async def test_a_list_is_due_again_after_its_time(store: StoreUnderTest) -> None:
    assert await store.connections.claim_listing(MINUTE)
    assert not await store.connections.claim_listing(MINUTE)
    await execute(store, "UPDATE token_listing SET listed_at = listed_at - interval '61 seconds'")

    assert await store.connections.claim_listing(MINUTE)


# Turns


async def test_a_district_is_in_one_turn_at_a_time_within_a_process(store: StoreUnderTest) -> None:
    await connect(store)

    async with AsyncExitStack() as stack:
        contexts = [store.connections.turn() for _ in range(5)]
        taken = await asyncio.gather(*(stack.enter_async_context(context) for context in contexts))
        assert [one.district_id for one in taken if one is not None] == [DISTRICT]


async def test_a_district_is_in_one_turn_at_a_time(store: StoreUnderTest, other: StoreUnderTest) -> None:
    await connect(store)

    async with store.connections.turn() as mine:
        assert mine is not None
        async with other.connections.turn() as theirs:
            assert theirs is None
        async with other.connections.turn_of(DISTRICT, AT_ONCE) as theirs:
            assert theirs is None
    async with other.connections.turn() as theirs:
        assert theirs is not None


async def test_turns_at_once_never_have_one_district(store: StoreUnderTest, other: StoreUnderTest) -> None:
    districts = [str(record_id(number)) for number in range(6)]
    await connect(store, *districts)
    now: list[str] = []
    taken: list[str] = []

    async def work(process: StoreUnderTest) -> None:
        idle = 0
        while idle < 2:
            async with process.connections.turn() as connection:
                if connection is None:
                    idle += 1
                    continue
                assert connection.district_id not in now
                now.append(connection.district_id)
                taken.append(connection.district_id)
                await process.rows("SELECT 1")
                await process.connections.again(connection.district_id, timedelta(hours=1), None)
                now.remove(connection.district_id)

    async with asyncio.timeout(LONG):
        await asyncio.gather(*(work(process) for process in (store, other) * 2))

    assert sorted(taken) == districts


async def test_a_broken_turn_is_taken_by_another(store: StoreUnderTest, other: StoreUnderTest) -> None:
    await connect(store)
    with pytest.raises(RuntimeError):
        async with store.connections.turn():
            raise RuntimeError("a bug")

    assert await turn_taken(other) == DISTRICT


async def test_the_lock_of_a_dead_process_can_be_taken(store: StoreUnderTest, other: StoreUnderTest) -> None:
    await connect(store)

    async with store.connections.turn() as mine:
        assert mine is not None
        ended = await other.rows(
            """SELECT pg_terminate_backend(pid, 5000) AS ended FROM pg_locks
            WHERE locktype = 'advisory' AND granted
              AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"""
        )
        assert [row["ended"] for row in ended] == [True]
        assert await turn_taken(other) == DISTRICT

    # The process that was only cut off takes turns again.
    await store.connections.again(DISTRICT, AT_ONCE, None)
    assert await turn_taken(store) == DISTRICT


async def test_a_turn_without_its_lock_moves_no_cursor(store: StoreUnderTest, other: StoreUnderTest) -> None:
    await connect(store)
    await execute(store, "UPDATE connections SET cursor = 'a'")

    async with store.connections.turn() as mine:
        assert mine is not None
        await store.locks.close()
        async with other.connections.turn() as theirs:
            assert theirs is not None
            assert await other.connections.advance(DISTRICT, "a", "c", 2, "a")
        assert not await store.connections.advance(DISTRICT, "a", "b", 1, "")

    connection = await found(store)
    assert (connection.cursor, connection.unsettled) == ("c", 2)


async def test_the_district_that_has_been_due_for_longest_is_first(store: StoreUnderTest) -> None:
    districts = [str(record_id(number)) for number in (3, 1, 2)]
    for district_id in districts:
        await connect(store, *districts[: districts.index(district_id) + 1])

    assert [await turn_taken(store) for _ in range(4)] == [*districts, None]


async def test_a_district_with_more_work_goes_behind_those_that_wait(store: StoreUnderTest) -> None:
    districts = [str(record_id(number)) for number in (1, 2, 3)]
    await connect(store, *districts)
    turns = []
    for _ in range(9):
        async with store.connections.turn() as connection:
            assert connection is not None
            turns.append(connection.district_id)
            await store.connections.again(connection.district_id, AT_ONCE, None)

    assert turns == turns[:3] * 3
    assert sorted(turns[:3]) == districts


async def test_a_turn_of_one_district_waits_its_turn(store: StoreUnderTest, other: StoreUnderTest) -> None:
    await connect(store)
    order: list[str] = []

    async def second() -> None:
        async with other.connections.turn_of(DISTRICT, timedelta(seconds=LONG)) as connection:
            assert connection is not None
            order.append("second")

    async with asyncio.timeout(LONG), asyncio.TaskGroup() as tasks, store.connections.turn() as mine:
        assert mine is not None
        await store.connections.again(DISTRICT, timedelta(hours=1), None)
        tasks.create_task(second())
        for _ in range(20):
            await store.rows("SELECT 1")
        order.append("first")

    assert order == ["first", "second"]


async def test_a_feed_is_awaited_by_the_turn_after_the_one_that_reached_its_end(
    store: StoreUnderTest,
) -> None:
    await connect(store)
    await store.connections.again(DISTRICT, MINUTE, None)
    assert await awaited(store) is None  # nothing was read yet: a baseline is

    await execute(store, "UPDATE connections SET cursor = 'a'")
    await store.connections.settle(DISTRICT, "a")
    await store.connections.again(DISTRICT, timedelta(hours=1), None)
    after_an_end = await awaited(store)
    await store.connections.again(DISTRICT, AT_ONCE, None)

    assert after_an_end is not None
    assert timedelta(minutes=59) < after_an_end <= timedelta(hours=1)
    assert await awaited(store) == pytest.approx(AT_ONCE, abs=timedelta(seconds=30))


async def awaited(store: StoreUnderTest) -> timedelta | None:
    (row,) = await store.rows("SELECT awaited_at - now() AS awaited FROM connections")
    return cast("timedelta | None", row["awaited"])


async def test_a_district_is_active_once_its_feed_brings_something_or_a_person_asks(
    store: StoreUnderTest,
) -> None:
    await connect(store)
    quiet = "UPDATE connections SET cursor = 'a', active_at = now() - interval '1 day'"
    hours = []

    async def look() -> None:
        connection = await found(store)
        hours.append(round((connection.now - connection.active_at).total_seconds() / 3600))

    await execute(store, quiet)
    await store.connections.advance(DISTRICT, "a", "a", 0, "9")
    await look()
    await store.connections.advance(DISTRICT, "a", "b", 1, "9")
    await look()
    await execute(store, quiet)
    await store.connections.demand_resync(DISTRICT, "a person asked", forget_cursor=False)
    await look()

    assert hours == [24, 0, 0]


async def test_a_list_that_is_as_it_was_writes_no_token(store: StoreUnderTest) -> None:
    await connect(store)
    (before,) = await store.rows("SELECT token FROM connections")  # sealed, the same one looks different

    await connect(store)
    (same,) = await store.rows("SELECT token FROM connections")
    await store.connections.listed({DISTRICT: Token("another")})

    assert tuple(same) == tuple(before)
    assert (await found(store)).token == Token("another")


async def test_a_problem_counts_until_a_turn_goes_well(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.again(DISTRICT, AT_ONCE, "away")
    await store.connections.again(DISTRICT, AT_ONCE, "still away")
    assert (await found(store)).failures == 2

    await store.connections.again(DISTRICT, MINUTE, None)
    assert (await found(store)).failures == 0
    assert await turn_taken(store) is None


# The feed's places


async def test_the_cursor_moves_only_from_where_it_was_thought_to_be(store: StoreUnderTest) -> None:
    await connect(store)
    assert not await store.connections.advance(DISTRICT, "", "b", 1, "")
    await execute(store, "UPDATE connections SET cursor = ''")

    assert await store.connections.advance(DISTRICT, "", "b", 3, "a")
    assert not await store.connections.advance(DISTRICT, "", "c", 1, "b")
    assert (await found(store)).overlap == "a"
    assert await store.connections.advance(DISTRICT, "b", "c", 1, "b")

    connection = await found(store)
    assert (connection.cursor, connection.unsettled, connection.settled) == ("c", 4, "")
    assert connection.overlap == "b"


async def test_the_overlap_moves_where_the_cursor_stays(store: StoreUnderTest) -> None:
    await connect(store)
    await execute(store, "UPDATE connections SET cursor = 'c', overlap = 'a', unsettled = 2")

    assert await store.connections.advance(DISTRICT, "c", "c", 0, "b")

    connection = await found(store)
    assert (connection.cursor, connection.overlap, connection.unsettled) == ("c", "b", 2)


async def test_of_many_moves_of_the_cursor_one_counts(store: StoreUnderTest, other: StoreUnderTest) -> None:
    await connect(store)
    await execute(store, "UPDATE connections SET cursor = ''")

    moves = [
        process.connections.advance(DISTRICT, "", place, 1, "")
        for place, process in enumerate_places(store, other)
    ]

    assert sorted(await asyncio.gather(*moves)) == [*[False] * 5, True]
    assert (await found(store)).unsettled == 1


def enumerate_places(*processes: StoreUnderTest) -> list[tuple[str, StoreUnderTest]]:
    return [(f"{place}", process) for place, process in enumerate(processes * 3)]


async def test_settling_takes_the_cursor_for_told_and_starts_to_count_anew(store: StoreUnderTest) -> None:
    await connect(store)
    await execute(store, "UPDATE connections SET cursor = 'b', unsettled = 7")

    await store.connections.settle(DISTRICT, "a")
    connection = await found(store)
    assert (connection.unsettled, connection.cursor_at) == (7, None)
    await store.connections.settle(DISTRICT, "b")

    connection = await found(store)
    assert (connection.settled, connection.unsettled) == ("b", 0)
    assert connection.cursor_at is not None


async def test_a_demand_makes_the_district_due_and_ends_its_pause(store: StoreUnderTest) -> None:
    await connect(store)
    await execute(store, "UPDATE connections SET cursor = 'b', baseline_after = now() + interval '1 hour'")
    await store.connections.again(DISTRICT, timedelta(hours=1), None)

    await store.connections.demand_resync(DISTRICT, "a person asked", forget_cursor=False)

    async with store.connections.turn() as connection:
        assert connection is not None
        assert (connection.resync, connection.cursor) == ("a person asked", "b")
        assert connection.baseline_after <= connection.now


async def test_a_demand_may_forget_the_cursor(store: StoreUnderTest) -> None:
    await connect(store)
    await execute(store, "UPDATE connections SET cursor = 'b'")

    await store.connections.demand_resync(DISTRICT, "cut off", forget_cursor=True)

    assert (await found(store)).cursor is None
    assert not await store.connections.advance(DISTRICT, "b", "c", 1, "b")


async def test_evaluated_events_are_not_new(store: StoreUnderTest) -> None:
    await connect(store)
    await execute(store, "INSERT INTO evaluated_events VALUES ($1, 'done', now())", DISTRICT)

    asked = [("done", b"1" * 32), ("new", b"1" * 32)]
    assert await store.connections.unheard(DISTRICT, asked) == [False, True]


async def test_a_connection_tells_what_is_in_the_last_baseline(store: StoreUnderTest) -> None:
    await connect(store)
    assert (await found(store)).floor == ""
    await execute(store, "UPDATE districts SET floor = 'f'")

    assert (await found(store)).floor == "f"


async def test_what_clever_tells_of_the_district_is_kept(store: StoreUnderTest) -> None:
    await connect(store)
    await store.connections.save_record(DISTRICT, {"name": "Marrowgate Unified", "state": "paused"})

    connection = await found(store)
    assert connection.record == {"name": "Marrowgate Unified", "state": "paused"}


async def test_a_connection_cannot_be_disconnected_and_keep_its_token(store: StoreUnderTest) -> None:
    await connect(store)

    with pytest.raises(StoreRefused, match="23514, table connections"):
        await execute(store, "UPDATE connections SET disconnected_at = now()")
