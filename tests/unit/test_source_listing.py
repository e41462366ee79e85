from __future__ import annotations

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT
from tests.support.fakes.source import World
from worker.pipeline.poll.clever import Token
from worker.pipeline.poll.connected_districts import read_list
from worker.runtime.errors import CleverRefused, CleverUnavailable

OTHER = Token("of another district")


@pytest.fixture
def world() -> World:
    return World()


async def list_again(world: World) -> bool:
    world.clock.pass_by(seconds=60)
    return await read_list(world.source)


async def test_a_connected_district_is_found_and_due_at_once(world: World) -> None:
    with capture_logs() as logs:
        assert await read_list(world.source)

    assert world.row.token == world.clever.granted[DISTRICT]
    assert world.row.due_at <= world.clock.now
    assert [(line["event"], line["district_id"]) for line in logs] == [("district.connected", DISTRICT)]


async def test_the_list_is_read_once_a_poll_whoever_asks(world: World) -> None:
    assert await read_list(world.source)
    assert not await read_list(world.source)
    assert await list_again(world)


async def test_a_rotated_token_is_taken_from_the_list(world: World) -> None:
    await read_list(world.source)
    world.clever.granted[DISTRICT] = Token("rotated")

    await list_again(world)

    assert world.row.token == Token("rotated")


async def test_a_district_that_is_missing_once_stays_connected(world: World) -> None:
    await read_list(world.source)
    del world.clever.granted[DISTRICT]

    with capture_logs() as logs:
        await list_again(world)

    assert not world.row.disconnected
    assert world.row.token is not None
    assert logs == []


async def test_missing_twice_and_without_a_token_it_is_disconnected(world: World) -> None:
    await read_list(world.source)
    del world.clever.granted[DISTRICT]

    with capture_logs() as logs:
        await list_again(world)
        await list_again(world)
        await list_again(world)

    assert world.row.disconnected
    assert world.row.token is None
    assert [line["event"] for line in logs] == ["district.disconnected"]
    assert not await world.stage.once()


async def test_missing_twice_from_a_list_that_is_wrong_it_stays_and_has_its_token(world: World) -> None:
    await read_list(world.source)
    world.clever.unlisted = {DISTRICT}
    world.clever.granted[DISTRICT] = Token("rotated meanwhile")

    await list_again(world)
    await list_again(world)

    assert not world.row.disconnected
    assert world.row.token == Token("rotated meanwhile")


async def test_missing_and_found_again_in_turns_it_is_never_asked_for_alone(world: World) -> None:
    for _ in range(4):
        world.clever.unlisted ^= {DISTRICT}
        await list_again(world)

    assert world.calls.of("clever.token_of") == []


async def test_a_district_that_comes_back_is_due_at_once_and_read_whole(world: World) -> None:
    await read_list(world.source)
    token = world.clever.granted.pop(DISTRICT)
    await list_again(world)
    await list_again(world)
    world.clever.granted[DISTRICT] = token

    with capture_logs() as logs:
        await list_again(world)

    assert [line["event"] for line in logs] == ["district.reconnected"]
    assert (world.row.token, world.row.due_at) == (token, world.clock.now)
    assert world.row.resync is not None


async def test_one_district_that_is_gone_says_nothing_of_another(world: World) -> None:
    world.clever.granted[OTHER_DISTRICT] = OTHER
    await read_list(world.source)
    del world.clever.granted[OTHER_DISTRICT]

    await list_again(world)
    await list_again(world)

    rows = world.tables.connections
    assert {one: row.disconnected for one, row in rows.items()} == {DISTRICT: False, OTHER_DISTRICT: True}


@pytest.mark.parametrize(
    "trouble", [CleverUnavailable("Clever is away"), CleverRefused("wrong credentials", 401)]
)
async def test_a_list_that_cannot_be_read_is_due_again_at_once(world: World, trouble: Exception) -> None:
    world.clever.trouble = trouble

    with pytest.raises(CleverUnavailable, match=str(trouble)):
        await read_list(world.source)

    world.clever.trouble = None
    assert await read_list(world.source)
    assert DISTRICT in world.tables.connections


async def test_clever_going_away_after_the_list_disconnects_nobody(world: World) -> None:
    await read_list(world.source)
    del world.clever.granted[DISTRICT]
    await list_again(world)

    def go_away(call: str) -> None:
        if call.startswith("clever.token_of"):
            raise CleverUnavailable("Clever is away")

    world.calls.before = go_away
    with pytest.raises(CleverUnavailable):
        await list_again(world)
    assert not world.row.disconnected

    world.calls.before = lambda _: None
    assert await read_list(world.source)
    assert world.row.disconnected
