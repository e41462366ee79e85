"""How much ingest takes, and for how long it keeps what the store does not take: every bound at its edge."""

from __future__ import annotations

import pytest

from tests.support.builders.records import event_json
from tests.support.fakes.ingest_bench import Bench, aside, sound
from worker.messaging.broker import Delivery
from worker.pipeline.ingest import stage as module
from worker.pipeline.ingest.stage import BATCH_BYTES, HOLD_SECONDS, LOOK_SECONDS, PREFETCH, TAKE_SECONDS
from worker.runtime.errors import StoreFailed, StoreUnavailable

# Taking


async def test_one_message_is_taken_first_and_then_as_many_as_fit_into_a_batch() -> None:
    bench = Bench([sound(1)], [sound(2), sound(3)], [sound(4)])

    await bench.once(2)

    assert bench.queue.takes == [
        (500, TAKE_SECONDS, BATCH_BYTES),
        (499, 0, BATCH_BYTES),
        (500, TAKE_SECONDS, BATCH_BYTES),
    ]
    assert bench.queue.prefetches == [1, PREFETCH]
    assert bench.inbox.together == [["1", "2", "3"], ["4"]]


@pytest.mark.parametrize(("batch", "takes"), [(1, [1]), (2, [2, 1])])
async def test_a_batch_that_is_full_is_not_added_to(
    monkeypatch: pytest.MonkeyPatch, batch: int, takes: list[int]
) -> None:
    monkeypatch.setattr(module, "BATCH", batch)
    bench = Bench([sound(1)], [sound(2)])

    await bench.once()

    assert [limit for limit, _, _ in bench.queue.takes] == takes


@pytest.mark.parametrize(
    ("given", "prefetches", "together"),
    [
        ([[sound(1, 3)], [sound(2)]], [1, PREFETCH], [["1"], ["2"]]),
        ([[sound(1, 3)], [sound(2, 4)], [sound(3)]], [1, PREFETCH], [["1"], ["2"], ["3"]]),
        ([[sound(1, 2)], [sound(2, 2)]], [1, PREFETCH], [["1", "2"]]),
        ([[sound(1)], [sound(2, 3), sound(3)]], [1, PREFETCH, 1], [["1", "3"], ["2"]]),
        (
            [[sound(1)], [], [sound(2, 3), sound(3, 3), sound(4)], [sound(5, 3)], [sound(6)]],
            [1, PREFETCH, 1, PREFETCH],
            [["1"], ["4"], ["2"], ["3"], ["5"], ["6"]],
        ),
    ],
)
async def test_what_came_back_three_times_is_taken_and_stored_alone_and_the_rest_together(
    given: list[list[Delivery]], prefetches: list[int], together: list[list[str]]
) -> None:
    bench = Bench(*given)

    await bench.once(len(together))

    assert (bench.queue.prefetches, bench.inbox.together) == (prefetches, together)


async def test_what_is_in_hand_is_stored_before_more_is_taken_from_a_subscription_that_still_is() -> None:
    bench = Bench([sound(1)], [sound(2, 3)], [sound(3)])
    await bench.once()

    await bench.once()

    assert bench.queue.takes[2:] == [(0, 0, None)]
    assert bench.stored == ["1", "2"]


# Looking at the store


async def test_while_nothing_comes_the_store_is_asked_every_five_seconds_since_it_last_answered() -> None:
    bench = Bench([], [], [], [], [], [sound(1)])
    pings = []
    for seconds in (0, 4.9, 5, 8, 9, 13.9, 14):
        bench.clock.now = 1000.0 + seconds
        await bench.once()
        pings.append(bench.inbox.pings)

    assert (pings, bench.stored) == ([0, 0, 1, 1, 1, 1, 2], ["1"])


# Keeping what the store does not take


@pytest.mark.parametrize(("waited", "is_kept"), [(HOLD_SECONDS - 0.1, True), (HOLD_SECONDS, False)])
async def test_what_is_in_hand_is_kept_as_long_as_brokers_wait(waited: float, is_kept: bool) -> None:
    bench = Bench([sound(1)], [sound(2, 3)])
    bench.inbox.away = StoreUnavailable("away")
    await bench.fails()
    bench.clock.now += 500
    await bench.fails()
    bench.clock.now += waited - 500

    await bench.fails()

    assert (bench.stage.consuming, bench.queue.open) == (is_kept, is_kept)
    bench.inbox.away = None
    await bench.once(2)
    assert (bench.stored, bench.queue.opened) == ((["1", "2"], 1) if is_kept else ([], 2))


async def test_a_store_that_fails_is_tried_three_times_before_messages_go_on_one_by_one() -> None:
    bench = Bench([sound(1)], [sound(2)])
    bench.inbox.failing = {event_json({}, number=2)["id"]}

    await bench.fails(2)
    assert (bench.inbox.checks, bench.inbox.together) == (1, [["1", "2"]] * 2)
    await bench.fails()
    assert bench.inbox.checks == 2
    await bench.once()

    assert bench.inbox.together[3:] == [["1"]]
    assert bench.queue.acknowledged == [[1]]


async def test_a_store_that_is_away_however_often_has_no_message_go_on_alone() -> None:
    bench = Bench([sound(1)], [sound(2)])
    bench.inbox.away = StoreUnavailable("away")

    await bench.fails(6)

    assert bench.inbox.together == [["1", "2"]] * 6
    assert bench.inbox.checks == 1


async def test_a_store_that_fails_whatever_it_is_given_has_no_message_go_on_alone() -> None:
    bench = Bench([], [], [sound(1), sound(2)])
    await bench.once()
    bench.inbox.away = bench.inbox.unwritable = StoreFailed("full")

    await bench.fails(6)

    assert bench.inbox.together == [["1", "2"]] * 6


async def test_a_message_that_was_put_aside_is_tried_again_after_fifteen_seconds() -> None:
    bench = Bench([sound(1)])
    await aside(bench)
    bench.clock.now += 14.9
    await bench.once()
    assert len(bench.inbox.together) == 3
    bench.clock.now += 0.1

    await bench.fails()
    bench.inbox.failing = set()
    await bench.once()
    bench.clock.now += 15
    await bench.once()

    assert (bench.stored, bench.queue.acknowledged) == (["1"], [[1]])


@pytest.mark.parametrize(("waited", "rejected"), [(HOLD_SECONDS - 0.1, []), (HOLD_SECONDS, [(1, True)])])
async def test_what_was_put_aside_goes_back_in_time(waited: float, rejected: list[tuple[int, bool]]) -> None:
    bench = Bench([sound(1)])
    await aside(bench)
    bench.inbox.failing = set()
    bench.clock.now += waited

    await bench.once(2)

    assert bench.queue.rejected == rejected
    assert bench.stored == ([] if rejected else ["1"])
    assert bench.stage.consuming


async def test_each_message_that_goes_on_alone_is_kept_since_its_batch_first_failed() -> None:
    bench = Bench([sound(1)], [sound(2)])
    bench.inbox.failing = {event_json({}, number=number)["id"] for number in (1, 2)}
    await bench.fails()
    bench.clock.now += HOLD_SECONDS - 10
    await bench.fails(2 + 3 + 3)
    assert bench.queue.acknowledged == []
    bench.clock.now += 15

    await bench.once()

    assert bench.queue.rejected == [(1, True), (2, True)]


@pytest.mark.parametrize(("most", "takes"), [(1, [0]), (2, [500])])
async def test_with_as_many_aside_as_may_be_nothing_is_taken(
    monkeypatch: pytest.MonkeyPatch, most: int, takes: list[int]
) -> None:
    monkeypatch.setattr(module, "MAX_ASIDE", most)
    bench = Bench([sound(1)])
    await aside(bench)
    before = len(bench.queue.takes)

    await bench.once()

    assert [limit for limit, _, _ in bench.queue.takes[before:]] == takes


async def test_a_subscription_with_a_message_aside_does_not_end_when_the_store_goes_away() -> None:
    bench = Bench([sound(1)])
    await aside(bench)
    bench.inbox.trouble = StoreUnavailable("away")
    bench.clock.now += LOOK_SECONDS

    await bench.fails()

    assert bench.stage.consuming
