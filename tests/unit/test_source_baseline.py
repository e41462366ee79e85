from __future__ import annotations

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from tests.support.builders.records import (
    Json,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    user_json,
)
from tests.support.fakes.source import (
    Quirk,
    World,
    broken_off,
    emptied,
    feed_event,
    feed_id,
    repeated,
    reversed_rows,
)
from worker.domain.roster.records import RecordKind
from worker.pipeline.poll.baseline import staged_records
from worker.pipeline.poll.baseline_store import NOBODY
from worker.pipeline.poll.clever import COLLECTIONS, CleverPage
from worker.pipeline.poll.context import PollTiming
from worker.runtime.errors import CleverRefused

STUDENTS = range(1, 8)
DISTRICT = user_json()["district"]


def district(pace: PollTiming | None = None) -> World:
    """Return a connected district that was never read."""
    world = World(pace or PollTiming())
    world.clever.collections = {
        "schools": [school_json()],
        "users": [student_json(number) for number in STUDENTS],
        "sections": [section_json()],
    }
    world.clever.feed = [feed_event(1), feed_event(2)]
    world.connect()
    return world


@pytest.fixture
def world() -> World:
    return district()


async def adopted(world: World) -> set[str]:
    """Read the district to its end; return the ids of the students that were staged."""
    assert await world.turns() < 30
    assert world.baselines.adopt() is not None
    return {key for kind, key in world.tables.staged if kind is RecordKind.USER}


ALL_STUDENTS = {str(record_id(number)) for number in STUDENTS}


async def test_the_seed_is_taken_before_the_first_page(world: World) -> None:
    await world.turns()

    asked = [call.split()[0] for call in world.calls.of("clever.")]
    assert asked.index("clever.newest_events") < asked.index("clever.page")
    assert world.tables.runs[DISTRICT].seed == feed_id(2)


async def test_what_happens_while_pages_are_read_is_read_in_the_feed(world: World) -> None:
    def change(call: str) -> None:
        if call.startswith("clever.page schools") and len(world.clever.feed) == 2:
            world.clever.feed.append(feed_event(3))

    world.calls.before = change
    await world.turns()

    assert world.publisher.events == [feed_id(3)]
    assert world.publisher.settled == [(feed_id(2), feed_id(3), 1)]


async def test_an_empty_answer_to_the_newest_events_is_asked_for_again(world: World) -> None:
    world.clever.newest_answers = [[]]

    await world.turns()

    assert world.tables.runs[DISTRICT].seed == feed_id(2)
    assert world.publisher.events == []


@pytest.mark.parametrize("number", [0, 1, 2, 3])
async def test_the_feed_is_read_on_from_the_event_before_the_newest(world: World, number: int) -> None:
    world.clever.feed = [feed_event(one) for one in range(1, number + 1)]

    await world.turns()

    before, newest = ["", "", *(feed_id(one) for one in range(1, number + 1))][-2:]
    assert (world.row.cursor, world.row.overlap, world.row.settled) == (newest, before, newest)
    assert world.calls.of("clever.page events") == [f"clever.page events {before or None}"]
    assert world.publisher.events == []


async def test_the_newest_event_told_twice_is_one_event(world: World) -> None:
    world.clever.newest_answers = [[feed_id(2), feed_id(2)]]

    await world.turns()

    assert (world.row.cursor, world.row.overlap) == (feed_id(2), feed_id(1))
    assert world.publisher.events == []


async def test_an_unreadable_event_that_the_baseline_begins_with_is_not_published(world: World) -> None:
    world.clever.feed[-1] = event_json(student_json(2, name="not an object"), id=feed_id(2))

    await world.turns()

    assert world.publisher.events == []


async def test_a_feed_without_events_is_read_from_its_beginning_and_the_window_closed(world: World) -> None:
    world.clever.feed.clear()

    await world.turns()

    assert (world.row.cursor, world.calls.of("ready")) == ("", ["ready True"])
    world.clever.feed.append(feed_event(3))
    await world.next_poll()
    assert world.publisher.events == [feed_id(3)]


async def test_collections_are_read_one_after_the_other_each_to_its_end(world: World) -> None:
    assert await adopted(world) == ALL_STUDENTS

    read = [call.split()[1] for call in world.calls.of("clever.page") if "events" not in call]
    assert list(dict.fromkeys(read)) == list(COLLECTIONS)


async def test_the_cursor_stays_unknown_until_every_page_is_there() -> None:
    world = district(PollTiming(turn=timedelta(0)))
    cursors: list[str | None] = []
    world.calls.before = lambda call: cursors.append(world.row.cursor) if call.startswith("add") else None

    await world.turns()

    assert set(cursors) == {None}
    assert world.row.cursor == feed_id(2)


async def test_a_cursor_beyond_the_seed_is_not_moved_back(world: World) -> None:
    world.connect(cursor=2)
    world.row.resync = "wanted"
    world.row.overlap = feed_id(1)
    world.clever.newest_answers = [["", feed_id(1)]]

    await world.turns()

    assert world.tables.runs[DISTRICT].seed == feed_id(1)
    assert (world.row.cursor, world.row.overlap) == (feed_id(2), feed_id(1))


async def test_a_turn_ends_after_the_page_in_hand_and_the_next_goes_on() -> None:
    world = district(PollTiming(turn=timedelta(0)))

    assert await world.stage.once()
    assert world.row.due_at == world.clock.now
    assert world.calls.of("add") == ["add 1 schools"]
    assert await adopted(world) == ALL_STUDENTS
    assert world.baselines.begun == 1


# Clever's moods


@pytest.mark.parametrize("quirk", [reversed_rows, broken_off])
@pytest.mark.parametrize("place", range(4))
async def test_a_page_reversed_or_broken_off_costs_no_record(world: World, quirk: Quirk, place: int) -> None:
    world.clever.quirks = [*[("users", _as_it_is)] * place, ("users", quirk)]

    assert await adopted(world) == ALL_STUDENTS
    assert world.clever.quirks == []


@pytest.mark.parametrize("place", range(3))
async def test_an_empty_page_in_the_middle_of_a_list_is_not_its_end(world: World, place: int) -> None:
    world.clever.quirks = [*[("users", _as_it_is)] * place, ("users", emptied)]

    assert await adopted(world) == ALL_STUDENTS


async def test_a_list_that_always_breaks_off_is_read_to_its_end_all_the_same(world: World) -> None:
    world.clever.quirks = [("users", broken_off)] * 40

    assert await adopted(world) == ALL_STUDENTS


@pytest.mark.parametrize("times", [1, 2, 5])
async def test_a_page_that_is_repeated_loses_nothing(world: World, times: int) -> None:
    world.clever.quirks = [("users", _as_it_is), *[("users", repeated)] * times]

    for _ in range(60):
        await world.next_poll()

    assert await adopted(world) == ALL_STUDENTS
    assert world.baselines.begun == 1


async def test_a_page_that_is_repeated_for_ever_is_a_failure_and_no_hot_loop(world: World) -> None:
    world.clever.quirks = [("users", _as_it_is), *[("users", repeated)] * 1000]
    taken = 0
    for _ in range(60):
        taken += await world.next_poll()

    assert taken <= 12
    assert world.row.problem == "Clever: the next page of users repeats earlier rows"


async def test_the_same_record_on_two_pages_is_one_record(world: World) -> None:
    world.clever.quirks = [
        ("users", lambda page, _: CleverPage([*page.rows, student_json(7)], page.next_after))
    ]

    assert await adopted(world) == ALL_STUDENTS


def _as_it_is(page: CleverPage, _before: CleverPage | None) -> CleverPage:
    return page


# Too little to be true


async def refused() -> World:
    """Return a district of 30 students of whom suddenly only one is in the list."""
    world = district()
    world.clever.collections["users"] = [student_json(number) for number in range(1, 31)]
    await world.turns()
    world.baselines.adopt()
    world.clever.collections["users"] = [student_json(1)]
    world.clock.pass_by(hours=25)
    await world.turns()
    return world


async def test_a_refused_baseline_leaves_cursor_and_staged_records_alone() -> None:
    world = await refused()

    assert world.row.cursor == feed_id(2)
    assert len(world.tables.staged) == 32
    assert (world.tables.runs, world.tables.read) == ({}, {})
    assert world.row.problem is not None
    assert "read only 1 of 30 stored students" in world.row.problem


async def test_a_refused_baseline_is_told_once_and_read_again_only_after_its_pause() -> None:
    world = await refused()
    for _ in range(14):
        await world.next_poll()
    assert world.baselines.begun == 2

    await world.next_poll()
    assert world.baselines.begun == 3
    assert world.tables.alerts == ["read only 1 of 30 stored students, fewer than 50 %"]


async def test_another_one_is_read_after_the_pause_however_new_the_last_adopted_one_is(world: World) -> None:
    world.clever.collections["users"] = [student_json(number) for number in range(1, 31)]
    await world.turns()
    world.baselines.adopt()
    users, world.clever.collections["users"] = world.clever.collections["users"], []
    await world.connections.demand_resync(DISTRICT, "a person asked", forget_cursor=False)
    await world.turns()
    assert (world.baselines.begun, world.tables.runs) == (2, {})
    world.clever.collections["users"] = users

    for _ in range(16):
        await world.next_poll()

    assert world.baselines.begun == 3
    assert world.baselines.adopt() is not None


async def test_the_feed_is_followed_while_baselines_are_refused() -> None:
    world = await refused()

    for number in range(10, 15):
        world.clever.feed.append(feed_event(number))
        await world.next_poll()
        assert world.publisher.events[-1] == feed_id(number)

    assert world.row.problem is None


async def test_a_demand_does_not_wait_for_the_pause_of_a_refused_baseline() -> None:
    world = await refused()
    world.clever.collections["users"] = [student_json(number) for number in range(1, 31)]
    await world.connections.demand_resync(DISTRICT, "a person asked", forget_cursor=False)

    await world.turns()

    assert world.baselines.begun == 3
    assert world.baselines.adopt() is not None


async def test_a_first_baseline_that_is_refused_is_no_hot_loop(world: World) -> None:
    world.tables.staged[RecordKind.SCHOOL, "known before"] = "{}"
    world.clever.collections["schools"] = []
    taken = await world.turns()
    for _ in range(14):
        taken += await world.next_poll()

    assert taken <= 16
    assert (world.baselines.begun, world.row.cursor) == (1, None)


# Begun anew


async def test_a_demand_begins_a_baseline_anew_that_is_being_read() -> None:
    world = district(PollTiming(turn=timedelta(0)))
    await world.stage.once()
    await world.stage.once()
    await world.connections.demand_resync(DISTRICT, "a person asked", forget_cursor=False)

    await world.stage.once()

    assert world.baselines.begun == 2
    assert world.row.resync is None
    assert await adopted(world) == ALL_STUDENTS
    assert world.baselines.begun == 2


async def test_a_demand_replaces_a_baseline_that_waits_to_be_adopted(world: World) -> None:
    await world.turns()
    world.clever.collections["users"].append(student_json(8))
    await world.connections.demand_resync(DISTRICT, "a person asked", forget_cursor=False)

    assert str(record_id(8)) in await adopted(world)


async def test_a_reading_that_is_a_day_old_is_begun_anew() -> None:
    world = district(PollTiming(turn=timedelta(0)))
    await world.stage.once()
    world.clever.feed.append(feed_event(3))
    world.clock.pass_by(hours=24, seconds=1)

    await world.stage.once()

    assert world.baselines.begun == 2
    assert world.tables.runs[DISTRICT].seed == feed_id(3)


async def test_what_the_database_lost_is_read_again(world: World) -> None:
    def lose(call: str) -> None:
        if call == "census":
            world.calls.before = lambda _: None
            world.tables.read.clear()

    world.calls.before = lose

    assert await adopted(world) == ALL_STUDENTS
    assert world.baselines.begun == 2


# Records as they are staged


def test_users_without_a_side_are_nobody() -> None:
    contact = user_json(1, {"contact": {"phone": "555"}})

    nobody, student = staged_records("users", [contact, student_json(2)], DISTRICT)

    assert (nobody.record_id, nobody.record, nobody.reason) == (record_id(1), NOBODY, None)
    assert student.record_id == record_id(2)


def test_a_record_that_cannot_be_read_is_kept_with_why_and_without_what_it_says() -> None:
    with capture_logs() as logs:
        (kept,) = staged_records("users", [student_json(1, {"grade": 3})], DISTRICT)

    assert (kept.kind, kept.record_id, kept.record) == (RecordKind.USER, record_id(1), None)
    assert kept.reason == "bad_field"
    assert "grade" in (kept.explanation or "")
    assert [line["event"] for line in logs] == ["record.unreadable"]
    assert "Fernquay" not in repr(logs) + repr(kept)


@pytest.mark.parametrize("broken", [None, 7, "", "x" * 129, "\0"])
def test_a_record_whose_id_cannot_be_kept_gets_a_mark_of_its_own(broken: object) -> None:
    rows: list[Json] = [school_json(1, id=broken), school_json(2, id=broken, name="Another")]

    marks = {record.record_id for record in staged_records("schools", rows, DISTRICT)}

    assert len(marks) == 2
    assert all(mark.startswith("unreadable-") for mark in marks)


async def test_a_baseline_with_a_record_that_cannot_be_read_is_read_to_its_end(world: World) -> None:
    world.clever.collections["users"].append(student_json(9, {"grade": 3}))

    assert await adopted(world) == ALL_STUDENTS


# What the app may not read


@pytest.mark.parametrize("status", [403, 404])
async def test_a_district_is_read_without_collections_the_app_may_not_read(world: World, status: int) -> None:
    world.clever.not_granted = {
        name: CleverRefused(f"Clever: {status}", status) for name in ("schools", "terms", "courses")
    }

    assert await adopted(world) == ALL_STUDENTS
    assert world.calls.of("skip") == ["skip schools", "skip terms", "skip courses"]


@pytest.mark.parametrize("needed", ["users", "sections"])
async def test_without_users_or_sections_there_is_no_baseline(world: World, needed: str) -> None:
    world.clever.not_granted = {needed: CleverRefused("Clever: 403", 403)}

    await world.turns()

    assert world.row.problem == "Clever: 403"
    assert world.baselines.adopt() is None


async def test_a_refusal_that_says_nothing_of_rights_skips_nothing(world: World) -> None:
    world.clever.not_granted = {"terms": CleverRefused("Clever: 400", 400)}

    await world.turns()

    assert world.row.problem == "Clever: 400"
    assert world.calls.of("skip") == []


async def test_a_district_is_read_though_its_own_record_is_not_to_be_had(world: World) -> None:
    world.clever.not_granted = {"district": CleverRefused("Clever: 404", 404)}

    assert await adopted(world) == ALL_STUDENTS
    assert world.row.record is None
    assert world.row.problem is None


async def test_a_token_of_another_district_reads_nothing(world: World) -> None:
    world.clever.record = {**world.clever.record, "id": "d2" * 12}

    await world.turns()

    assert "expected the district" in (world.row.problem or "")
    assert world.calls.of("begin") == []
