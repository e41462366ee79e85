"""What adopting a baseline makes of each record, by what is staged of it and how it was read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

import pytest

from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, Json
from tests.support.districts.habits.large import ENROLL
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.poll.baseline_adoption import adopt, ready_baseline
from worker.domain.roster.versions import latest_id_in_order
from worker.pipeline.evaluate.state import Adopted
from worker.pipeline.poll.baseline_store import Older, Run, Saved

SECOND: Final = 1_000_000
OLD: Final = {"name": "old"}
NEW: Final = {"name": "new"}
NOBODY: Final[Json] = {}
UNREADABLE: Final = None
GONE: Final = None
COLLECTIONS: Final = ("terms", "courses", "users", "sections")
"""Schools are not read."""


def at(second: int, rest: str = "0") -> str:
    """Return the id of an event that was made in that second."""
    return f"{second:08x}{rest * 16}"


def last(second: int) -> str:
    """Return the greatest such id."""
    return at(second, "f")


NOW: Final = datetime.fromtimestamp(5_000, UTC)
FLOOR: Final = at(1_000)
BEFORE: Final = at(999)
AFTER: Final = at(1_001)
LATEST: Final = latest_id_in_order(NOW)
AHEAD: Final = last(0xFFFFFFFF)

Staged = tuple[str, Json | None, int | None]
"""The event, the record (None: a tombstone) and when it was changed, in seconds."""
Read = tuple[Json | None, int | None]
"""The record (None: it cannot be read) and when it was changed, in seconds."""


@dataclass(frozen=True)
class Row:
    """A record: as it is staged, as it was read and as it is to be staged then; None: not at all."""

    what: str
    staged: Staged | None
    read: Read | None
    then: Staged | None
    kind: str = "term"

    @property
    def is_change(self) -> bool:
        """Whether the record is another one then."""
        before, after = (one[1] if one else None for one in (self.staged, self.then))
        return before != after


def stays(what: str, staged: Staged | None, read: Read | None = None, kind: str = "term") -> Row:
    """Return a record that stays as it is staged."""
    return Row(what, staged, read, staged, kind)


def changed(micros: int | None) -> int | None:
    return None if micros is None else micros * SECOND


UNREAD: Final = (
    stays("a record that cannot be read", (BEFORE, OLD, 3), (UNREADABLE, None)),
    stays("a new record that cannot be read", None, (UNREADABLE, None)),
    stays("unreadable, staged since", (AFTER, OLD, 3), (UNREADABLE, None)),
    stays("a school, as no schools were read", (BEFORE, OLD, 3), None, "school"),
    stays("a school staged since", (AFTER, OLD, 3), None, "school"),
    stays("a tombstone of what was not read", (BEFORE, GONE, 3)),
    stays("a tombstone of what was not read, after the floor", (AFTER, GONE, 3)),
    stays("a new user who is nobody", None, (NOBODY, 5), "user"),
    stays("a deleted user who is nobody", (BEFORE, GONE, 3), (NOBODY, 5), "user"),
    stays("a user deleted since who is nobody", (AFTER, GONE, 3), (NOBODY, 2), "user"),
    stays("the same, changed earlier", (BEFORE, OLD, 5), (OLD, 4)),
    stays("the same, of no known time", (BEFORE, OLD, 5), (OLD, None)),
    Row("the same, changed later", (BEFORE, OLD, 5), (OLD, 6), (BEFORE, OLD, 6)),
    Row("the same, that had no time", (BEFORE, OLD, None), (OLD, 6), (BEFORE, OLD, 6)),
)
"""Of every baseline."""

LIVE: Final = (
    *UNREAD,
    Row("a new record", None, (NEW, None), (FLOOR, NEW, None)),
    Row("a new record with a time", None, (NEW, 2_000), (FLOOR, NEW, 2_000)),
    Row("a record of nothing that is no user", None, (NOBODY, None), (FLOOR, NOBODY, None)),
    Row("staged before the floor", (BEFORE, OLD, None), (NEW, None), (FLOOR, NEW, None)),
    stays("staged after the floor", (AFTER, OLD, None), (NEW, None)),
    Row("staged ahead of now", (AHEAD, OLD, None), (NEW, None), (FLOOR, NEW, None)),
    Row("changed later than is staged", (LATEST, OLD, 5), (NEW, 6), (LATEST, NEW, 6)),
    stays("changed earlier than is staged", (BEFORE, OLD, 5), (NEW, 4)),
    Row("changed at the same time", (BEFORE, OLD, 5), (NEW, 5), (FLOOR, NEW, 5)),
    Row("deleted before the floor", (BEFORE, GONE, 7), (NEW, 5), (FLOOR, NEW, 5)),
    stays("deleted after the floor", (AFTER, GONE, 7), (NOBODY, 9)),
    stays("a user deleted after the floor", (AFTER, GONE, 7), (NEW, 9), "user"),
    Row("a user who is nobody", (BEFORE, OLD, None), (NOBODY, 5), (FLOOR, GONE, 5), "user"),
    stays("a user who is nobody, staged since", (AFTER, OLD, None), (NOBODY, None), "user"),
    Row("not read", (BEFORE, OLD, 3), None, (FLOOR, GONE, None)),
    Row("not read, staged by the floor", (FLOOR, OLD, 3), None, (FLOOR, GONE, None)),
    Row("not read, staged ahead of now", (AHEAD, OLD, 3), None, (FLOOR, GONE, None)),
    stays("not read, staged after the floor", (AFTER, OLD, 3)),
    stays("not read, staged last", (LATEST, OLD, 3)),
    Row("a user", (BEFORE, OLD, None), (NEW, None), (FLOOR, NEW, None), "user"),
    Row("read of one kind", (BEFORE, OLD, None), (NEW, None), (FLOOR, NEW, None)),
    Row("read of one kind", (BEFORE, OLD, None), None, (FLOOR, GONE, None), "course"),
    Row("read of one kind, staged since of another", (BEFORE, OLD, None), (NEW, None), (FLOOR, NEW, None)),
    stays("read of one kind, staged since of another", (AFTER, OLD, None), None, "course"),
)
"""Read from Clever: as new as the floor."""

SAVED: Final = (
    *UNREAD,
    Row("a new record", None, (NEW, None), (FLOOR, NEW, None)),
    Row("a new record with a time", None, (NEW, 2_000), (last(2_000), NEW, 2_000)),
    stays("changed earlier than is staged", (BEFORE, OLD, 5), (NEW, 4)),
    stays("changed earlier than the event was made", (BEFORE, OLD, None), (NEW, 998)),
    Row("changed later", (BEFORE, OLD, 5), (NEW, 6), (BEFORE, NEW, 6)),
    Row("changed later than the event", (BEFORE, OLD, 5), (NEW, 2_000), (last(2_000), NEW, 2_000)),
    Row("changed later, staged last", (LATEST, OLD, 5), (NEW, 6), (LATEST, NEW, 6)),
    Row("staged ahead of now", (AHEAD, OLD, None), (NEW, 4), (last(4), NEW, 4)),
    stays("deleted later", (BEFORE, GONE, 7), (NEW, 5)),
    Row("deleted earlier", (BEFORE, GONE, 4), (NEW, 5), (BEFORE, NEW, 5)),
    Row("not read", (BEFORE, OLD, 5), None, (last(3_000), GONE, None)),
    Row("not read, of a kind with a time", (BEFORE, OLD, 5), None, (last(1_500), GONE, None), "course"),
    stays("not read, newer than that kind", (at(1_501), OLD, 5), None, "course"),
    Row("not read, staged ahead of now", (AHEAD, OLD, 5), None, (last(3_000), GONE, None)),
    stays("not read, changed since", (BEFORE, OLD, 3_001)),
    stays("not read, staged since", (at(3_001), OLD, 5)),
)
"""Saved pages: of any day, so that each record is compared by its time."""

OVER: Final = (
    *UNREAD,
    Row("a new record with a time", None, (NEW, 2_000), (last(3_000), NEW, 2_000)),
    Row("changed earlier than is staged", (at(2_000), OLD, 5), (NEW, 4), (last(3_000), NEW, 4)),
    stays("staged since", (at(3_001), OLD, 5), (NEW, 6)),
    Row("not read", (at(2_000), OLD, 5), None, (last(3_000), GONE, None), "course"),
    stays("not read, staged since", (at(3_001), OLD, 5)),
)
"""The same where a person said that what was read stays."""

TIMELESS: Final = (
    *UNREAD,
    Row("a new record", None, (NEW, None), (FLOOR, NEW, None)),
    Row("not read", (BEFORE, OLD, 5), None, (FLOOR, GONE, None)),
    stays("not read, staged after the floor", (AFTER, OLD, 5)),
)
"""Saved pages without any time."""

TIMES: Final = Saved({"term": 3_000 * SECOND, "course": 1_500 * SECOND})
BASELINES: Final[dict[str, tuple[tuple[Row, ...], Saved | None, bool, Older]]] = {
    "from Clever": (LIVE, None, False, Older(older=6, kept=3)),
    "saved": (SAVED, TIMES, False, Older(older=5, kept=3)),
    "saved, over newer": (OVER, TIMES, True, Older(older=1, kept=1)),
    "saved, without times": (TIMELESS, Saved({}), False, Older(older=2, kept=1)),
}


async def have_staged(
    store: StoreUnderTest, district_id: str, rows: Iterable[tuple[Row, Staged | None]]
) -> None:
    await store.rows(
        "INSERT INTO staged (district_id, kind, record_id, event_id, record, modified) "
        "SELECT $1, * FROM jsonb_to_recordset($2) "
        "AS s(kind text, id text, event text, record jsonb, modified bigint)",
        district_id,
        [
            {"kind": row.kind, "id": row.what, "event": one[0], "record": one[1], "modified": changed(one[2])}
            for row, one in rows
            if one is not None
        ],
    )


async def have_read(store: StoreUnderTest, district_id: str, rows: Iterable[tuple[Row, Read | None]]) -> None:
    await store.rows(
        "INSERT INTO baseline_records (district_id, kind, record_id, record, modified, reason, explanation) "
        "SELECT $1, b.*, b.reason FROM jsonb_to_recordset($2) "
        "AS b(kind text, id text, record jsonb, modified bigint, reason text)",
        district_id,
        [
            {
                "kind": row.kind,
                "id": row.what,
                "record": one[0],
                "modified": changed(one[1]),
                "reason": "bad_field" if one[0] is UNREADABLE else None,
            }
            for row, one in rows
            if one is not None
        ],
    )


async def read_rows(
    store: StoreUnderTest, rows: tuple[Row, ...], saved: Saved | None = None, *, over_newer: bool = False
) -> Run:
    """Have these rows staged and read, and of another district others with the same ids."""
    await store.rows("INSERT INTO districts (district_id) VALUES ($1), ($2)", DISTRICT, OTHER_DISTRICT)
    await store.baselines.begin(OTHER_DISTRICT, last(4_000), "", COLLECTIONS)
    run = await store.baselines.begin(DISTRICT, FLOOR, BEFORE, COLLECTIONS, saved, over_newer=over_newer)
    await have_staged(store, DISTRICT, [(row, row.staged) for row in rows])
    await have_read(store, DISTRICT, [(row, row.read) for row in rows])
    await have_staged(
        store,
        OTHER_DISTRICT,
        [(row, (at((1, 4_000)[n % 2]), {"name": "other"}, 1)) for n, row in enumerate(rows)],
    )
    await have_read(store, OTHER_DISTRICT, [(row, ({"name": "another"}, 9)) for row in rows])
    read = sum(row.read is not None for row in rows)
    await store.rows("UPDATE baselines SET read_at = now(), ready_at = now(), records = $1", read)
    return run


async def adopted(store: StoreUnderTest, limit: int = 99) -> Adopted:
    async with store.database.transaction() as connection:
        baseline = await ready_baseline(connection, DISTRICT, NOW)
        assert baseline is not None
        return await adopt(connection, DISTRICT, baseline, NOW, limit)


async def contents(store: StoreUnderTest, district_id: str) -> dict[tuple[str, str], tuple[Any, ...]]:
    rows = await store.rows(
        "SELECT kind, record_id, event_id, record, modified FROM staged WHERE district_id = $1", district_id
    )
    return {(row[0], row[1]): tuple(row[2:]) for row in rows}


@pytest.mark.parametrize("how", BASELINES)
async def test_the_newer_of_what_is_staged_and_read_is_staged(store: StoreUnderTest, how: str) -> None:
    rows, saved, over_newer, _ = BASELINES[how]
    await read_rows(store, rows, saved, over_newer=over_newer)
    others = await contents(store, OTHER_DISTRICT)

    result = await adopted(store)

    assert await contents(store, DISTRICT) == {
        (row.kind, row.what): (row.then[0], row.then[1], changed(row.then[2])) for row in rows if row.then
    }
    assert await contents(store, OTHER_DISTRICT) == others
    for table in ("baselines", "baseline_records"):
        left = await store.rows(f"SELECT DISTINCT district_id FROM {table}")
        assert [row["district_id"] for row in left] == [OTHER_DISTRICT]
    expected = {(row.kind, row.what) for row in rows if row.is_change}
    assert result.changes is not None
    assert {(each.kind, each.record_id) for each in result.changes} == expected
    assert result.changed == len(result.changes) == len(expected)


@pytest.mark.parametrize("how", BASELINES)
async def test_what_of_a_baseline_is_older_or_lacking_is_counted(store: StoreUnderTest, how: str) -> None:
    rows, saved, over_newer, expected = BASELINES[how]

    run = await read_rows(store, rows, saved, over_newer=over_newer)

    assert await store.baselines.older(run) == expected


SECTIONS: Final = (
    Row(
        "changed",
        (BEFORE, {"students": ["a", "b"], "course_id": "c"}, 1),
        ({"students": ["b", "d"]}, 2),
        None,
    ),
    Row("new", None, ({"teachers": ["e"]}, 2), None),
    Row("gone", (BEFORE, {"students": ["a"]}, 1), None, None),
    Row("the same", (BEFORE, {"students": ["a"]}, 1), ({"students": ["a"]}, 2), None),
    Row("newer", (AFTER, {"students": ["a"]}, 3), ({"students": ["b"]}, 2), None),
)
TERMS: Final = (
    Row("the same", (BEFORE, {"term_id": "t", "students": ["a"]}, 1), ({"term_id": "u"}, 2), None),
    Row("changed", None, ({"school_id": "s"}, 2), None),
)


async def test_adopted_sections_alone_are_linked_to_what_they_name(store: StoreUnderTest) -> None:
    sections = [replace(row, kind="section") for row in SECTIONS]
    await read_rows(store, (*sections, *TERMS))
    await store.rows(ENROLL, DISTRICT)
    await store.rows(
        "INSERT INTO enrollments SELECT $1, student_id, sections FROM enrollments", OTHER_DISTRICT
    )
    for district_id in (DISTRICT, OTHER_DISTRICT):
        await store.rows(
            "INSERT INTO section_links (district_id, role, target_id, section_id) "
            "SELECT $1, l.role, l.target_id, s.record_id FROM staged s, rostering_links(s.record) l "
            "WHERE s.kind = 'section' AND s.district_id = $2",
            *(district_id, DISTRICT),
        )
    links = (
        "SELECT section_id, role, target_id FROM section_links WHERE district_id = $1 "
        "UNION ALL SELECT unnest(sections), 'student', student_id FROM enrollments WHERE district_id = $1"
    )
    others = await store.rows(links, OTHER_DISTRICT)

    await adopted(store)

    assert {tuple(row) for row in await store.rows(links, DISTRICT)} == {
        ("changed", "student", "b"),
        ("changed", "student", "d"),
        ("new", "teacher", "e"),
        ("the same", "student", "a"),
        ("newer", "student", "a"),
    }
    assert await store.rows(links, OTHER_DISTRICT) == others


async def test_what_was_quarantined_before_is_forgiven_unless_unreadable_again(store: StoreUnderTest) -> None:
    await read_rows(store, UNREAD[:3])
    for district_id in (DISTRICT, OTHER_DISTRICT):
        for digest, seconds in ((b"before", -1), (b"then", 0), (b"since", 1)):
            await store.rows(
                "INSERT INTO quarantine (district_id, body_digest, reason, explanation, received_at) "
                "SELECT $1, $2, 'bad_field', 'an event', started_at + make_interval(secs => $3) "
                "FROM baselines WHERE district_id = $4",
                *(district_id, digest, seconds, DISTRICT),
            )
    kept = (
        "SELECT explanation, count(*) FROM quarantine WHERE district_id = $1 GROUP BY explanation ORDER BY 1"
    )

    await adopted(store)

    assert [tuple(row) for row in await store.rows(kept, DISTRICT)] == [("an event", 1), ("bad_field", 3)]
    assert [tuple(row) for row in await store.rows(kept, OTHER_DISTRICT)] == [("an event", 3)]


async def test_more_changes_than_are_listed_are_counted(store: StoreUnderTest) -> None:
    await read_rows(store, LIVE)

    result = await adopted(store, 3)

    assert (result.changed, result.changes) == (sum(row.is_change for row in LIVE), None)


async def test_nobody_else_has_a_baseline_while_it_is_adopted(store: StoreUnderTest) -> None:
    await read_rows(store, UNREAD)
    free = "SELECT district_id FROM baselines FOR UPDATE SKIP LOCKED"

    async with store.database.transaction() as connection:
        assert await ready_baseline(connection, DISTRICT, NOW) is not None
        meanwhile = await store.rows(free)

    assert [row["district_id"] for row in meanwhile] == [OTHER_DISTRICT]


async def test_a_baseline_that_is_not_ready_is_not_there_to_be_adopted(store: StoreUnderTest) -> None:
    await read_rows(store, UNREAD)
    await store.rows("UPDATE baselines SET ready_at = NULL WHERE district_id = $1", DISTRICT)

    async with store.database.transaction() as connection:
        assert await ready_baseline(connection, DISTRICT, NOW) is None

    assert await store.baselines.current(DISTRICT) is not None
