"""Baselines in PostgreSQL: read page by page, believed or refused, adopted by an evaluation."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.support.builders.records import (
    DISTRICT,
    Json,
    course_json,
    event_id,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
    term_json,
)
from tests.support.fixtures.people import HOUR, adopt, arrival, evaluate
from tests.support.fixtures.store import StoreUnderTest, opened_store
from worker.domain.preflight.policy import Policy
from worker.domain.roster.records import RecordKind
from worker.pipeline.ingest.inbox import Arrival, Quarantined
from worker.pipeline.poll.baseline import staged_records
from worker.pipeline.poll.baseline_store import BaselineRecord, Run
from worker.pipeline.poll.clever import COLLECTIONS, Token
from worker.pipeline.poll.connections import Connection
from worker.runtime.errors import BaselineLost, StoreRefused

STUDENTS = range(1, 13)
SEED, BEFORE = event_id(100), event_id(99)


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[StoreUnderTest]:
    async with opened_store(database_url, Policy(needs_baseline=True)) as opened:
        await opened.connections.listed({DISTRICT: Token("a token")})
        yield opened


def district(students: Sequence[int] = STUDENTS, **fields: object) -> dict[str, list[Json]]:
    """Return a district without an error, all of its students in one section; or with these fields."""
    role = {name: value for name, value in fields.items() if name in {"grade", "sis_id"}}
    return {
        "schools": [school_json()],
        "terms": [term_json()],
        "courses": [course_json()],
        "users": [*(student_json(number, role) for number in students), teacher_json()],
        "sections": [section_json(students=[record_id(number) for number in students])],
    }


async def read_whole(
    store: StoreUnderTest, records: dict[str, list[Json]], seed: str = SEED, collections: Sequence[str] = ()
) -> Run:
    """Read a baseline, two records a page."""
    run = await store.baselines.begin(DISTRICT, seed, BEFORE if seed else "", collections or COLLECTIONS)
    while run.collection is not None:
        rows = list(records.get(run.collection, []))
        rest = [row for row in rows if run.after is None or row["id"] > run.after]
        page = staged_records(run.collection, rest[:2], DISTRICT)
        run = await store.baselines.add(run, page, rest[1]["id"] if len(rest) > 2 else None)
    return run


async def adopt_records(
    store: StoreUnderTest, records: dict[str, list[Json]], seed: str = SEED, collections: Sequence[str] = ()
) -> None:
    """Read a baseline and have it adopted."""
    run = await read_whole(store, records, seed, collections)
    await adopt(store, run)


def student_arrival(student: int, event: int, *, is_deleted: bool = False) -> Arrival:
    return arrival("users", record_id(student) if is_deleted else student_json(student), event)


async def found(store: StoreUnderTest) -> Connection:
    connection = await store.connections.read(DISTRICT)
    assert connection is not None
    return connection


async def staged_students(store: StoreUnderTest) -> set[str]:
    rows = await store.rows("SELECT record_id FROM staged WHERE record ? 'student'")
    return {row["record_id"] for row in rows}


def student_ids(*numbers: int) -> set[str]:
    return {str(record_id(number)) for number in numbers}


async def messages(store: StoreUnderTest, key: str) -> list[Json]:
    """Return the messages to publish whose routing key begins so."""
    outbox = "alerts" if key.startswith("alert") else "outbox"
    body = "body" if key.startswith("alert") else "envelope"
    rows = await store.rows(f"SELECT routing_key, {body} AS envelope FROM {outbox} ORDER BY position")
    return [json.loads(row["envelope"]) for row in rows if row["routing_key"].startswith(key)]


async def refusals(store: StoreUnderTest) -> list[str]:
    alerts = await messages(store, "alert.")
    return [alert["status"] for alert in alerts if alert["code"] == "baseline.refused"]


async def lose_what_is_not_logged(store: StoreUnderTest) -> None:
    """Do to the unlogged table what a crash of the server does."""
    await store.rows("DELETE FROM baseline_records")


# Reading


async def test_a_baseline_is_read_from_collection_to_collection(store: StoreUnderTest) -> None:
    assert await store.baselines.current(DISTRICT) is None
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["schools", "users"])
    assert (run.collection, run.after, run.records, run.is_read) == ("schools", None, 0, False)

    run = await store.baselines.add(run, staged_records("schools", [school_json()], DISTRICT), None)
    assert (run.collection, run.after, run.records) == ("users", None, 1)
    run = await store.baselines.add(run, staged_records("users", [student_json(1)], DISTRICT), record_id(1))
    assert (run.collection, run.after, run.records) == ("users", record_id(1), 2)
    run = await store.baselines.add(run, [], None)
    assert (run.collection, run.records) == (None, 2)


async def test_another_process_goes_on_where_the_last_one_was(store: StoreUnderTest) -> None:
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["users"])
    run = await store.baselines.add(run, staged_records("users", [student_json(1)], DISTRICT), record_id(1))

    async with opened_store(store.url) as other:
        theirs = await other.baselines.current(DISTRICT)

    assert theirs is not None
    assert (theirs.id, theirs.seed, theirs.collection, theirs.after, theirs.records) == (
        run.id,
        SEED,
        "users",
        record_id(1),
        1,
    )


async def test_a_page_and_its_place_are_kept_together_or_not_at_all(store: StoreUnderTest) -> None:
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["users"])
    good = BaselineRecord(RecordKind.USER, record_id(1), "{}")
    no_json = BaselineRecord(RecordKind.USER, record_id(2), "{no json")

    with pytest.raises(StoreRefused):
        await store.baselines.add(run, [good, no_json], record_id(2))

    now = await store.baselines.current(DISTRICT)
    assert now is not None
    assert (now.after, now.records) == (None, 0)
    assert await store.rows("SELECT 1 FROM baseline_records") == []


async def test_a_record_read_twice_counts_once_and_the_later_reading_is_kept(store: StoreUnderTest) -> None:
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["schools"])
    for name in ("Larkspur", "Larkspur Elementary"):
        rows = [school_json(name=name), school_json(name=name)]
        run = await store.baselines.add(run, staged_records("schools", rows, DISTRICT), record_id(900))

    assert run.records == 1
    (kept,) = await store.rows("SELECT record FROM baseline_records")
    assert kept["record"]["name"] == "Larkspur Elementary"


async def test_an_unreadable_user_counts_as_a_student_that_was_read(store: StoreUnderTest) -> None:
    run = await read_whole(store, {"users": [student_json(1, {"grade": 3})]})

    assert (await store.baselines.census(run))[1] == {"students": 1, "schools": 0, "sections": 0}


# Begun anew, and lost


async def test_a_baseline_begun_during_another_gives_that_one_up(store: StoreUnderTest) -> None:
    old = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["schools"])
    new = await store.baselines.begin(DISTRICT, event_id(101), SEED, ["schools"])
    page = staged_records("schools", [school_json()], DISTRICT)

    with pytest.raises(BaselineLost):
        await store.baselines.add(old, page, None)

    new = await store.baselines.add(new, page, None)
    assert new.records == 1


async def test_a_reader_that_was_overtaken_does_no_harm(store: StoreUnderTest) -> None:
    old = await read_whole(store, district(range(1, 4)), seed=event_id(90))
    new = await read_whole(store, district())

    with pytest.raises(BaselineLost):
        await store.baselines.census(old)
    await store.baselines.believe(old, moves_cursor=True)
    await store.baselines.ready(old, close_window=False)
    await store.baselines.refuse(old, "too few")

    assert (await found(store)).cursor is None
    assert (await found(store)).resync is None
    assert await refusals(store) == []
    assert (await store.baselines.census(new))[1]["students"] == 12
    now = await store.baselines.current(DISTRICT)
    assert now is not None
    assert (now.id, now.is_read, now.is_ready) == (new.id, False, False)


async def test_an_overtaken_reader_is_told_even_where_it_read_as_many_records(store: StoreUnderTest) -> None:
    old = await read_whole(store, district())
    await read_whole(store, district())

    with pytest.raises(BaselineLost):
        await store.baselines.census(old)


async def test_a_new_reading_has_nothing_of_the_one_before(store: StoreUnderTest) -> None:
    await read_whole(store, district())
    run = await read_whole(store, district(range(1, 4)))

    assert (await store.baselines.census(run))[1]["students"] == 3


async def test_a_reading_that_was_believed_takes_no_more_pages(store: StoreUnderTest) -> None:
    run = await read_whole(store, district())
    await store.baselines.believe(run, moves_cursor=True)

    with pytest.raises(BaselineLost):
        await store.baselines.add(run, [], None)


async def test_what_a_crash_emptied_is_read_again_when_counted(store: StoreUnderTest) -> None:
    run = await read_whole(store, district())
    await lose_what_is_not_logged(store)

    with pytest.raises(BaselineLost):
        await store.baselines.census(run)

    assert await store.baselines.current(DISTRICT) is None
    connection = await found(store)
    assert connection.resync == "the database lost what was read"
    assert connection.baseline_after <= connection.now


async def test_what_a_crash_emptied_removes_nothing_when_adopted(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    run = await read_whole(store, district(), seed=event_id(200))
    await store.baselines.believe(run, moves_cursor=True)
    await store.baselines.ready(run, close_window=True)
    await store.connections.again(DISTRICT, HOUR, None)
    await lose_what_is_not_logged(store)

    await evaluate(store)

    assert await staged_students(store) == student_ids(*STUDENTS)
    assert await store.baselines.current(DISTRICT) is None
    assert [row["floor"] for row in await store.rows("SELECT floor FROM districts")] == [SEED]
    async with store.connections.turn() as connection:
        assert connection is not None
        assert connection.resync == "the database lost what was read"


async def test_a_demand_is_met_by_the_next_reading(store: StoreUnderTest) -> None:
    await store.connections.demand_resync(DISTRICT, "a person asked", forget_cursor=False)

    await store.baselines.begin(DISTRICT, SEED, BEFORE, COLLECTIONS)

    assert (await found(store)).resync is None


# Believed


async def placed(store: StoreUnderTest, cursor: int) -> None:
    """Have the feed read to its end at the event `cursor`, but for three that were not told of."""
    await store.rows(
        "UPDATE connections SET cursor = $1, overlap = $2, settled = $3, unsettled = 3, cursor_at = now()",
        event_id(cursor),
        event_id(cursor - 1),
        event_id(cursor - 3),
    )


async def test_the_feed_is_read_from_the_event_before_the_seed(store: StoreUnderTest) -> None:
    await store.baselines.believe(await read_whole(store, district()), moves_cursor=True)

    connection = await found(store)
    assert (connection.cursor, connection.settled, connection.overlap) == (SEED, SEED, BEFORE)
    assert (connection.unsettled, connection.cursor_at) == (0, None)


async def test_a_feed_without_events_goes_on_from_its_beginning(store: StoreUnderTest) -> None:
    await store.baselines.believe(await read_whole(store, district(), seed=""), moves_cursor=True)

    connection = await found(store)
    assert (connection.cursor, connection.settled, connection.overlap) == ("", "", "")


@pytest.mark.parametrize("seed", [SEED, ""])
async def test_the_cursor_is_never_moved_back_by_a_baseline(store: StoreUnderTest, seed: str) -> None:
    await placed(store, 150)

    await store.baselines.believe(await read_whole(store, district(), seed), moves_cursor=True)

    now = await found(store)
    assert (now.cursor, now.settled, now.unsettled) == (event_id(150), event_id(147), 3)
    assert (now.overlap, now.cursor_at) == (event_id(149), None)


@pytest.mark.parametrize("cursor", [50, 100])
async def test_a_cursor_not_beyond_the_seed_skips_the_baseline(store: StoreUnderTest, cursor: int) -> None:
    await placed(store, cursor)

    await store.baselines.believe(await read_whole(store, district()), moves_cursor=True)

    now = await found(store)
    assert (now.cursor, now.settled, now.unsettled) == (SEED, SEED, 0)
    assert (now.overlap, now.cursor_at) == (BEFORE, None)


async def test_a_feed_read_to_its_end_since_the_baseline_says_so(store: StoreUnderTest) -> None:
    await store.baselines.believe(await read_whole(store, district()), moves_cursor=True)

    await store.connections.settle(DISTRICT, SEED)

    assert (await found(store)).cursor_at is not None


async def test_a_baseline_that_is_no_part_of_the_feed_leaves_the_cursor_alone(store: StoreUnderTest) -> None:
    await placed(store, 50)
    before = await found(store)

    await store.baselines.believe(await read_whole(store, district()), moves_cursor=False)

    after = await found(store)
    assert (after.cursor, after.overlap, after.cursor_at) == (before.cursor, before.overlap, before.cursor_at)
    now = await store.baselines.current(DISTRICT)
    assert now is not None
    assert now.is_read


async def test_a_baseline_that_is_not_ready_is_not_adopted(store: StoreUnderTest) -> None:
    run = await read_whole(store, district())
    await store.baselines.ready(run, close_window=True)
    await evaluate(store)
    await store.baselines.believe(run, moves_cursor=True)
    await store.districts.flush(DISTRICT, "test")
    await evaluate(store)

    assert await staged_students(store) == set()


# Refused


async def test_a_refused_baseline_is_gone_and_the_next_one_waits(store: StoreUnderTest) -> None:
    await store.baselines.refuse(await read_whole(store, district()), "too few")

    assert await store.baselines.current(DISTRICT) is None
    assert await store.rows("SELECT 1 FROM baseline_records") == []
    connection = await found(store)
    assert timedelta(minutes=10) < connection.baseline_after - connection.now < timedelta(minutes=20)
    assert connection.resync == "the last one was refused"
    assert connection.cursor is None


async def test_operations_are_told_once_of_baselines_that_are_refused(store: StoreUnderTest) -> None:
    for _ in range(2):
        await store.baselines.refuse(await read_whole(store, district()), "too few")

    assert await refusals(store) == ["firing"]
    (alert,) = await messages(store, "alert.")
    assert (alert["district_id"], alert["severity"]) == (DISTRICT, "warning")
    assert alert["summary"] == "A baseline was refused, nothing was changed: too few."


async def test_operations_are_told_once_each_time_that_it_is_over(store: StoreUnderTest) -> None:
    await store.baselines.refuse(await read_whole(store, district()), "too few")
    await adopt_records(store, district())
    await adopt_records(store, district(), seed=event_id(101))
    assert await refusals(store) == ["firing", "resolved"]

    await store.baselines.refuse(await read_whole(store, district()), "too few")
    assert await refusals(store) == ["firing", "resolved", "firing"]


async def test_a_window_that_closes_without_a_baseline_ends_no_refusal(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    await store.baselines.refuse(await read_whole(store, district()), "too few")
    await store.inbox.store([student_arrival(1, 200)], [], [])

    await evaluate(store)

    assert await refusals(store) == ["firing"]


async def test_a_baseline_that_was_lost_before_its_adoption_ends_no_refusal(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    await store.baselines.refuse(await read_whole(store, district()), "too few")
    run = await read_whole(store, district(), seed=event_id(200))
    await store.baselines.believe(run, moves_cursor=True)
    await store.baselines.ready(run, close_window=True)
    await store.inbox.store([student_arrival(1, 201)], [], [])
    await lose_what_is_not_logged(store)

    await evaluate(store)

    (batch,) = await store.rows("SELECT trigger FROM batches ORDER BY number DESC LIMIT 1")
    assert batch["trigger"] == "resync"
    assert await refusals(store) == ["firing"]
    assert (await found(store)).resync == "the database lost what was read"

    await adopt_records(store, district(), seed=event_id(202))
    assert await refusals(store) == ["firing", "resolved"]


# Adopted


async def test_an_adopted_baseline_is_the_roster(store: StoreUnderTest) -> None:
    await adopt_records(store, district())

    (commit,) = await messages(store, "commit.")
    assert commit["roster"]["students"] == 12
    assert commit["batch"]["trigger"] == "resync"
    assert await store.baselines.current(DISTRICT) is None
    assert await store.rows("SELECT 1 FROM baseline_records") == []


async def test_what_is_not_in_the_baseline_is_gone_and_what_came_since_stays(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    run = await read_whole(store, district(range(2, 13)), seed=event_id(200))
    await store.inbox.store([student_arrival(77, 201), student_arrival(78, 199)], [], [])
    await adopt(store, run)

    assert await staged_students(store) == student_ids(*range(2, 13), 77)


async def floor_of(store: StoreUnderTest) -> str:
    (row,) = await store.rows("SELECT floor FROM districts")
    return str(row["floor"])


@pytest.mark.parametrize("is_evaluated", [True, False])
@pytest.mark.parametrize("seed", ["", event_id(120)], ids=["no seed", "an older seed"])
async def test_a_baseline_replaces_what_events_said_before_it_began_whatever_its_seed(
    store: StoreUnderTest, seed: str, *, is_evaluated: bool
) -> None:
    await adopt_records(store, district())
    await store.inbox.store([student_arrival(77, 150), student_arrival(1, 151, is_deleted=True)], [], [])
    if is_evaluated:
        await evaluate(store)
        assert await staged_students(store) == student_ids(*range(2, 13), 77)

    await adopt_records(store, district(), seed=seed)

    assert await staged_students(store) == student_ids(*STUDENTS)
    assert await floor_of(store) == event_id(151)


async def test_a_second_baseline_without_a_seed_replaces_the_first(store: StoreUnderTest) -> None:
    await adopt_records(store, district(), seed="")
    await adopt_records(store, district(range(2, 14)), seed="")

    assert await staged_students(store) == student_ids(*range(2, 14))
    assert await floor_of(store) == ""


async def test_what_comes_after_a_baseline_without_a_seed_is_newer_than_it(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    await store.inbox.store([student_arrival(77, 150)], [], [])
    run = await read_whole(store, district(), seed="")
    await store.inbox.store([student_arrival(78, 151), student_arrival(79, 149)], [], [])
    await adopt(store, run)
    await store.inbox.store([student_arrival(1, 152, is_deleted=True)], [], [])
    await evaluate(store)

    assert await staged_students(store) == student_ids(*range(2, 13), 78)
    assert await floor_of(store) == event_id(150)


async def test_records_that_were_adopted_have_the_floor_as_their_event(store: StoreUnderTest) -> None:
    await store.inbox.store([student_arrival(77, 150)], [], [])
    await evaluate(store)

    await adopt_records(store, district())

    rows = await store.rows("SELECT DISTINCT event_id FROM staged WHERE record IS NOT NULL")
    assert [row["event_id"] for row in rows] == [event_id(150)]


async def test_an_event_evaluated_after_the_seed_outlives_the_baseline(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    run = await read_whole(store, district(), seed=event_id(200))
    await store.inbox.store([student_arrival(1, 201, is_deleted=True)], [], [])
    await evaluate(store)
    await adopt(store, run)

    assert await staged_students(store) == student_ids(*range(2, 13))


async def test_a_collection_that_was_not_read_is_left_alone(store: StoreUnderTest) -> None:
    await adopt_records(store, district())

    await adopt_records(store, district(range(1, 12)), seed=event_id(200), collections=["users", "sections"])

    kinds = {row["kind"] for row in await store.rows("SELECT kind FROM staged WHERE record IS NOT NULL")}
    assert kinds == {"school", "term", "course", "user", "section"}
    assert await staged_students(store) == student_ids(*range(1, 12))


async def test_a_skipped_collection_is_left_alone(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    run = await store.baselines.begin(DISTRICT, event_id(200), SEED, ["terms", "users"])
    run = await store.baselines.add(run, staged_records("terms", [term_json()], DISTRICT), "more")

    run = await store.baselines.skip(run)

    assert (run.collection, run.after, run.records, list(run.collections)) == ("users", None, 0, ["users"])
    with pytest.raises(BaselineLost):
        await store.baselines.skip(replace(run, collection="terms"))
    run = await store.baselines.add(run, staged_records("users", [student_json(1)], DISTRICT), None)
    await store.baselines.believe(run, moves_cursor=False)
    await store.baselines.ready(run, close_window=True)
    await evaluate(store)
    kinds = {row["kind"] for row in await store.rows("SELECT kind FROM staged WHERE record IS NOT NULL")}
    assert kinds == {"school", "term", "course", "user", "section"}
    assert await staged_students(store) == student_ids(1)


async def test_an_unreadable_record_stays_and_is_quarantined(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    changed = district()
    changed["users"][0] = student_json(1, {"grade": 3})

    await adopt_records(store, changed, seed=event_id(200))

    assert await staged_students(store) == student_ids(*STUDENTS)
    (kept,) = await store.rows("SELECT reason, explanation FROM quarantine")
    assert kept["reason"] == "bad_field"
    (review,) = await messages(store, "review.")
    assert review["findings"]["by_code"]["district.events_quarantined"] == 1


async def test_adoption_forgives_what_was_quarantined_before_reading(store: StoreUnderTest) -> None:
    before = Quarantined(DISTRICT, b"1" * 32, "bad_field", "from before")
    since = Quarantined(DISTRICT, b"2" * 32, "bad_field", "from since")
    await store.inbox.store([], [], [before])
    run = await read_whole(store, district())
    await store.inbox.store([], [], [since])
    await adopt(store, run)

    kept = await store.rows("SELECT explanation FROM quarantine")
    assert [row["explanation"] for row in kept] == ["from since"]


async def test_a_record_that_can_be_read_again_is_in_quarantine_no_more(store: StoreUnderTest) -> None:
    broken = district()
    broken["users"][0] = student_json(1, {"grade": 3})
    await adopt_records(store, broken)
    assert len(await store.rows("SELECT 1 FROM quarantine")) == 1

    await adopt_records(store, district(), seed=event_id(200))

    assert await store.rows("SELECT 1 FROM quarantine") == []
    (commit,) = await messages(store, "commit.")
    assert commit["roster"]["students"] == 12


async def test_without_a_baseline_a_district_is_in_review(store: StoreUnderTest) -> None:
    await store.inbox.store([student_arrival(1, 50)], [], [])
    await evaluate(store)
    (review,) = await messages(store, "review.")
    assert review["findings"]["by_code"]["district.no_baseline"] == 1
    assert await messages(store, "commit.") == []

    await adopt_records(store, district())

    (row,) = await store.rows("SELECT baseline_at, status FROM districts")
    assert row["baseline_at"] is not None
    assert row["status"] == "rostered"
    assert (await found(store)).baseline_at == row["baseline_at"]
    assert await store.rows("SELECT 1 FROM findings WHERE code = 'district.no_baseline' AND open") == []


# What a review tells


async def test_a_review_shows_what_clever_tells_of_the_districts_sync(store: StoreUnderTest) -> None:
    synced = datetime.now(UTC).isoformat()
    await store.connections.save_record(
        DISTRICT,
        {
            "name": "Marrowgate Unified",
            "state": "paused",
            "pause_end": "2099-08-10T00:00:00.000Z",
            "last_sync": synced,
        },
    )
    await adopt_records(store, district(sis_id="the same"))

    (review,) = await messages(store, "review.")
    sync = review["sync"]
    assert (sync["state"], sync["paused"], sync["last_sync"]) == ("paused", True, synced)
    assert "paused until 2099-08-10" in sync["warning"]


async def test_a_field_that_vanishes_from_all_students_was_withdrawn(store: StoreUnderTest) -> None:
    await adopt_records(store, district())
    await adopt_records(store, district(grade=""), seed=event_id(200))

    (review,) = await messages(store, "review.")
    (cause,) = review["causes"]
    assert (cause["code"], cause["owner"], cause["field"], cause["students"]) == (
        "sharing.field_withdrawn",
        "sharing",
        "grade",
        12,
    )
    assert review["findings"]["by_code"]["student.field_missing"] == 12


async def test_a_field_that_never_was_there_was_not_withdrawn(store: StoreUnderTest) -> None:
    await adopt_records(store, district(grade=""))

    (review,) = await messages(store, "review.")
    assert [cause["code"] for cause in review["causes"]] == ["sharing.field_not_shared"]
