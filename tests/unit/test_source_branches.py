"""A turn and its feed, branch by branch: what is wanted, what is refused and what Clever is asked for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from builders import DISTRICT, later, student_json, teacher_json
from source_fakes import World, feed_event, feed_id

from worker.errors import CleverRefused, CleverTokenRefused
from worker.ports.baselines import Run
from worker.ports.clever import EVENTS, Page
from worker.ports.connections import Connection
from worker.progress import no_progress
from worker.source import feed, turn
from worker.source.feed import HOLE, Reached
from worker.source.surroundings import Pace

NOW = later(3600)
DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
REFUSED = CleverTokenRefused("Clever: 401", 401)
RUN = Run(DISTRICT, "run 1", feed_id(2), ["users", "sections"], "users", None, 0, NOW, 0.0, False, False)
READ = replace(RUN, collection=None, is_read=True)


def world_with_feed(*numbers: int, read: int | None = 0, **changes: Any) -> World:
    """Return a district whose feed has these events, and was read up to one of them."""
    world = World()
    world.clever.feed = [feed_event(number) for number in numbers]
    world.connect(cursor=read)
    for name, value in changes.items():
        setattr(world.row, name, value)
    return world


def connection_of(world: World) -> Connection:
    return world.connections._connection(DISTRICT)


async def follow(world: World, run: Run | None = None, until: float = float("inf")) -> Reached:
    token = connection_of(world).token
    assert token is not None
    return await feed.read_on(world.source, connection_of(world), run, token, until, no_progress)


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
    world = World(Pace(turn=timedelta(0)))
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
        ("newest_events", "clever.page users"),
        (EVENTS, "clever.knows_event"),
        ("users", "add"),
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
    assert [call for call in world.calls.of(not_asked_then) if "users" in call] == []
    assert reads_feed or len(world.calls.of("clever.newest_events")) == 1


# The feed


async def test_a_page_that_ends_at_the_limit_of_time_is_the_last_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Standing:
        def monotonic(self) -> float:
            return 100.0

    monkeypatch.setattr(feed, "time", Standing())
    world = world_with_feed(*range(8))

    assert await follow(world, until=100.1) is Reached.END
    world.row.cursor, world.row.unsettled = feed_id(0), 1
    assert await follow(world, until=100.0) is Reached.LIMIT


async def test_a_baseline_that_is_not_yet_read_keeps_no_event_back() -> None:
    world = world_with_feed(0, 1, 2, 3)

    await follow(world, replace(RUN, seed=feed_id(2)))

    assert world.publisher.events == [feed_id(1), feed_id(2), feed_id(3)]
    assert world.calls.of("ready") == []


async def test_a_baseline_that_is_read_has_what_is_up_to_its_seed() -> None:
    world = world_with_feed(0, 1, 2, 3)

    await follow(world, replace(READ, seed=feed_id(2)))

    assert world.publisher.events == [feed_id(3)]
    assert world.calls.of("ready") == ["ready False"]


async def test_a_baseline_that_is_ready_is_not_said_to_be_so_again() -> None:
    world = world_with_feed(0)

    await follow(world, replace(READ, is_ready=True))

    assert world.calls.of("ready") == []


async def test_a_feed_with_nothing_new_is_asked_for_one_page_and_nothing_is_looked_up_or_counted() -> None:
    world = world_with_feed(0)
    world.row.overlap = world.row.cursor or ""

    assert await follow(world) is Reached.END

    assert [call.split()[0] for call in world.calls.made] == ["clever.page", "settle"]


async def test_published_events_are_counted() -> None:
    world = world_with_feed(0, 1, 2)

    await follow(world)

    assert world.metrics.registry.get_sample_value("rostering_feed_events_total") == 2


async def test_an_empty_page_that_leads_on_has_nobody_ask_for_the_cursor() -> None:
    world = world_with_feed(-2, -1, 0, 1)
    world.row.overlap = feed_id(-2)
    world.clever.quirks = [(EVENTS, lambda _page, _before: Page([], feed_id(-1)))]

    assert await follow(world) is Reached.END

    assert world.calls.of("clever.knows_event") == []
    assert world.publisher.events == [feed_id(1)]


async def test_a_refusal_behind_the_cursor_is_the_feeds_end_and_no_hole() -> None:
    world = world_with_feed(0, 1, unsettled=1)
    world.clever.not_granted = {"page": CleverRefused("Clever: 403", 403)}

    assert await follow(world) is Reached.CUT_OFF

    assert world.calls.of("clever.knows_event") == []
    assert world.row.resync == "the feed could not be read on (403)"


@pytest.mark.parametrize("unsettled", [0, 1])
async def test_a_hole_in_a_feed_that_was_read_to_its_end_is_told_as_one(unsettled: int) -> None:
    world = world_with_feed(0, 1, unsettled=unsettled)
    world.clever.to_unknown_place = "oldest"
    world.clever.forget(0)
    world.row.overlap = feed_id(-1)
    world.row.unsettled = 0

    assert await follow(world) is Reached.CUT_OFF

    assert world.row.resync == HOLE


async def test_a_feed_that_is_refused_while_a_baseline_waits_closes_its_window_and_is_a_failure() -> None:
    world = world_with_feed(0, 1)
    world.clever.feed_trouble = CleverRefused("Clever: 403", 403)

    for is_ready, calls in ((False, ["ready True"]), (True, ["ready True"])):
        with pytest.raises(CleverRefused):
            await follow(world, replace(READ, is_ready=is_ready))
        assert world.calls.of("ready") == calls
    assert world.row.resync is None


@pytest.mark.parametrize("changed", [{"cursor": ""}, {"cursor_at": None}])
async def test_a_feed_that_no_baseline_would_bring_back_is_a_failure(changed: dict[str, Any]) -> None:
    world = world_with_feed(0, 1, **changed)
    world.clever.feed_trouble = CleverRefused("Clever: 403", 403)

    with pytest.raises(CleverRefused):
        await follow(world)

    assert world.row.resync is None


OLD = NOW - timedelta(seconds=60)
LATEST = NOW + timedelta(minutes=10)


@pytest.mark.parametrize(
    ("event_id", "is_old"),
    [
        ("no id", True),
        (feed_id(3539), True),
        (feed_id(3540), False),
        (feed_id(4200), False),
        (feed_id(4201), True),
    ],
)
def test_an_event_is_old_before_the_overlap_and_where_its_time_cannot_be_true(
    event_id: str, is_old: bool
) -> None:
    assert feed._is_old(event_id, OLD, LATEST) is is_old


def test_the_end_of_the_feed_is_told_without_a_beginning_where_that_is_no_events_id() -> None:
    assert feed.settled(DISTRICT, "", feed_id(1), 0)["since"] is None
    assert feed.settled(DISTRICT, feed_id(0), feed_id(1), 1)["since"] == feed_id(0)
