"""Which windows a word of a publisher closes, and what opens or extends one: each beside others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

import pytest

from tests.support.builders.district_rows import EVALUATED, INBOX
from tests.support.fixtures.store import StoreUnderTest
from worker.domain.roster.records import RecordKind
from worker.messaging.dead_letters import DeadLetter
from worker.pipeline.ingest.inbox import Arrival, Mark, Quarantined, Released

WINDOW = (
    "INSERT INTO windows (district_id, opened_at, last_event_at, events, requested, request_number) "
    "VALUES ($1, now(), now(), 1, $2, 7)"
)
OLDER: Final = (
    "INSERT INTO feed_marks (district_id, since, through, count, received_at) "
    "VALUES ($1, $2, $3, $4, now() - $5::interval)"
)


async def closed(store: StoreUnderTest, district: str = "d") -> tuple[Any, ...]:
    """Return what a window was asked for, through which event, and how often."""
    rows = await store.rows(
        "SELECT requested, through, request_number FROM windows WHERE district_id = $1", district
    )
    return tuple(rows[0])


async def marks(store: StoreUnderTest) -> list[tuple[str, str]]:
    rows = await store.rows("SELECT district_id, through FROM feed_marks ORDER BY 1, 2")
    return [(row[0], row[1]) for row in rows]


@pytest.mark.parametrize("requested", [None, "settled", "flush", "filter", "resync", "approval"])
async def test_a_kept_word_closes_an_open_window(store: StoreUnderTest, requested: str | None) -> None:
    for district in ("d", "e"):
        await store.rows(WINDOW, district, requested)

    await store.inbox.store([], [Mark("d", "0", "3", 0)], [])

    is_free = requested in {None, "settled"}
    assert await closed(store) == (("settled", "3", 8) if is_free else (requested, None, 7))
    assert await closed(store, "e") == (requested, None, 7)
    assert await marks(store) == []


@pytest.mark.parametrize(
    ("count", "is_kept"), [(2, True), (3, True), (4, True), (5, False)], ids=["2", "3", "4", "5"]
)
@pytest.mark.parametrize(
    ("some", "others"), [(INBOX, EVALUATED), (EVALUATED, INBOX)], ids=["inbox", "evaluated"]
)
async def test_the_events_behind_its_beginning_up_to_its_end_are_counted_stored_or_evaluated(
    store: StoreUnderTest, count: int, is_kept: bool, some: str, others: str
) -> None:
    await store.rows(WINDOW, "d", None)
    for event in ("2", "3", "6"):
        await store.rows(some, "d", event)
    for event in ("1", "4", "5", "7"):
        await store.rows(others, "d", event)
    for event in ("3", "4"):  # of another district
        await store.rows(INBOX, "e", event)
        await store.rows(EVALUATED, "e", event + "5")

    await store.inbox.store([], [Mark("d", "2", "6", count)], [])

    assert (await closed(store))[0] == ("settled" if is_kept else None)
    assert await marks(store) == ([] if is_kept else [("d", "6")])


async def test_a_window_closes_through_the_last_of_the_words_once_all_are_kept(store: StoreUnderTest) -> None:
    for district in ("d", "e"):
        await store.rows(WINDOW, district, None)
    await store.inbox.store([], [Mark("d", "0", "9", 1), Mark("d", "0", "3", 0), Mark("e", "0", "4", 1)], [])
    before = await marks(store)

    await store.inbox.store([Arrival("d", "8", RecordKind.TERM, "t", "{}")], [], [])

    assert before == [("d", "3"), ("d", "9"), ("e", "4")]
    assert await closed(store) == ("settled", "9", 8)
    assert (await closed(store, "e"))[0] is None
    assert await marks(store) == [("e", "4")]


@pytest.mark.parametrize(("seconds", "counts"), [(280, True), (320, False)])
async def test_an_unkept_word_counts_for_minutes(store: StoreUnderTest, seconds: int, counts: bool) -> None:
    await store.rows(WINDOW, "d", None)
    for through in ("2", "8"):
        await store.rows(OLDER, "d", "0", through, 9, timedelta(seconds=seconds))

    await store.inbox.store([], [Mark("d", "3", "5", 0)], [])

    assert await closed(store) == ((None, None, 7) if counts else ("settled", "5", 8))
    left = [("d", "2"), ("d", "5"), ("d", "8")]
    assert await marks(store) == (left if counts else [("d", "8")])


async def test_an_event_of_a_district_without_a_word_closes_nothing(store: StoreUnderTest) -> None:
    await store.inbox.store([Arrival("d", "1", RecordKind.TERM, "t", "{}")], [], [])

    assert await closed(store) == (None, None, 0)


# Windows that are opened and extended


async def window(store: StoreUnderTest) -> tuple[int, bool, bool]:
    """Return how many events the window has, and whether it was opened and extended just now."""
    (row,) = await store.rows(
        "SELECT events, opened_at > now() - interval '1 min', last_event_at > now() - interval '1 min' "
        "FROM windows WHERE district_id = 'd'"
    )
    return row[0], row[1], row[2]


@pytest.mark.parametrize(("events", "is_opened"), [(0, True), (1, False), (5, False)])
async def test_what_is_new_extends_a_window_and_opens_one_that_had_nothing(
    store: StoreUnderTest, events: int, is_opened: bool
) -> None:
    old = "INSERT INTO windows (district_id, opened_at, last_event_at, events) VALUES ('d', $1, $1, $2)"
    await store.rows(old.replace("$1", "now() - interval '1 hour'").replace("$2", str(events)))
    await store.rows(EVALUATED, "d", "3")
    await store.rows(EVALUATED, "e", "1")
    arrivals = [Arrival("d", event, RecordKind.TERM, event, "{}") for event in "123"]

    first = await store.inbox.store(arrivals, [], [])
    again = await store.inbox.store(arrivals, [], [])

    assert (first.stored, again.stored) == (2, 0)
    assert await window(store) == (events + 2, is_opened, True)


async def test_what_is_known_already_extends_no_window(store: StoreUnderTest) -> None:
    await store.rows(EVALUATED, "d", "1")

    await store.inbox.store([Arrival("d", "1", RecordKind.TERM, "t", "{}")], [], [])

    assert await store.rows("SELECT FROM windows") == []


async def test_an_event_of_one_district_closes_no_window_of_another(store: StoreUnderTest) -> None:
    for district in ("d", "e"):
        await store.rows(WINDOW, district, None)
    await store.rows(OLDER, "e", "0", "9", 0, timedelta(0))

    await store.inbox.store([Arrival("d", "1", RecordKind.TERM, "t", "{}")], [], [])

    assert await closed(store, "e") == (None, None, 7)
    assert await marks(store) == [("e", "9")]


# What a district does not get any more

PURGED: Final = 0x6A000000
"""The second of a purge."""


def row_id(milliseconds: int) -> str:
    """Return the id of a row of a list that was published then, of a record that was changed any time."""
    return f"{'0' * 8}{milliseconds:011x}{'f' * 5}"


async def stored(store: StoreUnderTest) -> list[tuple[str, str]]:
    rows = await store.rows("SELECT district_id, event_id FROM inbox ORDER BY 1, 2")
    return [(row["district_id"], row["event_id"]) for row in rows]


async def test_what_happened_before_a_purge_is_not_stored(store: StoreUnderTest) -> None:
    through = f"{PURGED:08x}{'5' * 16}"
    await store.rows(
        "INSERT INTO districts (district_id, purged_through) VALUES ('d', $1), ('e', NULL), ('f', $2)",
        *(through, "f" * 24),
    )
    refused = [f"{PURGED - 1:08x}{'9' * 16}", through]
    taken = [f"{PURGED:08x}{'6' * 16}", f"{PURGED + 1:08x}{'0' * 16}"]
    old_rows = [row_id(PURGED * 1000), row_id(PURGED * 1000 + 999)]
    new_rows = [row_id(PURGED * 1000 + 1000), row_id((PURGED + 9) * 1000)]
    arrivals = [
        Arrival(district, event, RecordKind.TERM, "t", "{}", is_row=is_row)
        for district in ("d", "e")
        for events, is_row in (([*refused, *taken], False), ([*old_rows, *new_rows], True))
        for event in events
    ]

    counted = await store.inbox.store(arrivals, [], [])

    everything = sorted([*refused, *taken, *old_rows, *new_rows])
    assert await stored(store) == [
        *(("d", event) for event in sorted([*taken, *new_rows])),
        *(("e", event) for event in everything),
    ]
    assert counted.stored == len(await stored(store))


async def test_an_event_of_an_erased_student_is_stored_without_his_data(store: StoreUnderTest) -> None:
    for district, student in (("d", "1"), ("d", "3"), ("e", "2"), ("f", "4")):
        await store.rows(
            "INSERT INTO erased_students (district_id, student_id, actor) VALUES ($1, $2, 'ada')",
            *(district, student),
        )
    record = '{"student": {}, "teacher": {}}'
    await store.inbox.store(
        [
            Arrival(district, f"{kind.value} {number}", kind, number, record)
            for district in ("d", "e")
            for kind in (RecordKind.USER, RecordKind.SECTION)
            for number in ("1", "2", "4")
        ],
        [],
        [],
    )

    rows = await store.rows(
        "SELECT district_id, event_id FROM inbox WHERE NOT record ? 'student' ORDER BY 1, 2"
    )
    assert [tuple(row) for row in rows] == [("d", "user 1"), ("e", "user 2")]


# Messages that nobody can read


async def test_letters_are_taken_out_of_quarantine_by_district_and_digest(store: StoreUnderTest) -> None:
    kept = [Quarantined(district, digest, "r", "x") for district in ("d", "e") for digest in (b"1", b"2")]
    await store.inbox.store([], [], kept)
    await store.rows("UPDATE windows SET requested = NULL")

    await store.inbox.store([], [], [], [Released("d", b"1"), Released("e", b"3")])

    left = await store.rows("SELECT district_id, body_digest FROM quarantine ORDER BY 1, 2")
    assert [tuple(row) for row in left] == [("d", b"2"), ("e", b"1"), ("e", b"2")]
    assert [(await closed(store, district))[0] for district in ("d", "e")] == ["flush", None]


async def test_a_discarded_letter_leaves_the_districts_quarantine_alone(store: StoreUnderTest) -> None:
    letters = [DeadLetter(1, body, "d.users", "not_json", "d", None) for body in (b"1", b"2")]
    for district in ("d", "e"):
        await store.inbox.store([], [], [Quarantined(district, each.digest, "r", "x") for each in letters])

    await store.quarantine.discard(letters[0], "ada", "of no use")

    left = await store.rows("SELECT district_id, body_digest FROM quarantine ORDER BY 1, 2")
    assert {tuple(row) for row in left} == {
        ("d", letters[1].digest),
        *(("e", each.digest) for each in letters),
    }
    assert [(await closed(store, district))[0] for district in ("d", "e")] == ["flush", None]
