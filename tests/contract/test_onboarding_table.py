"""Every state and every move, allowed or not: by the table, through the port, and in the database."""

from __future__ import annotations

from typing import Final

import asyncpg
import pytest

from tests.support.builders.onboarding_states import (
    COMMIT,
    CONNECT,
    DISCONNECT,
    FILTER,
    KNOW,
    SHARE,
    Onboarding,
    bring_to,
    made_up_id,
)
from tests.support.builders.records import DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.onboarding.states import BY_PEOPLE, TABLE, UNKNOWN, Move, State
from worker.runtime.errors import OrderRefused, StoreRefused, UnknownDistrictError

STATES: Final = (UNKNOWN, *State)
SEEN: Final = [move for move in Move if move not in BY_PEOPLE]
ORDERED: Final = sorted(BY_PEOPLE - {Move.CHOOSE})
FACTS: Final = {
    Move.FIND: (CONNECT, KNOW),
    Move.CONNECT: (CONNECT, KNOW),
    Move.SHARE: SHARE,
    Move.FILTER: (KNOW, FILTER),
    Move.COMMIT: (KNOW, COMMIT),
    Move.DISCONNECT: (DISCONNECT,),
    Move.RETURN: (CONNECT,),
}
WINDOWS: Final = {
    Move.SCHEDULE: (90, None),
    Move.UNSCHEDULE: (None, None),
    Move.LAUNCH: (3, -2),
    Move.OPEN: (-3, -5),
}
"""Days from today, of the opening and of the launch."""


async def arrange(onboarding: Onboarding, move: Move) -> list[tuple[State | None, Move]]:
    """Let everything be so that a move follows where it may; return the moves that were made."""
    before = len(await onboarding.history())
    if move in WINDOWS and await onboarding.state() is not None:
        await onboarding.window(*WINDOWS[move])
    await onboarding.so(*FACTS.get(move, ()))
    await onboarding.advance()
    return [(one.before, one.move) for one in (await onboarding.history())[before:]]


@pytest.mark.parametrize("state", STATES)
async def test_a_move_is_seen_only_where_the_table_has_it(store: StoreUnderTest, state: State | None) -> None:
    districts = {move: Onboarding(store, made_up_id(move)) for move in SEEN}
    await bring_to([*districts.values()], state)

    for move, onboarding in districts.items():
        made = await arrange(onboarding, move)

        assert ((state, move) in made) == (state in TABLE[move]), move
        if state in TABLE[move]:
            assert (await onboarding.history())[-len(made)].after in TABLE[move][state]


@pytest.mark.parametrize("state", STATES)
async def test_a_person_moves_a_district_where_it_may(store: StoreUnderTest, state: State | None) -> None:
    districts = {move: Onboarding(store, made_up_id(move)) for move in ORDERED}
    await bring_to([*districts.values()], state)

    for move, onboarding in districts.items():
        if state in TABLE[move]:
            await may(onboarding, state, move)
        else:
            await may_not(onboarding, state, move)


async def may(onboarding: Onboarding, state: State | None, move: Move) -> None:
    await onboarding.order(move)

    made = (await onboarding.history())[-1]
    assert (made.before, made.move, made.actor) == (state, move, "vic")
    assert (await onboarding.state(),) == TABLE[move][state]
    assert (made.mail_id is not None) == (move is not Move.RESUME_FILTERING)


async def may_not(onboarding: Onboarding, state: State | None, move: Move) -> None:
    before = await onboarding.history(), await onboarding.occasions()

    with pytest.raises((OrderRefused, UnknownDistrictError)) as refused:
        await onboarding.order(move)

    assert (await onboarding.history(), await onboarding.occasions()) == before
    assert await onboarding.state() is state
    if state is not None:
        assert all(source in str(refused.value) for source in TABLE[move] if source)


async def test_a_district_is_chosen_once(store: StoreUnderTest) -> None:
    for state in State:
        onboarding = Onboarding(store, made_up_id(state))
        await onboarding.bring_to(state)

        with pytest.raises(OrderRefused, match=f"is in onboarding already .state: {state}."):
            await onboarding.bring_to(State.CHOSEN)

        assert await onboarding.state() is state


async def test_what_happens_by_itself_is_ordered_by_nobody(store: StoreUnderTest) -> None:
    onboarding = Onboarding(store)
    await onboarding.bring_to(State.CHOSEN)

    for move in SEEN:
        with pytest.raises(OrderRefused, match="happens automatically"):
            await onboarding.order(move)


# The database's own table


async def test_the_table_of_the_database_is_the_table(store: StoreUnderTest) -> None:
    rows = await store.rows("SELECT from_state, move, to_state FROM onboarding_moves")
    states = await store.rows("SELECT state FROM onboarding_states ORDER BY place")

    assert {tuple(row) for row in rows} == {
        (before or "", move, after)
        for move, ends in TABLE.items()
        for before, afters in ends.items()
        for after in afters
    }
    assert [row["state"] for row in states] == list(State)


@pytest.mark.parametrize("before", STATES)
async def test_the_database_refuses_an_unreachable_state(store: StoreUnderTest, before: State | None) -> None:
    await Onboarding(store).bring_to(before)
    reachable = {after for ends in TABLE.values() for after in ends.get(before, ())}
    if before is State.DISCONNECTED:
        reachable = {State.CONNECTED}  # where it was

    for after in State:
        change = "UPDATE onboarding SET state = $2, returns_to = NULL WHERE district_id = $1"
        if before is None:
            change = "INSERT INTO onboarding (district_id, state) VALUES ($1, $2)"
        is_allowed = True
        async with store.database.connection() as connection:
            transaction = connection.transaction()
            await transaction.start()
            try:
                await connection.execute(change, DISTRICT, after.value)
            except asyncpg.CheckViolationError:
                is_allowed = False
            await transaction.rollback()
        assert is_allowed == (after in reachable or after is before), after


async def test_a_move_that_the_table_lacks_cannot_be_written_down(store: StoreUnderTest) -> None:
    await Onboarding(store).bring_to(State.CHOSEN)

    with pytest.raises(StoreRefused, match="23503, table onboarding_history"):
        await store.rows(
            "INSERT INTO onboarding_history (district_id, from_state, move, to_state, at) "
            "VALUES ($1, 'chosen', 'launch', 'ready', now())",
            DISTRICT,
        )
