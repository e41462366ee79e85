"""A process that reads a district may be killed between any two calls: nothing is lost, no hole is left."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import record_id, student_json
from tests.support.fakes.source import ANSWERS, Answer, Killed, World, feed_event, feed_id
from tests.support.fakes.source_worlds import unread_district
from worker.domain.roster.records import RecordKind
from worker.pipeline.poll.context import PollTiming


@pytest.mark.parametrize(("step", "again_after"), [(1, None), (4, 3)], ids=["once", "and 3 calls later"])
async def test_a_kill_at_any_call_ends_in_the_same_baseline(step: int, again_after: int | None) -> None:
    with capture_logs():
        expected = await _live_through(unread_district(), None, None)
        for place in count(1, step):
            world = unread_district(PollTiming(turn=timedelta(0)))
            outcome = await _live_through(world, place, again_after)
            assert outcome == expected, f"killed at call {place}"
            _check_that_nothing_was_skipped(world)
            if place > len(world.calls.made):
                break
    assert place > 60


async def _live_through(
    world: World, place: int | None, again_after: int | None
) -> tuple[set[str], dict[object, str], str | None]:
    """Read a district that changes while it is read; return its events, its roster and its cursor."""
    changes = {"clever.page users": 3, "clever.page sections": 4, "census": 5, "ready": 6}

    def change(call: str) -> None:
        for beginning, number in changes.items():
            if call.startswith(beginning) and feed_id(number) not in {e["id"] for e in world.clever.feed}:
                world.clever.feed.append(feed_event(number))

    world.calls.before = change
    world.calls.last = place
    kills = [again_after] if again_after and place else []
    for _ in range(60):
        try:
            while await world.stage.once():
                pass
        except Killed:
            world.connections.locked.clear()
            world.calls.revive(kills.pop() if kills else None)
            continue
        world.baselines.adopt()
        if world.row.baseline_at is not None and world.row.cursor == feed_id(6):
            break
        world.clock.pass_by(seconds=60)
    world.calls.revive()
    world.clock.pass_by(seconds=60)
    await world.turns()
    assert world.row.settled == world.row.cursor
    return {one for one in world.publisher.events if one}, dict(world.tables.staged), world.row.cursor


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_kill_at_any_call_while_a_hole_is_found_leaves_none(answer: Answer) -> None:
    places = 0
    with capture_logs():
        while await _hole_found(answer, places + 1):
            places += 1
    assert places > 30


async def _hole_found(answer: Answer, place: int) -> bool:
    """Read a feed that has lost an event, and check the outcome; return whether it was killed on the way."""
    world = unread_district()
    await world.turns()
    world.baselines.adopt()
    world.clever.to_unknown_place = answer
    world.clever.feed += [feed_event(3), feed_event(4), feed_event(5)]
    world.clever.collections["users"].append(student_json(6))
    world.clever.forget(3)
    world.clock.pass_by(seconds=60)
    world.calls.revive(place)
    was_killed = False
    try:
        await world.turns()
    except Killed:
        was_killed = True
    world.connections.locked.clear()
    world.calls.revive()
    await world.turns()
    world.baselines.adopt()
    world.clever.feed.append(feed_event(6))
    await world.next_poll()

    assert world.row.cursor == feed_id(6), f"killed at call {place}"
    assert world.baselines.begun <= 3
    assert (RecordKind.USER, record_id(6)) in world.tables.staged
    assert world.publisher.events == [feed_id(6)]
    return was_killed


def _check_that_nothing_was_skipped(world: World) -> None:
    """Check that each event was published before the cursor moved over it, and told of by a word."""
    published: set[str] = set()
    for call in world.calls.made:
        what, _, rest = call.partition(" ")
        if what == "publish":
            published.add(rest.split()[-1])
        if what == "advance":
            assert {feed_id(number) for number in range(3, 7) if feed_id(number) <= rest} <= published
    words = {(since, through): number for since, through, number in world.publisher.settled}
    for (since, through), number in words.items():
        between = [feed_id(one) for one in range(1, 7) if (since or "") < feed_id(one) <= through]
        assert len(between) == number
