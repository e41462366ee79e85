from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import DISTRICT, district_json
from tests.support.fakes.source import World, feed_event, feed_id
from tests.support.fakes.source_worlds import STUDENTS, unread_district
from worker.pipeline.poll import turn
from worker.pipeline.poll.clever import Token
from worker.pipeline.poll.context import PollTiming
from worker.runtime.errors import CleverTokenRefused, CleverUnavailable
from worker.runtime.progress import no_progress

ROTATED = Token("rotated")


@pytest.fixture
def world() -> World:
    return unread_district()


async def take(world: World) -> timedelta:
    async with world.connections.turn_of(DISTRICT, timedelta(0)) as connection:
        assert connection is not None
        return await turn.take(world.source, connection, no_progress)


# One turn after the other


async def test_a_new_district_is_read_whole_and_then_its_feed_followed(world: World) -> None:
    await world.turns()
    assert world.baselines.adopt() is not None
    world.clever.feed.append(feed_event(3))
    await world.next_poll()

    assert len(world.tables.staged) == len(STUDENTS) + 5
    assert world.publisher.events == [feed_id(3)]
    assert world.row.cursor == feed_id(3)


async def test_a_district_that_was_read_is_left_alone_until_the_next_poll(world: World) -> None:
    await world.turns()

    assert world.row.due_at == world.clock.now + world.source.pace.poll
    assert world.row.problem is None


PAUSES = PollTiming(quiet=timedelta(minutes=15), paused=timedelta(hours=1))


@pytest.mark.parametrize(
    ("quiet_minutes", "is_paused", "minutes"),
    [(0, False, 1), (9, False, 1), (30, False, 3), (600, False, 15), (0, True, 1), (1, True, 60)],
)
def test_a_feed_is_left_alone_for_a_tenth_of_how_long_it_was_quiet(
    quiet_minutes: int, is_paused: bool, minutes: int
) -> None:
    pause = PAUSES.pause(timedelta(minutes=quiet_minutes), is_paused=is_paused)

    assert pause == timedelta(minutes=minutes)


async def test_a_quiet_district_is_read_less_often_until_something_new_comes() -> None:
    world = unread_district(replace(PAUSES, baseline=timedelta(days=9)))
    world.connect(cursor=2)
    world.row.active_at = world.clock.now - timedelta(hours=1)
    world.row.baseline_at = world.clock.now

    quiet = await take(world)
    world.clever.feed.append(feed_event(3))
    busy = await take(world)

    assert (quiet, busy) == (timedelta(minutes=6), timedelta(minutes=1))


async def test_a_paused_district_is_read_once_an_hour_or_some_minutes_sooner() -> None:
    world = unread_district(replace(PAUSES, baseline=timedelta(days=9), jitter=0.5))
    world.connect(cursor=2)
    world.row.active_at = world.clock.now - timedelta(minutes=1)
    world.row.baseline_at = world.clock.now
    pauses = set()

    for _ in range(9):
        world.row.record = {"state": "paused"}
        pauses.add(await take(world))

    assert len(pauses) > 1
    assert timedelta(minutes=30) <= min(pauses) <= max(pauses) <= timedelta(hours=1)


async def test_a_district_is_read_whole_again_when_its_baseline_is_a_day_old(world: World) -> None:
    await world.turns()
    world.baselines.adopt()
    await world.next_poll()
    assert world.baselines.begun == 1

    world.clock.pass_by(hours=24, seconds=1)
    await world.turns()

    assert world.baselines.begun == 2


async def test_a_baseline_that_waits_is_not_read_again(world: World) -> None:
    await world.turns()

    world.clock.pass_by(hours=30)
    await world.turns()

    assert world.baselines.begun == 1


async def test_the_feed_is_followed_while_a_baseline_is_read() -> None:
    world = unread_district(PollTiming(turn=timedelta(0)))
    world.connect(cursor=2)
    world.row.resync = "wanted"
    await world.stage.once()
    world.clever.feed.append(feed_event(3))

    await world.stage.once()

    assert world.publisher.events == [feed_id(3)]
    assert not next(iter(world.tables.runs.values())).is_read


async def test_what_clever_tells_of_the_district_is_kept_with_every_poll(world: World) -> None:
    await world.turns()
    world.clever.record = district_json(state="paused")

    await world.next_poll()

    assert world.row.record is not None
    assert world.row.record["state"] == "paused"


async def test_a_districts_record_is_kept_without_its_name_where_that_cannot_be_read(world: World) -> None:
    await world.turns()
    world.clever.record = district_json(name=7, state="paused")

    await world.next_poll()

    assert (world.row.failures, world.row.record) == (0, {"state": "paused", "unread": ["name"]})


@pytest.mark.parametrize("record", [district_json(id=7), district_json(id="e5" * 12)])
async def test_an_unreadable_record_is_not_kept(world: World, record: dict[str, object]) -> None:
    await world.turns()
    kept = world.row.record
    world.clever.record = record

    await world.next_poll()

    assert world.row.failures == 1
    assert world.row.problem is not None
    assert "Fernquay" not in world.row.problem
    assert world.row.record == kept


# Tokens


async def test_a_district_without_a_token_at_hand_gets_it_from_clever(world: World) -> None:
    world.row.token = None

    await take(world)

    assert world.row.token == world.clever.granted[DISTRICT]


async def test_a_rotated_token_is_renewed_and_the_turn_taken_anew_at_once(world: World) -> None:
    world.clever.granted[DISTRICT], world.clever.valid = ROTATED, {ROTATED}

    await world.turns()

    assert world.row.token == ROTATED
    assert world.row.failures == 0
    assert world.baselines.adopt() is not None
    assert len(world.calls.of("clever.token_of")) == 1


async def test_a_token_rotated_between_two_pages_costs_no_page(world: World) -> None:
    def rotate(call: str) -> None:
        if call.startswith("clever.page users") and world.row.token != ROTATED:
            world.clever.granted[DISTRICT], world.clever.valid = ROTATED, {ROTATED}

    world.calls.before = rotate
    await world.turns()

    assert world.calls.of("begin") == ["begin"]
    assert len(world.calls.of("clever.page schools")) == 2
    assert world.baselines.adopt() is not None


async def test_the_same_token_refused_again_is_a_failure(world: World) -> None:
    world.clever.valid = set()

    with pytest.raises(CleverTokenRefused):
        await take(world)


async def test_a_token_that_stays_refused_is_tried_later_and_later(world: World) -> None:
    world.clever.valid = set()
    asked = 0
    for _ in range(60):
        asked += await world.next_poll()

    assert asked <= 10
    assert world.row.problem == "Clever: 401"


async def test_a_district_that_clever_has_no_token_for_is_not_connected(world: World) -> None:
    world.row.token = None
    world.clever.granted.clear()

    with pytest.raises(turn.NotConnected):
        await take(world)


async def test_a_token_refused_and_none_in_its_place_is_not_connected(world: World) -> None:
    world.clever.granted.clear()
    world.clever.valid = set()

    with pytest.raises(turn.NotConnected):
        await take(world)
    assert world.row.token is not None


async def test_clever_being_away_is_told_to_the_caller(world: World) -> None:
    world.clever.trouble = CleverUnavailable("Clever is away")

    with pytest.raises(CleverUnavailable, match="away"):
        await take(world)


# Another reader of the same district


async def test_a_baseline_that_another_reader_gave_up_is_left_to_it(world: World) -> None:
    def overtake(call: str) -> None:
        if call.startswith("add") and "users" in call:
            world.calls.before = lambda _: None
            world.baselines.lose()

    world.calls.before = overtake
    with capture_logs() as logs:
        assert await take(world) == turn.AT_ONCE

    assert [line["reason"] for line in logs if line["event"] == "turn.lost"] == ["BaselineLost"]
    await world.turns()
    assert world.baselines.adopt() is not None
