from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import Json, event_json, student_json
from tests.support.fakes.source import (
    ANSWERS,
    Answer,
    Quirk,
    World,
    broken_off,
    emptied,
    feed_event,
    feed_id,
    repeated,
    reversed_rows,
)
from worker.pipeline.poll.clever import EVENTS, CleverPage
from worker.pipeline.poll.context import PollTiming
from worker.pipeline.poll.feed import made_at
from worker.runtime.errors import CleverRefused

IN_STEPS = PollTiming(turn=timedelta(0))
"""Every turn ends with its first page."""


def world_with_feed(*numbers: int, read: int = 0, pace: PollTiming | None = None) -> World:
    """Return a district whose feed has these events behind the event `read`, up to which it was read."""
    world = World(pace or PollTiming())
    world.clever.feed = [feed_event(number) for number in sorted({read - 1, read, *numbers})]
    world.connect(cursor=read)
    return world


def ids(*numbers: int) -> list[str]:
    return [feed_id(number) for number in numbers]


def odd_event(name: str = "1") -> Json:
    event = event_json(student_json(1, email=f"{name}@example.test"))
    del event["id"]
    return event


# Reading on


async def test_a_feed_is_read_page_by_page_to_its_end() -> None:
    world = world_with_feed(*range(10), read=3)

    assert await world.turns() == 1

    assert world.publisher.events == ids(4, 5, 6, 7, 8, 9)
    assert world.row.cursor == feed_id(9)


async def test_an_empty_feed_is_read_from_its_beginning() -> None:
    world = World()
    world.clever.feed = [feed_event(1), feed_event(2), feed_event(3)]
    world.connect()
    world.row.cursor, world.row.baseline_at = "", world.clock.now

    await world.turns()

    assert world.publisher.events == ids(1, 2, 3)
    assert world.publisher.settled == [(None, feed_id(3), 3)]
    assert world.calls.of("clever.page")[0] == "clever.page events None"


async def test_events_are_published_before_the_cursor_moves_over_them() -> None:
    world = world_with_feed(*range(10))
    published: list[str] = []
    moved: list[bool] = []

    def look(call: str) -> None:
        what, _, rest = call.partition(" ")
        if what == "publish":
            published.append(rest.split()[-1])
        if what == "advance":
            moved.append({one for one in ids(*range(1, 10)) if one <= rest} <= set(published))

    world.calls.before = look
    await world.turns()

    assert len(moved) >= 5
    assert all(moved)
    assert world.row.cursor == feed_id(9)


async def test_an_event_that_the_broker_does_not_take_is_published_again_and_the_cursor_waits() -> None:
    world = world_with_feed(1, 2)
    world.publisher.trouble = RuntimeError("not confirmed")

    await world.turns()
    assert world.row.cursor == feed_id(0)

    world.publisher.trouble = None
    await world.next_poll()
    assert (world.publisher.events, world.row.cursor) == (ids(1, 2), feed_id(2))


async def test_what_is_stored_already_is_not_published_again() -> None:
    world = world_with_feed(1, 2, 3)
    world.tables.events |= {feed_id(2)}

    await world.turns()

    assert world.publisher.events == ids(1, 3)
    assert world.publisher.settled == [(feed_id(0), feed_id(3), 3)]


async def test_a_reader_whose_cursor_was_moved_by_another_leaves_the_feed_to_it() -> None:
    world = world_with_feed(1, 2, 3)

    def overtake(call: str) -> None:
        if call.startswith("advance"):
            world.calls.before = lambda _: None
            world.row.cursor, world.row.unsettled = feed_id(1), 1

    world.calls.before = overtake
    with capture_logs() as logs:
        await world.turns()

    assert [line["reason"] for line in logs if line["event"] == "turn.lost"] == ["CursorMoved"]
    assert world.row.problem is None
    assert set(world.publisher.events) == set(ids(1, 2, 3))
    assert world.publisher.settled == [(feed_id(0), feed_id(3), 3)]


# Clever's moods


async def test_rows_in_reverse_order_are_neither_skipped_nor_read_for_ever() -> None:
    world = world_with_feed(*range(1, 8))
    world.clever.quirks = [(EVENTS, reversed_rows)] * 4

    assert await world.turns() == 1

    assert sorted(filter(None, world.publisher.events)) == ids(*range(1, 8))
    assert world.row.cursor == feed_id(7)


async def test_a_page_that_comes_twice_ends_the_reading_and_the_next_one_goes_on() -> None:
    world = world_with_feed(*range(1, 8))
    world.clever.quirks = [(EVENTS, lambda page, _: page), (EVENTS, repeated)]

    assert await world.turns() == 1
    assert world.row.cursor == feed_id(1)
    await world.next_poll()

    assert world.publisher.events == ids(*range(1, 8))
    assert world.row.cursor == feed_id(7)


async def test_a_page_repeated_without_end_is_no_hot_loop() -> None:
    world = world_with_feed(*range(1, 8))
    world.clever.quirks = [(EVENTS, lambda page, _: page), *[(EVENTS, repeated)] * 50]

    assert await world.turns() == 1
    assert len(world.calls.of("clever.page")) == 2


@pytest.mark.parametrize("quirk", [broken_off, emptied, repeated])
@pytest.mark.parametrize("place", range(4))
async def test_a_feed_that_broke_off_is_read_on_without_a_hole(quirk: Quirk, place: int) -> None:
    world = world_with_feed(*range(1, 6))
    await world.turns()
    world.clever.feed += [feed_event(number) for number in range(6, 11)]
    world.clever.quirks = [*[(EVENTS, _as_it_is)] * place, (EVENTS, quirk)]

    await world.next_poll()
    await world.next_poll()

    assert world.clever.quirks == []
    assert world.publisher.events == ids(*range(1, 11))
    assert sum(count for *_, count in world.publisher.settled) == 10
    assert (world.baselines.begun, world.row.problem) == (0, None)


def _as_it_is(page: CleverPage, _before: CleverPage | None) -> CleverPage:
    return page


async def test_an_empty_page_with_a_link_to_more_does_not_end_the_feed() -> None:
    world = world_with_feed(1, 2, 3, 4)
    world.clever.quirks = [(EVENTS, _as_it_is), (EVENTS, lambda page, _: CleverPage([], page.next_after))]

    await world.turns()

    assert world.row.cursor == feed_id(4)
    assert feed_id(4) in world.publisher.events


async def test_events_without_an_id_are_published_and_do_not_stop_the_feed() -> None:
    world = world_with_feed(1)
    world.clever.feed += [odd_event(), feed_event(2), odd_event(), feed_event(3)]

    await world.turns()

    assert world.publisher.events.count(None) == 1  # both say the same
    assert [one for one in world.publisher.events if one] == ids(1, 2, 3)
    assert world.publisher.settled == [(feed_id(0), feed_id(3), 3)]


@pytest.mark.parametrize("odd", [None, 7, "", "\0", "x" * 129, "with a blank"])
async def test_an_event_whose_id_cannot_be_stored_does_not_stop_the_feed(odd: object) -> None:
    world = world_with_feed(1)
    world.clever.feed += [event_json(student_json(), id=odd), feed_event(2), feed_event(3)]

    await world.turns()

    assert odd in world.publisher.events
    assert set(ids(1, 2, 3)) <= set(world.publisher.events)
    assert world.publisher.settled == [(feed_id(0), feed_id(3), 3)]


async def test_a_page_of_nothing_but_events_without_an_id_is_gone_past() -> None:
    world = world_with_feed(1)
    world.clever.feed += [odd_event("1"), odd_event("2"), feed_event(3), feed_event(4)]
    after_the_odd_ones = feed_id(1)[:-1] + "f"
    world.clever.quirks = [
        (EVENTS, _as_it_is),
        (EVENTS, lambda page, _: CleverPage(page.rows, after_the_odd_ones)),
        (EVENTS, lambda _page, _: CleverPage([feed_event(3), feed_event(4)], None)),
    ]

    await world.turns()

    assert world.publisher.events.count(None) == 2
    assert world.row.cursor == feed_id(4)


async def test_an_event_that_nobody_can_read_is_published_once_and_not_with_every_poll() -> None:
    world = world_with_feed(1)
    unreadable = event_json(student_json(2, name="not an object"), id=feed_id(2))
    world.clever.feed += [unreadable, odd_event()]
    for _ in range(5):
        await world.next_poll()

    assert world.publisher.events == [*ids(1, 2), None]
    assert len(world.tables.quarantine) == 2
    assert world.row.cursor == feed_id(2)


async def test_what_the_last_baseline_has_is_neither_published_nor_counted() -> None:
    world = world_with_feed(1, 2, 3, 4)
    world.row.floor = feed_id(2)

    await world.turns()

    assert world.publisher.events == ids(3, 4)
    assert world.publisher.settled == [(feed_id(0), feed_id(4), 2)]


async def test_what_was_stored_counts_though_the_last_baseline_has_it() -> None:
    world = world_with_feed(1, 2, 3, 4)
    world.row.floor = feed_id(2)
    world.tables.events |= {feed_id(1)}

    await world.turns()

    assert world.publisher.settled == [(feed_id(0), feed_id(4), 3)]


# The overlap

NOW = 3600
"""The event that is made just when a test begins."""


async def test_an_event_that_turns_up_behind_the_cursor_is_published() -> None:
    world = world_with_feed(10, 20)
    await world.turns()
    assert world.row.cursor == feed_id(20)

    world.clever.feed.insert(-1, feed_event(15))
    await world.next_poll()

    assert world.publisher.events == ids(10, 20, 15)
    assert world.row.cursor == feed_id(20)


async def test_a_late_event_is_found_for_as_long_as_the_overlap_lasts() -> None:
    world = world_with_feed(NOW - 10, pace=PollTiming(overlap=timedelta(minutes=5)))
    await world.turns()
    for number in (50, 110, 170):
        world.clever.feed.append(feed_event(NOW + number))
        await world.next_poll()

    world.clever.feed.insert(2, feed_event(NOW - 20))
    await world.next_poll()

    assert world.publisher.events == ids(NOW - 10, NOW + 50, NOW + 110, NOW + 170, NOW - 20)


@pytest.mark.parametrize(
    ("numbers", "overlap"),
    [
        ((NOW - 70, NOW - 65, NOW - 5), NOW - 65),
        ((NOW - 70, NOW - 65), NOW - 70),
        ((NOW - 5, NOW - 4, NOW + 5), 0),
        ((NOW - 70, NOW + 300), NOW - 70),
        ((NOW + 3600, NOW + 3601), NOW + 3600),
    ],
    ids=["old, and a new one", "old ones", "new ones", "one made by a clock ahead", "made by no clock"],
)
async def test_a_reading_begins_where_no_event_is_missing(numbers: tuple[int, ...], overlap: int) -> None:
    world = world_with_feed(*numbers)

    await world.turns()

    assert (world.row.cursor, world.row.overlap) == (feed_id(numbers[-1]), feed_id(overlap))


@pytest.mark.parametrize("odd", ["evt_0001", "~" * 24, "f" * 24, "f47ac10b-58cc-4372-a567-0e02b2c3d479"])
async def test_an_event_whose_id_is_none_is_published_once_and_the_feed_goes_on_behind_it(odd: str) -> None:
    world = world_with_feed(1)
    world.clever.feed.append(event_json(student_json(2), id=odd))
    await world.next_poll()
    world.clever.feed.append(feed_event(3))
    await world.next_poll()
    world.clever.feed.append(feed_event(4))
    await world.next_poll()

    assert sorted(map(str, world.publisher.events)) == sorted([*ids(1, 3, 4), odd])
    assert world.row.cursor == feed_id(4)
    assert world.publisher.settled[-1] == (feed_id(3), feed_id(4), 1)


@pytest.mark.parametrize("cursor", ["evt_0001", "~" * 24, "f" * 24])
async def test_a_cursor_that_is_no_events_id_is_a_hole(cursor: str) -> None:
    world = world_with_feed(1, 2)
    world.row.cursor = cursor

    await world.turns()

    assert world.row.cursor == feed_id(2)


async def test_a_floor_ahead_of_now_keeps_no_event_back() -> None:
    world = world_with_feed(1, 2)
    world.row.floor = "f" * 24

    await world.turns()

    assert world.publisher.events == ids(1, 2)


async def test_a_poll_without_anything_new_costs_one_page_of_one_row_and_no_question() -> None:
    world = world_with_feed(*range(1, 30))
    await world.turns()
    asked, rows = len(world.calls.of("clever.")), world.clever.rows_given

    for _ in range(10):
        await world.next_poll()

    assert world.calls.of("clever.")[asked:] == [f"clever.page events {feed_id(28)}", "clever.district"] * 10
    assert world.clever.rows_given - rows == 10


async def test_the_overlap_follows_so_that_a_reading_does_not_grow_for_ever() -> None:
    world = world_with_feed(pace=PollTiming(poll=timedelta(seconds=10)))
    for number in range(1, 100):
        world.clever.feed.append(feed_event(NOW + 10 * number))
        await world.next_poll()

    rows = world.clever.rows_given
    await world.next_poll()

    assert world.clever.rows_given - rows <= 9
    assert world.publisher.events == ids(*range(NOW + 10, NOW + 1000, 10))


async def test_a_cursor_that_goes_on_from_a_baseline_is_not_read_from_the_feeds_beginning() -> None:
    world = World()
    world.clever.feed = [feed_event(number) for number in range(100)]
    world.connect()

    await world.turns()

    assert (world.row.cursor, world.row.overlap) == (feed_id(99), feed_id(98))
    assert world.clever.rows_given == 1
    assert world.publisher.events == []


# Its time limit


async def test_a_turn_ends_at_its_time_limit_and_asks_to_go_on_at_once() -> None:
    world = world_with_feed(*range(1, 8), pace=IN_STEPS)

    assert await world.stage.once()

    assert world.publisher.events == ids(1)
    assert world.row.due_at == world.clock.now
    assert world.publisher.settled == []


async def test_a_feed_longer_than_a_turn_is_read_to_its_end_by_several() -> None:
    world = world_with_feed(*range(1, 8), pace=IN_STEPS)

    assert await world.turns() == 4

    assert world.publisher.events == ids(*range(1, 8))
    assert world.row.cursor == feed_id(7)
    begun = [call.split()[-1] for call in world.calls.of("clever.page")]
    assert begun == ids(-1, 1, 3, 5)


async def test_the_turn_that_goes_on_begins_at_the_cursor_and_the_next_at_the_overlap() -> None:
    world = world_with_feed(NOW - 4, NOW - 3, NOW - 2, NOW - 1, pace=IN_STEPS)
    await world.turns()

    await world.next_poll()

    begun = [call.split()[-1] for call in world.calls.of("clever.page")]
    assert begun[:4] == [*ids(-1, NOW - 4, NOW - 2), feed_id(0)]


async def test_a_long_overlap_without_anything_new_is_read_in_turns_that_end() -> None:
    world = world_with_feed(*range(-30, 0), pace=IN_STEPS)
    world.row.overlap = ""

    assert await world.stage.once()
    assert world.clever.rows_given == 2
    assert await world.turns() < 35

    assert (world.row.cursor, world.row.overlap) == (feed_id(0), feed_id(-1))
    assert world.row.due_at > world.clock.now


async def test_an_overlap_longer_than_a_turn_does_not_keep_a_feed_from_going_on() -> None:
    world = world_with_feed(*range(NOW, NOW + 30), pace=IN_STEPS)
    await world.turns()
    world.clever.feed += [feed_event(number) for number in range(NOW + 30, NOW + 40)]
    world.clock.pass_by(seconds=1)
    world.row.due_at = world.clock.now

    turns = await world.turns()

    assert turns < 10
    assert world.publisher.events == ids(*range(NOW, NOW + 40))


# The word that it was read to its end


async def test_the_word_on_the_end_counts_the_events_of_several_turns_once() -> None:
    world = world_with_feed(*range(1, 8), pace=IN_STEPS)
    world.clever.quirks = [(EVENTS, lambda page, _: CleverPage([*page.rows, page.rows[-1]], page.next_after))]

    await world.turns()

    assert world.publisher.settled == [(feed_id(0), feed_id(7), 7)]
    assert (world.row.settled, world.row.unsettled) == (feed_id(7), 0)


async def test_the_words_on_a_feeds_end_join_without_a_gap() -> None:
    world = world_with_feed(1, 2, 3)
    await world.turns()
    world.clever.feed += [feed_event(4), feed_event(5)]
    await world.next_poll()
    world.clever.feed += [feed_event(6)]
    await world.next_poll()

    words = world.publisher.settled
    assert [count for *_, count in words] == [3, 2, 1]
    assert all(through == since for (_, through, _), (since, *_) in pairwise(words))


async def test_a_feed_without_anything_new_tells_nothing() -> None:
    world = world_with_feed(1)
    await world.turns()
    for _ in range(3):
        await world.next_poll()

    assert len(world.publisher.settled) == 1


async def test_a_feed_without_anything_new_is_told_of_where_a_baseline_waits() -> None:
    world = world_with_feed(1)
    await world.turns()
    world.row.resync = "wanted"
    await world.next_poll()

    assert world.publisher.settled[1:] == [(feed_id(1), feed_id(1), 0)]
    assert world.tables.runs
    assert all(run.is_ready for run in world.tables.runs.values())


async def test_a_process_killed_after_the_word_gives_the_same_word_again() -> None:
    world = world_with_feed(1, 2)
    given: list[str] = []

    def die(call: str) -> None:
        if call == "settle" and not given:
            given.append(call)
            raise RuntimeError("killed")

    world.calls.before = die
    await world.turns()
    await world.next_poll()

    assert world.publisher.settled == [(feed_id(0), feed_id(2), 2)] * 2


# A feed with a hole


@pytest.mark.parametrize("answer", ANSWERS)
@pytest.mark.parametrize("left", [0, 1, 3])
async def test_a_cursor_the_feed_forgot_is_answered_by_one_baseline(answer: Answer, left: int) -> None:
    world = world_with_feed(*range(1, 10))
    await world.turns()
    world.clever.to_unknown_place = answer
    world.clever.feed += [feed_event(number) for number in range(10, 14)]
    world.clever.forget(13 - left)

    turns = await world.next_poll()

    assert turns < 6
    assert world.baselines.begun == 1
    assert world.publisher.events == ids(*range(1, 10))
    assert world.baselines.adopt() is not None
    world.clever.feed.append(feed_event(14))
    await world.next_poll()
    assert world.publisher.events == ids(*range(1, 10), 14)
    assert world.row.cursor == feed_id(14)
    for _ in range(10):
        await world.next_poll()
    assert (world.baselines.begun, world.row.problem) == (1, None)


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_feed_that_forgot_where_reading_begins_is_read_on(answer: Answer) -> None:
    world = world_with_feed(1, 2)
    await world.turns()
    world.clever.to_unknown_place = answer
    world.clever.forget(1)
    for number in range(3, 6):
        await world.next_poll()
        world.clever.feed.append(feed_event(number))
        await world.next_poll()
        assert world.publisher.events[-1] == feed_id(number)

    assert (world.baselines.begun, world.row.problem) == (0, None)
    assert turns_that_failed(world) == 0
    asked = len(world.calls.of("clever."))
    await world.next_poll()
    assert world.calls.of("clever.")[asked:] == [f"clever.page events {feed_id(4)}", "clever.district"]


def turns_that_failed(world: World) -> float:
    return world.metrics.registry.get_sample_value("rostering_turns_total", {"outcome": "failed"}) or 0


def without_the_first(page: CleverPage, _before: CleverPage | None) -> CleverPage:
    return CleverPage(page.rows[1:], page.next_after)


async def test_a_page_that_leaves_out_the_cursor_is_a_failure_that_passes() -> None:
    world = world_with_feed(1, 2, 3)
    world.clever.quirks = [(EVENTS, without_the_first)]

    await world.turns()
    assert world.publisher.events == []
    assert (world.row.cursor, world.calls.of("settle")) == (feed_id(0), [])
    assert world.row.problem == "Clever: the feed skipped an event"

    await world.next_poll()
    assert world.publisher.events == ids(1, 2, 3)
    assert (world.baselines.begun, world.row.failures) == (0, 0)


async def test_a_page_that_leads_back_before_the_cursor_was_seen_does_not_end_the_feed() -> None:
    world = world_with_feed(1, 2)
    world.row.resync = "wanted"
    await world.stage.once()
    assert next(iter(world.tables.runs.values())).is_read
    earlier = CleverPage([feed_event(0)], feed_id(0))
    world.clever.quirks = [(EVENTS, lambda _page, _before: earlier)]

    await world.turns()
    assert not next(iter(world.tables.runs.values())).is_ready

    await world.next_poll()
    assert next(iter(world.tables.runs.values())).is_ready
    assert world.baselines.begun == 1


async def test_a_feed_that_never_again_shows_the_cursor_is_gone_on_with_from_a_baseline() -> None:
    world = world_with_feed(1, 2)
    await world.turns()
    world.clever.hidden = {feed_id(2)}
    world.clever.feed.append(feed_event(3))
    for _ in range(20):
        await world.next_poll()
    world.baselines.adopt()
    world.clever.feed.append(feed_event(4))

    await world.next_poll()

    assert (world.baselines.begun, world.row.problem) == (1, None)
    assert world.publisher.events == ids(1, 2, 4)


async def test_a_process_killed_while_it_finds_the_hole_leaves_it_to_be_found() -> None:
    world = world_with_feed(1, 2)
    await world.turns()
    world.clever.to_unknown_place = "oldest"
    world.clever.feed += [feed_event(3), feed_event(4)]
    world.clever.forget(3)
    killed: list[str] = []

    def die(call: str) -> None:
        if call == "demand_resync" and not killed:
            killed.append(call)
            raise RuntimeError("killed")

    world.calls.before = die
    await world.next_poll()
    assert (killed, world.baselines.begun) == (["demand_resync"], 0)
    await world.next_poll()

    assert world.baselines.begun == 1
    assert world.row.cursor == feed_id(4)


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_feed_that_was_emptied_by_time_is_read_from_its_beginning(answer: Answer) -> None:
    world = world_with_feed(1, 2)
    await world.turns()
    world.clever.to_unknown_place = answer
    world.clever.forget(2)
    world.clock.pass_by(days=31)
    await world.turns()
    assert world.baselines.adopt() is not None
    assert (world.row.cursor, world.row.floor) == ("", feed_id(2))

    for number in (3, 4, 5):
        world.clever.feed.append(feed_event(number))
        await world.next_poll()
        assert world.publisher.events[-1] == feed_id(number)

    assert (world.baselines.begun, world.row.problem) == (1, None)


@pytest.mark.parametrize("answer", ANSWERS)
async def test_a_hole_that_is_there_again_right_after_a_baseline_is_no_hot_loop(answer: Answer) -> None:
    world = world_with_feed(1, 2)
    world.clever.to_unknown_place = answer
    world.clever.newest_answers = [ids(7, 8)] * 1000  # events that the feed does not have
    world.row.resync = "wanted"
    taken = 0
    for _ in range(60):
        taken += await world.next_poll()
        world.baselines.adopt()

    assert taken < 60
    assert world.baselines.begun <= 2
    assert world.row.problem is not None


# A feed that cannot be read at all


def unreadable_feed() -> World:
    world = World()
    world.connect()
    world.clever.collections["users"] = [student_json(1)]
    world.clever.feed_trouble = CleverRefused("Clever: 404", 404)
    return world


async def test_a_district_whose_feed_can_never_be_read_gets_its_baseline_all_the_same() -> None:
    world = unreadable_feed()

    assert await world.turns() < 10

    assert world.calls.of("ready") == ["ready True"]
    assert world.baselines.adopt() is not None
    assert len(world.tables.staged) == 1
    assert world.row.problem == "Clever: 404"


async def test_after_that_it_backs_off_and_is_read_whole_again_a_day_later() -> None:
    world = unreadable_feed()
    await world.turns()
    world.baselines.adopt()
    taken = 0
    for _ in range(60):
        taken += await world.next_poll()

    assert taken <= 10
    assert world.baselines.begun == 1

    world.clever.collections["users"].append(student_json(2))
    world.clock.pass_by(hours=24)
    await world.turns()
    world.baselines.adopt()
    assert len(world.tables.staged) == 2
    assert world.baselines.begun == 2


async def test_a_persons_demand_is_met_where_the_feed_can_never_be_read() -> None:
    world = unreadable_feed()
    await world.turns()
    world.baselines.adopt()

    world.clock.pass_by(minutes=30)
    await world.connections.demand_resync(world.clever.record["id"], "wanted", forget_cursor=False)
    await world.turns()

    assert world.baselines.begun == 2
    assert world.baselines.adopt() is not None


@pytest.mark.parametrize("status", [403, 404])
@pytest.mark.parametrize("newest", [[], [ids(1, 2)] * 1000], ids=["altogether", "but for its newest events"])
async def test_a_feed_that_is_switched_off_is_no_hot_loop(newest: list[list[str]], status: int) -> None:
    world = world_with_feed(1, 2)
    world.clever.newest_answers = newest
    world.clever.collections["users"] = [student_json(1)]
    await world.turns()
    world.clever.feed_trouble = CleverRefused(f"Clever: {status}", status)
    taken = 0
    for _ in range(60):
        taken += await world.next_poll()
        world.baselines.adopt()

    assert taken < 60
    assert world.baselines.begun == 1
    assert world.row.baseline_at is not None
    assert world.row.problem is not None


@pytest.mark.parametrize("status", [403, 404])
async def test_a_feed_not_read_to_its_end_meets_no_other_baseline(status: int) -> None:
    world = world_with_feed(1, 2)
    world.row.cursor_at = None
    world.clever.feed_trouble = CleverRefused(f"Clever: {status}", status)

    await world.turns()
    assert (world.baselines.begun, world.row.cursor) == (0, feed_id(0))
    assert world.row.failures == 1

    world.clever.feed_trouble = None
    await world.next_poll()
    assert world.publisher.events == ids(1, 2)


async def test_a_district_whose_feed_was_switched_off_and_on_again_is_followed_within_a_day() -> None:
    world = world_with_feed(1, 2)
    await world.turns()
    world.clever.feed_trouble = CleverRefused("Clever: 403", 403)
    for _ in range(30):
        await world.next_poll()
        world.baselines.adopt()
    world.clever.feed_trouble = None
    world.clever.feed.append(feed_event(3))
    world.clock.pass_by(hours=25)

    await world.turns()
    world.clever.feed.append(feed_event(4))
    await world.next_poll()

    assert world.publisher.events[-2:] == ids(3, 4)
    assert world.row.problem is None


@pytest.mark.parametrize("event_id", ["", "evt_1", "zz" * 12, "f" * 25])
def test_an_id_that_is_not_clevers_does_not_tell_when_it_was_made(event_id: str) -> None:
    assert made_at(event_id) is None


def test_clevers_ids_tell_when_they_were_made() -> None:
    made = made_at("66f000000000000000000a01")

    assert made is not None
    assert made.isoformat() == "2024-09-22T11:31:12+00:00"
