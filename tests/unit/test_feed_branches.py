"""A feed, branch by branch: where a reading ends, what of it is published, and what a refusal comes to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests.support.builders.records import DISTRICT, event_json, student_json
from tests.support.fakes.source import World, feed_id
from tests.support.fakes.source_worlds import NOW, READ, RUN, connection_of, world_with_feed
from worker.domain.roster.versions import latest_id
from worker.pipeline.poll import feed
from worker.pipeline.poll.baseline_store import Run
from worker.pipeline.poll.clever import EVENTS, CleverPage
from worker.pipeline.poll.feed import HOLE, Reached
from worker.runtime.errors import CleverRefused, CleverUnavailable
from worker.runtime.progress import no_progress


async def follow(world: World, run: Run | None = None, until: float = float("inf")) -> Reached:
    token = connection_of(world).token
    assert token is not None
    return await feed.read_on(world.source, connection_of(world), run, token, until, no_progress)


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
    world.clever.quirks = [(EVENTS, lambda _page, _before: CleverPage([], feed_id(-1)))]

    assert await follow(world) is Reached.END

    assert world.calls.of("clever.knows_event") == []
    assert world.publisher.events == [feed_id(1)]


async def test_a_refusal_behind_the_cursor_is_the_feeds_end_and_no_hole() -> None:
    world = world_with_feed(0, 1, unsettled=1)
    world.clever.not_granted = {"page": CleverRefused("Clever: 403", 403)}

    assert await follow(world) is Reached.CUT_OFF

    assert world.calls.of("clever.knows_event") == []
    assert world.row.resync == "reading the feed failed (403)"


@pytest.mark.parametrize("unsettled", [0, 1])
async def test_a_hole_in_a_feed_that_was_read_to_its_end_is_told_as_one(unsettled: int) -> None:
    world = world_with_feed(0, 1, unsettled=unsettled)
    world.clever.to_unknown_place = "oldest"
    world.clever.forget(0)
    world.row.overlap = feed_id(-1)
    world.row.unsettled = 0

    assert await follow(world) is Reached.CUT_OFF

    assert world.row.resync == HOLE


async def test_a_feed_from_its_beginning_that_has_nothing_is_told_of_to_nobody_but_the_baseline() -> None:
    world = world_with_feed(cursor="", settled="", overlap="")

    assert await follow(world, READ) is Reached.END

    assert (world.publisher.published, world.calls.of("ready")) == ([], ["ready True"])


async def test_a_feed_with_nothing_new_is_not_told_of_while_a_baseline_is_being_read() -> None:
    world = world_with_feed(0)

    await follow(world, RUN)
    assert world.publisher.published == []
    await follow(world, READ)
    assert len(world.publisher.settled) == 1


async def test_a_link_that_leads_back_into_a_page_is_not_followed_to_what_was_read() -> None:
    world = world_with_feed(0, 1, 2, 3)
    world.row.overlap = feed_id(0)
    world.clever.quirks = [(EVENTS, lambda page, _before: CleverPage(page.rows[::-1], feed_id(1)))]

    await follow(world)

    assert world.calls.of("clever.page") == [f"clever.page {EVENTS} {feed_id(number)}" for number in (0, 2)]


async def test_a_feed_that_is_refused_while_a_baseline_is_being_read_asks_for_another() -> None:
    world = world_with_feed(0, 1)
    world.clever.feed_trouble = CleverRefused("Clever: 403", 403)

    assert await follow(world, RUN) is Reached.CUT_OFF

    assert (world.calls.of("ready"), world.row.resync) == ([], "reading the feed failed (403)")


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


@pytest.mark.parametrize(("failures", "reached"), [(2, None), (3, Reached.CUT_OFF), (4, Reached.CUT_OFF)])
async def test_an_event_left_out_is_waited_for_three_times(failures: int, reached: Reached | None) -> None:
    world = world_with_feed(-1, 0, 1, failures=failures)
    world.row.overlap = feed_id(-1)
    world.clever.hidden = {feed_id(0)}

    if reached is None:
        with pytest.raises(CleverUnavailable):
            await follow(world)
    else:
        assert await follow(world) is reached

    assert world.publisher.published == []


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
def test_an_event_is_old_before_the_overlap_or_at_an_impossible_time(event_id: str, is_old: bool) -> None:
    assert feed._is_old(event_id, OLD, LATEST) is is_old


def test_the_end_of_the_feed_is_told_without_a_beginning_where_that_is_no_events_id() -> None:
    assert feed.settled(DISTRICT, "", feed_id(1), 0)["since"] is None
    assert feed.settled(DISTRICT, feed_id(0), feed_id(1), 1)["since"] == feed_id(0)


async def test_the_greatest_id_that_is_believed_is_read_up_to_and_no_greater_one() -> None:
    latest = latest_id(NOW)
    world = world_with_feed(0)
    world.clever.feed.append(event_json(student_json(1), id=latest))
    ahead = f"{int(latest, 16) + 1:024x}"
    world.clever.feed.append(event_json(student_json(2), id=ahead))

    await follow(world)

    assert world.row.cursor == latest
    assert world.publisher.events == [latest, ahead]


async def test_an_answer_about_too_few_events_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    world = world_with_feed(0, 1)

    async def unheard(*_asked: object) -> list[bool]:
        return []

    monkeypatch.setattr(world.connections, "unheard", unheard)

    with pytest.raises(ValueError, match="shorter"):
        await follow(world)

    assert world.publisher.published == []
