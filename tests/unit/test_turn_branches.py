"""A turn, branch by branch: when a baseline is wanted, what is counted of it, and a token that is refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders.records import DISTRICT, student_json, teacher_json
from tests.support.fakes.source import World
from tests.support.fakes.source_worlds import NOW, READ, RUN, connection_of, world_with_feed
from worker.pipeline.poll import turn
from worker.pipeline.poll.baseline_store import Run
from worker.pipeline.poll.clever import EVENTS
from worker.pipeline.poll.context import PollTiming
from worker.runtime.errors import CleverTokenRefused
from worker.runtime.progress import no_progress

DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
REFUSED = CleverTokenRefused("Clever: 401", 401)


# Whether a baseline is wanted


@pytest.mark.parametrize(
    ("run", "changed", "wanted"),
    [
        (None, {}, False),
        (None, {"baseline_at": NOW - DAY}, False),
        (None, {"baseline_at": NOW - DAY - SECOND}, True),
        (None, {"baseline_at": None}, True),
        (None, {"cursor": None}, True),
        (None, {"cursor": None, "baseline_after": NOW}, True),
        (None, {"cursor": None, "baseline_after": NOW + SECOND}, False),
        (None, {"resync": "asked"}, True),
        (None, {"resync": "asked", "baseline_after": NOW + SECOND}, False),
        (RUN, {}, True),
        (RUN, {"baseline_after": NOW + SECOND}, True),
        (READ, {"baseline_at": None, "cursor": None}, False),
        (READ, {"resync": "asked"}, True),
    ],
)
def test_a_baseline_is_wanted_where_one_is_being_read_is_asked_for_or_the_last_one_is_too_old(
    run: Run | None, changed: dict[str, Any], wanted: bool
) -> None:
    world = world_with_feed(0)
    connection = replace(connection_of(world), **changed)

    taken = turn._Turn(world.source, connection, world.clever.granted[DISTRICT], no_progress)

    assert taken._wants_baseline(run) is wanted


@pytest.mark.parametrize(("more", "begun"), [(timedelta(0), 1), (SECOND, 2)])
async def test_a_reading_of_a_day_goes_on_and_a_longer_one_is_begun_anew(more: timedelta, begun: int) -> None:
    world = World(PollTiming(turn=timedelta(0)))
    world.clever.collections = {"users": [student_json(number) for number in range(1, 6)]}
    world.connect()
    await world.stage.once()
    world.clock.now += DAY + more

    await world.stage.once()

    assert world.baselines.begun == begun


async def test_what_a_baseline_came_to_is_counted_and_each_row_of_it() -> None:
    world = World()
    world.clever.collections = {"users": [student_json(1), student_json(2), teacher_json()]}
    world.connect()
    await world.turns()
    world.baselines.adopt()
    world.clever.collections = {}
    world.row.resync, world.row.due_at = "asked", world.clock.now
    await world.turns()

    def counted(name: str, **labels: str) -> float | None:
        return world.metrics.registry.get_sample_value(f"rostering_{name}_total", labels)

    assert (counted("baselines", outcome="read"), counted("baselines", outcome="refused")) == (1, 1)
    assert counted("baseline_rows", collection="users") == 3
    assert counted("turns", outcome="failed") == 1


# A token that is refused


@pytest.mark.parametrize(
    ("what", "not_asked_then"),
    [
        ("district", "clever.newest_events"),
        ("newest_events", "clever.page"),
        (EVENTS, "clever.knows_event"),
        ("users", "census"),
    ],
)
async def test_a_refused_token_is_asked_for_again_whatever_refused_it(what: str, not_asked_then: str) -> None:
    reads_feed = what in (EVENTS, "district")
    world = world_with_feed(0, 1, read=0 if reads_feed else None)
    world.row.record = {}
    world.clever.collections = {"users": [student_json(1)]}
    world.clever.not_granted = {what: REFUSED}

    with pytest.raises(CleverTokenRefused):
        await turn.take(world.source, connection_of(world), no_progress)

    assert world.calls.made[-2:] == [f"clever.token_of {DISTRICT}", "save_token"]
    assert world.calls.of(not_asked_then) == []
    assert reads_feed or len(world.calls.of("clever.newest_events")) == 1
