"""What beginning, reading and believing a baseline changes of its rows, and of no others."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, Json, event_id
from tests.support.fixtures.people import Feed, evaluate, everybody
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.poll.baseline_adoption import adopt, ready_baseline
from worker.domain.roster.records import RecordKind
from worker.pipeline.poll.baseline_store import BaselineRecord, Run, Version
from worker.runtime.errors import BaselineLost

SEED, BEFORE = event_id(50), event_id(40)
AHEAD: Final = "f" * 24
COLLECTIONS: Final = ("terms", "courses", "users")
CONNECTED = (
    "INSERT INTO connections (district_id, due_at, cursor, cursor_at, settled, unsettled, overlap) "
    "VALUES ($1, now(), $2, now(), 'settled', 7, 'overlap')"
)


@pytest.mark.parametrize(("cursor", "is_further"), [(None, False), (49, False), (50, False), (51, True)])
async def test_the_feed_goes_on_from_the_seed_unless_it_is_further_already(
    store: StoreUnderTest, cursor: int | None, is_further: bool
) -> None:
    for district in (DISTRICT, "another"):
        await store.rows(CONNECTED, district, None if cursor is None else event_id(cursor))
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["terms"])

    await store.baselines.believe(run, moves_cursor=True)

    rows = await store.rows(
        "SELECT cursor, settled, unsettled, overlap, cursor_at IS NULL FROM connections ORDER BY district_id"
    )
    moved = (event_id(51), "settled", 7, "overlap", True) if is_further else (SEED, SEED, 0, BEFORE, True)
    before = (None if cursor is None else event_id(cursor), "settled", 7, "overlap", False)
    assert {tuple(row) for row in rows} == {moved, before}


async def test_a_feed_that_is_not_to_move_stays_where_it_is(store: StoreUnderTest) -> None:
    await store.rows(CONNECTED, DISTRICT, event_id(3))
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, ["terms"])

    await store.baselines.believe(run, moves_cursor=False)

    (row,) = await store.rows("SELECT cursor, settled, unsettled, overlap FROM connections")
    assert tuple(row) == (event_id(3), "settled", 7, "overlap")


@pytest.mark.parametrize(("read", "kept"), [(5, 7), (7, 7), (9, 9), (None, 7)])
async def test_a_record_that_is_the_same_is_kept_as_the_version_changed_last(
    store: StoreUnderTest, read: int | None, kept: int
) -> None:
    record = {"name": "Full Year"}
    await store.rows(
        "INSERT INTO staged (district_id, kind, record_id, event_id, record, modified) "
        "VALUES ($1, 'term', 't', $2, $3, 7)",
        *(DISTRICT, event_id(2), record),
    )
    await store.rows("INSERT INTO districts (district_id) VALUES ($1)", DISTRICT)
    await store.baselines.begin(DISTRICT, SEED, BEFORE, ["terms"])
    await store.rows("UPDATE baselines SET read_at = now(), ready_at = now(), records = 1")
    await store.rows(
        "INSERT INTO baseline_records (district_id, kind, record_id, record, modified) "
        "VALUES ($1, 'term', 't', $2, $3)",
        *(DISTRICT, record, read),
    )

    async with store.database.transaction() as connection:
        now = await connection.fetchval("SELECT now()")
        baseline = await ready_baseline(connection, DISTRICT, now)
        assert baseline is not None
        await adopt(connection, DISTRICT, baseline, now, 9)

    (row,) = await store.rows("SELECT event_id, modified FROM staged")
    assert tuple(row) == (event_id(2), kept)


# Begun


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO inbox (district_id, event_id, kind, record_id) VALUES ($1, $2, 'term', 't')",
        "INSERT INTO evaluated_events (district_id, event_id, received_at) VALUES ($1, $2, now())",
        "INSERT INTO staged (district_id, event_id, kind, record_id) VALUES ($1, $2, 'term', $2)",
    ],
    ids=["in the inbox", "evaluated", "staged"],
)
async def test_what_is_stored_is_older_than_a_begun_baseline(store: StoreUnderTest, statement: str) -> None:
    for district_id, number in ((DISTRICT, 60), (DISTRICT, 70), (OTHER_DISTRICT, 80)):
        await store.rows(statement, district_id, event_id(number))
    await store.rows(statement, DISTRICT, AHEAD)

    await store.baselines.begin(DISTRICT, SEED, BEFORE, COLLECTIONS)

    assert await floor_of(store) == event_id(70)


@pytest.mark.parametrize(("floor", "expected"), [(event_id(60), event_id(60)), (AHEAD, SEED), ("", SEED)])
async def test_a_floor_that_is_not_ahead_of_now_is_that_of_a_baseline_that_begins(
    store: StoreUnderTest, floor: str, expected: str
) -> None:
    statement = "INSERT INTO districts (district_id, floor) VALUES ($1, $2), ($3, $4)"
    await store.rows(statement, DISTRICT, floor, OTHER_DISTRICT, event_id(90))

    await store.baselines.begin(DISTRICT, SEED, BEFORE, COLLECTIONS)

    assert await floor_of(store) == expected


async def floor_of(store: StoreUnderTest) -> str:
    (row,) = await store.rows("SELECT floor FROM baselines WHERE district_id = $1", DISTRICT)
    return str(row["floor"])


# Read


def term(record_id: str, name: str | None, modified: int | None = None) -> BaselineRecord:
    """Return a term of this name; one without a name cannot be read."""
    record, reason = (None, "bad_field") if name is None else (f'{{"name": "{name}"}}', None)
    return BaselineRecord(RecordKind.TERM, record_id, record, reason, reason, modified)


VERSIONS: Final[dict[str, tuple[list[list[BaselineRecord]], str]]] = {
    "one page, the later one last": ([[term("t", "a", 1), term("t", "b", 2)]], "b"),
    "one page, the later one first": ([[term("t", "a", 2), term("t", "b", 1)]], "a"),
    "one page, of the same time": ([[term("t", "a", 2), term("t", "b", 2)]], "b"),
    "one page, one without a time": ([[term("t", "a"), term("t", "b", 2)]], "a"),
    "two pages, the later one last": ([[term("t", "a", 1)], [term("t", "b", 2)]], "b"),
    "two pages, the later one first": ([[term("t", "a", 2)], [term("t", "b", 1)]], "a"),
    "two pages, of the same time": ([[term("t", "a", 2)], [term("t", "b", 2)]], "b"),
    "two pages, the last one without a time": ([[term("t", "a", 2)], [term("t", "b")]], "b"),
    "two pages, the first one without a time": ([[term("t", "a")], [term("t", "b", 2)]], "a"),
}


@pytest.mark.parametrize("how", VERSIONS)
async def test_of_rows_of_one_record_the_one_changed_last_stays(store: StoreUnderTest, how: str) -> None:
    pages, expected = VERSIONS[how]
    other = await store.baselines.begin(OTHER_DISTRICT, SEED, BEFORE, COLLECTIONS)
    await store.baselines.add(other, [term("t", "other", 9)], "t")
    others = await state(store)
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, COLLECTIONS)

    for page in pages:
        run = await store.baselines.add(run, [*page, term("another", "c", 1)], "t")

    assert await read_names(store) == {"t": expected, "another": "c"}
    assert (run.records, run.repeated) == (2, len(pages))
    assert await state(store) == others


async def current(store: StoreUnderTest, district_id: str = DISTRICT) -> Run:
    run = await store.baselines.current(district_id)
    assert run is not None
    return run


async def state(store: StoreUnderTest) -> list[Any]:
    """Return all that is kept of the baseline of the other district, and whether its next one is demanded."""
    tables = ("baselines", "baseline_records", "connections")
    return [
        await store.rows(f"SELECT * FROM {table} t WHERE district_id = $1 ORDER BY t::text", OTHER_DISTRICT)
        for table in tables
    ]


async def read_names(store: StoreUnderTest) -> dict[str, Any]:
    rows = await store.rows(
        "SELECT record_id, record ->> 'name' AS name FROM baseline_records WHERE district_id = $1", DISTRICT
    )
    return {row["record_id"]: row["name"] for row in rows}


def user(record_id: str, record: str | None) -> BaselineRecord:
    reason = "bad_field" if record is None else None
    return BaselineRecord(RecordKind.USER, record_id, record, reason, reason)


STUDENT, TEACHER, BOTH = '{"student": {}}', '{"teacher": {}}', '{"student": {}, "teacher": {}}'


async def test_of_an_erased_student_only_what_is_no_student_is_read(store: StoreUnderTest) -> None:
    erased = "INSERT INTO erased_students (district_id, student_id, actor) VALUES ($1, $2, 'ada')"
    for record_id in ("student", "both", "teacher", "unreadable", "term"):
        await store.rows(erased, DISTRICT, record_id)
    await store.rows(erased, OTHER_DISTRICT, "of another")
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, COLLECTIONS)

    run = await store.baselines.add(
        run,
        [
            user("student", STUDENT),
            user("both", BOTH),
            user("teacher", TEACHER),
            user("unreadable", None),
            user("of another", STUDENT),
            user("at school", STUDENT),
            BaselineRecord(RecordKind.TERM, "term", STUDENT),
        ],
        None,
    )

    rows = await store.rows("SELECT record_id, record FROM baseline_records WHERE district_id = $1", DISTRICT)
    assert {row["record_id"]: row["record"] for row in rows} == {
        "both": {"teacher": {}},
        "teacher": {"teacher": {}},
        "unreadable": None,
        "of another": {"student": {}},
        "at school": {"student": {}},
        "term": {"student": {}},
    }
    assert (run.records, run.repeated) == (6, 0)


async def two_districts(store: StoreUnderTest) -> tuple[Run, Run]:
    """Begin a baseline of each of two connected districts, and read a term and two users of each."""
    runs = []
    for district_id in (OTHER_DISTRICT, DISTRICT):
        await store.rows(CONNECTED, district_id, event_id(3))
        run = await store.baselines.begin(district_id, SEED, BEFORE, COLLECTIONS)
        run = await store.baselines.add(run, [term("t", "a")], None)
        run = await store.baselines.skip(run)
        runs.append(await store.baselines.add(run, [user("a", STUDENT), user("b", TEACHER)], "b"))
    return runs[1], runs[0]


async def test_a_skipped_collection_takes_only_its_own_records_along(store: StoreUnderTest) -> None:
    run, _ = await two_districts(store)
    others = await state(store)

    run = await store.baselines.skip(run)

    assert (run.collection, run.collections, run.after, run.records) == (None, ["terms"], None, 1)
    assert await read_names(store) == {"t": "a"}
    assert await state(store) == others


async def test_pages_and_skips_are_taken_only_in_the_run_that_goes_on(store: StoreUnderTest) -> None:
    run, other = await two_districts(store)
    over = replace(run, id=other.id)
    elsewhere = replace(run, collection="courses")

    for lost in (over, elsewhere):
        with pytest.raises(BaselineLost):
            await store.baselines.skip(lost)
    with pytest.raises(BaselineLost):
        await store.baselines.add(over, [], None)
    await store.baselines.believe(run, moves_cursor=False)
    with pytest.raises(BaselineLost):
        await store.baselines.skip(run)
    with pytest.raises(BaselineLost):
        await store.baselines.add(run, [], None)

    assert (await current(store)).collection == "users"
    assert (await current(store)).after == "b"


async def test_the_census_counts_what_is_staged_and_what_was_read(store: StoreUnderTest) -> None:
    staged: list[tuple[str, Json | None]] = [
        *(("user", {"student": {}}), ("user", {"student": {}}), ("user", {"teacher": {}}), ("user", None)),
        *(("school", {}), ("school", {"student": {}}), ("school", {}), ("school", None)),
        *(("section", {}), *[("section", {"student": {}})] * 3, ("section", None), ("term", {"student": {}})),
    ]
    for district_id, times in ((DISTRICT, 1), (OTHER_DISTRICT, 2)):
        for number, (kind, record) in enumerate(staged * times):
            await store.rows(
                "INSERT INTO staged (district_id, event_id, kind, record_id, record) "
                "VALUES ($1, 'e', $2, $3, $4)",
                *(district_id, kind, str(number), record),
            )
    other = await store.baselines.begin(OTHER_DISTRICT, SEED, BEFORE, COLLECTIONS)
    await store.baselines.add(other, [user("a", STUDENT)], None)
    run = await store.baselines.begin(DISTRICT, SEED, BEFORE, COLLECTIONS)
    kinds = [*[RecordKind.SCHOOL] * 4, *[RecordKind.SECTION] * 5, RecordKind.TERM]
    read = [user("s1", STUDENT), user("s2", BOTH), user("t", TEACHER), user("w", TEACHER), user("u", None)]
    read += [BaselineRecord(kind, str(number), STUDENT) for number, kind in enumerate(kinds)]
    run = await store.baselines.add(run, read, None)

    counts = await store.baselines.census(run)

    assert counts == (
        {"students": 2, "schools": 3, "sections": 4},
        {"students": 3, "schools": 4, "sections": 5},
    )


# Believed, ready, refused and lost


async def test_one_baseline_is_believed_and_ready_in_turn_and_once(store: StoreUnderTest) -> None:
    run, other = await two_districts(store)
    others = await state(store)
    over = replace(run, id=other.id)

    async def steps() -> tuple[bool, bool]:
        now = await current(store)
        return now.is_read, now.is_ready

    await store.baselines.ready(run, close_window=False)
    assert await steps() == (False, False)
    await store.baselines.believe(over, moves_cursor=True)
    assert await steps() == (False, False)
    assert await state(store) == others
    await store.baselines.believe(other, moves_cursor=False)
    others = await state(store)
    await store.baselines.believe(run, moves_cursor=True)
    assert await steps() == (True, False)
    await store.rows("UPDATE connections SET cursor = $1 WHERE district_id = $2", event_id(4), DISTRICT)
    await store.baselines.believe(run, moves_cursor=True)
    await store.baselines.ready(over, close_window=False)
    assert await steps() == (True, False)
    await store.baselines.ready(run, close_window=False)
    assert await steps() == (True, True)
    ready_at = "SELECT ready_at FROM baselines WHERE district_id = $1"
    before = await store.rows(ready_at, DISTRICT)
    await store.baselines.ready(run, close_window=False)
    assert await store.rows(ready_at, DISTRICT) == before

    (row,) = await store.rows("SELECT cursor FROM connections WHERE district_id = $1", DISTRICT)
    assert row["cursor"] == event_id(4)
    assert await state(store) == others


async def test_a_refused_baseline_alone_is_deleted_with_its_records(store: StoreUnderTest) -> None:
    run, other = await two_districts(store)
    others = await state(store)
    await store.baselines.refuse(replace(run, id=other.id), "too few")
    assert await store.baselines.current(DISTRICT) is not None

    await store.baselines.refuse(run, "too few")

    assert await store.baselines.current(DISTRICT) is None
    assert await read_names(store) == {}
    query = "SELECT baseline_after > now() AS waits, resync FROM connections WHERE district_id = $1"
    assert [tuple(row) for row in await store.rows(query, DISTRICT)] == [(True, "the last one was refused")]
    assert await state(store) == others


async def test_a_baseline_whose_records_are_lost_is_demanded_again(store: StoreUnderTest) -> None:
    run, _ = await two_districts(store)
    others = await state(store)
    await store.rows("DELETE FROM baseline_records WHERE district_id = $1 AND kind = 'term'", DISTRICT)

    with pytest.raises(BaselineLost):
        await store.baselines.census(run)

    assert await store.baselines.current(DISTRICT) is None
    (row,) = await store.rows("SELECT resync FROM connections WHERE district_id = $1", DISTRICT)
    assert row["resync"] == "the database lost what was read"
    assert await state(store) == others


# Versions


async def test_versions_are_older_than_what_was_told_later(store: StoreUnderTest) -> None:
    second = 1_000_000
    staged: list[tuple[str, str, int | None, Json | None]] = [
        ("changed", event_id(1), 5, {}),
        ("deleted", event_id(1), 5, None),
        ("told", f"{7:08x}{0:016x}", None, {}),
        ("of no event", "0 rows", None, {}),
    ]
    for record_id, event, modified, record in staged:
        await store.rows(
            "INSERT INTO staged (district_id, kind, record_id, event_id, modified, record) "
            "VALUES ($1, 'term', $2, $3, $4, $5)",
            *(DISTRICT, record_id, event, modified, record),
        )
    await store.rows(
        "INSERT INTO staged (district_id, kind, record_id, event_id, modified, record) "
        "VALUES ($1, 'course', 'changed', 'e', 99, '{}'), ($2, 'term', 'changed', 'e', 99, '{}')",
        *(DISTRICT, OTHER_DISTRICT),
    )

    async def is_older(record_id: str, modified: int) -> bool:
        version = Version(DISTRICT, RecordKind.TERM, record_id, modified)
        count = await store.baselines.older_than_staged([version])
        assert count in (0, 1)
        return count == 1

    assert [await is_older("changed", at) for at in (4, 5, 6)] == [True, False, False]
    assert [await is_older("deleted", at) for at in (4, 5, 6)] == [True, True, False]
    assert [await is_older("told", at) for at in (7 * second - 1, 7 * second)] == [True, False]
    assert not await is_older("of no event", 1)
    assert not await is_older("unknown", 1)


# A floor that lies ahead


@pytest.mark.parametrize(
    ("resync", "is_connected", "is_evaluated"),
    [(None, True, True), ("a person asked", True, False), (None, False, True)],
)
async def test_a_floor_ahead_of_now_comes_down_to_what_was_evaluated_and_the_district_is_read_again(
    store: StoreUnderTest, resync: str | None, *, is_connected: bool, is_evaluated: bool
) -> None:
    feed = Feed(store)
    first, second, third, fourth = everybody()[:4]
    await feed.send(first, second, third)
    await evaluate(store)
    ahead = "INSERT INTO evaluated_events (district_id, event_id, received_at) VALUES ($1, $2, now())"
    await store.rows(ahead, DISTRICT, AHEAD)
    if not is_evaluated:
        await store.rows("DELETE FROM evaluated_events")
    await store.rows("UPDATE districts SET floor = $1", AHEAD)
    await store.rows("UPDATE staged SET event_id = $1 WHERE record_id = $2", AHEAD, first[1]["id"])
    other = "INSERT INTO staged (district_id, kind, record_id, event_id) VALUES ($1, 'term', 't', $2)"
    await store.rows(other, OTHER_DISTRICT, AHEAD)
    for district_id in (DISTRICT, OTHER_DISTRICT):
        await store.rows(CONNECTED, district_id, event_id(3))
    await store.rows(
        "UPDATE connections SET due_at = 'infinity', resync = $1, "
        "disconnected_at = CASE WHEN NOT $2 THEN now() END",
        *(resync, is_connected),
    )
    await feed.send(fourth)

    await evaluate(store)

    (row,) = await store.rows("SELECT floor FROM districts")
    floor = event_id(3) if is_evaluated else ""
    assert row["floor"] == floor
    rows = await store.rows("SELECT record_id, event_id FROM staged WHERE kind <> 'user'")
    assert dict(map(tuple, rows)) == {first[1]["id"]: floor, second[1]["id"]: event_id(2), "t": AHEAD}
    rows = await store.rows("SELECT district_id, resync, due_at < 'infinity' AS is_due FROM connections")
    demanded = (resync or "its floor lay ahead of now", True) if is_connected else (None, False)
    assert {row[0]: tuple(row[1:]) for row in rows} == {DISTRICT: demanded, OTHER_DISTRICT: (resync, False)}
