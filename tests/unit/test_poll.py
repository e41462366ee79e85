from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, school_json, student_json
from tests.support.fakes.ports import ImpatientStop
from tests.support.fakes.source import TOKEN, ConnectionRow, World, feed_event, feed_id
from worker.pipeline.poll.baseline import staged_records
from worker.pipeline.poll.baseline_store import BaselineRecord
from worker.pipeline.poll.stage import LONGEST_BACK_OFF, ListStage, PollStage
from worker.runtime.errors import (
    BrokerUnavailable,
    CleverRefused,
    CleverUnavailable,
    StoreFailed,
    StoreUnavailable,
    UnroutableMessage,
)
from worker.runtime.loop import Health, run

LONG = 40.0


@pytest.fixture
def world() -> World:
    """Return a district that was read whole, and has one new event."""
    world = World()
    world.clever.feed = [feed_event(0), feed_event(1)]
    world.connect(cursor=0)
    return world


def also_connected(world: World, district_id: str = OTHER_DISTRICT) -> ConnectionRow:
    """Connect another district, due after the first; Clever gives the same answers for both."""
    now = world.clock.now
    row = ConnectionRow(TOKEN, now + timedelta(seconds=1), now, cursor="", baseline_at=now)
    world.tables.connections[district_id] = row
    return row


def turns_counted(world: World, outcome: str) -> float:
    return world.metrics.registry.get_sample_value("rostering_turns_total", {"outcome": outcome}) or 0


# Turns


async def test_without_a_district_that_is_due_there_is_no_work() -> None:
    assert not await World().stage.once()


async def test_a_turn_that_went_well_is_followed_by_one_a_poll_later(world: World) -> None:
    assert await world.stage.once()

    assert world.row.due_at == world.clock.now + world.source.pace.poll
    assert (world.row.failures, world.row.problem) == (0, None)
    assert turns_counted(world, "done") == 1
    assert not await world.stage.once()


async def test_the_district_that_has_been_due_for_longest_is_first(world: World) -> None:
    also_connected(world)
    world.clock.pass_by(seconds=5)

    assert await world.stage.once()
    assert world.row.due_at > world.clock.now
    assert world.tables.connections[OTHER_DISTRICT].due_at < world.clock.now


async def test_two_stages_side_by_side_read_two_districts(world: World) -> None:
    also_connected(world).record = {"name": "Other"}
    world.clock.pass_by(seconds=5)
    second = PollStage(world.source)
    together: list[set[str]] = []
    world.calls.before = lambda _: together.append(set(world.connections.locked))

    await asyncio.gather(world.stage.once(), second.once())

    assert {DISTRICT, OTHER_DISTRICT} in together


async def test_progress_is_told_of_the_district_and_what_was_read(world: World) -> None:
    told: list[tuple[str, str, int]] = []
    world.row.resync = "wanted"
    world.clever.collections = {"schools": [school_json()]}
    stage = PollStage(world.source, lambda district_id: lambda *what: told.append((district_id, *what)))

    await stage.once()

    assert (DISTRICT, "reading events", 1) in told
    assert (DISTRICT, "reading schools", 1) in told


# Failures


@pytest.mark.parametrize("trouble", [CleverUnavailable("Clever is away"), CleverRefused("Clever: 500", 500)])
async def test_a_district_without_answers_is_tried_ever_later(world: World, trouble: Exception) -> None:
    world.row.cursor = world.row.overlap = ""  # a refusal is not answered by a baseline there
    world.clever.trouble = trouble
    waits = []
    for _ in range(8):
        await world.stage.once()
        waits.append(world.row.due_at - world.clock.now)
        world.clock.now = world.row.due_at

    assert waits[:4] == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]
    assert waits[4:] == [LONGEST_BACK_OFF] * 4
    assert turns_counted(world, "failed") == 8


async def test_a_district_that_is_answered_for_again_is_forgiven(world: World) -> None:
    world.clever.trouble = CleverUnavailable("Clever is away")
    for _ in range(3):
        await world.stage.once()
        world.clock.now = world.row.due_at
    world.clever.trouble = None

    await world.stage.once()

    assert (world.row.failures, world.row.problem) == (0, None)
    assert world.publisher.events == [feed_id(1)]


async def test_a_failure_is_told_with_the_district_and_when_it_is_tried_again(world: World) -> None:
    world.clever.trouble = CleverUnavailable("Clever is away")

    with capture_logs() as logs:
        await world.stage.once()

    (line,) = [line for line in logs if line["event"] == "district.not_read"]
    assert (line["district_id"], line["reason"], line["again_seconds"]) == (DISTRICT, "Clever is away", 60.0)


async def test_a_district_without_a_token_is_tried_later(world: World) -> None:
    world.row.token = None
    world.clever.granted.clear()

    await world.stage.once()

    assert world.row.problem == "Clever has no token for it"
    assert world.row.due_at > world.clock.now


async def test_a_bug_in_one_district_does_not_stop_the_others_and_shows_no_record(world: World) -> None:
    other = also_connected(world)
    world.clock.pass_by(seconds=5)
    world.clever.feed[1]["data"]["object"]["name"] = {"Fernquay"}  # a set: no JSON has one

    assert await world.stage.once()
    assert world.row.problem is not None
    assert world.row.problem.startswith("internal error: ")
    assert "Fernquay" not in world.row.problem

    world.clever.feed.clear()
    assert await world.stage.once()
    assert other.due_at > world.clock.now


@pytest.mark.parametrize(
    "trouble", [BrokerUnavailable("not confirmed"), UnroutableMessage("no queue"), StoreUnavailable("away")]
)
async def test_trouble_of_store_or_broker_is_the_loops_alone(world: World, trouble: Exception) -> None:
    world.publisher.trouble = trouble
    due = world.row.due_at

    with pytest.raises(type(trouble)):
        await world.stage.once()

    assert (world.row.due_at, world.row.failures) == (due, 0)
    assert world.connections.locked == set()
    world.publisher.trouble = None
    assert await world.stage.once()
    assert world.publisher.events == [feed_id(1)]


async def test_a_refused_baseline_waits_for_the_next_poll_however_often_it_comes(world: World) -> None:
    world.clever.collections["users"] = []
    world.tables.staged |= dict.fromkeys(
        ((key.kind, key.record_id) for key in _students(3)), '{"student": {}}'
    )
    world.row.failures, world.row.resync = 4, "wanted"

    await world.stage.once()

    assert world.row.due_at == world.clock.now + world.source.pace.poll
    assert "refused" in (world.row.problem or "")


# In the loop


async def test_a_poll_in_the_loop_waits_the_brokers_absence_out(world: World) -> None:
    stop = ImpatientStop()
    world.publisher.trouble = BrokerUnavailable("away")

    def come_back(call: str) -> None:
        if len(world.calls.of("publish")) == 3:
            world.publisher.trouble = None
        if call == "again":
            stop.set()

    world.calls.before = come_back
    async with asyncio.timeout(LONG):
        await run(world.stage, stop, Health())

    assert len(stop.slept) == 3
    assert world.publisher.events == [feed_id(1)]


async def test_the_list_is_work_when_it_is_due_and_none_otherwise() -> None:
    world = World()
    stage = ListStage(world.source)

    assert await stage.once()
    assert not await stage.once()
    assert DISTRICT in world.tables.connections


async def test_a_list_that_clever_does_not_give_is_the_loops_trouble() -> None:
    world = World()
    world.clever.trouble = CleverUnavailable("Clever is away")

    with pytest.raises(CleverUnavailable):
        await ListStage(world.source).once()


def _students(number: int) -> list[BaselineRecord]:
    return staged_records("users", [student_json(one) for one in range(number)], DISTRICT)


async def test_a_district_the_database_fails_at_is_put_off_uncharged(world: World) -> None:
    world.publisher.trouble = StoreFailed("PostgreSQL: OutOfMemoryError (53200)")

    with pytest.raises(StoreFailed):
        await world.stage.once()

    assert world.row.due_at == world.clock.now + timedelta(seconds=30)
    assert (world.row.failures, world.calls.of("again")) == (0, [])


async def test_what_a_turn_read_is_one_line_and_nothing_is_none(world: World) -> None:
    with capture_logs() as logs:
        await world.stage.once()
        await world.next_poll()

    told = [(line["events"], line["records"]) for line in logs if line["event"] == "turn.ended"]
    assert told == [(1, 0)]
