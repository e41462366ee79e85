"""Which of two versions of a record stays: events of a feed, rows of lists, deletions and baselines."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.support.builders.records import NOON, Json, event
from tests.support.builders.staging import KEY, at, changed, update
from worker.domain.roster.records import EventId
from worker.domain.roster.staging import (
    NO_FLOOR,
    Bounds,
    Event,
    Key,
    Staged,
    apply,
    bounds,
    is_ahead,
    is_under_floor,
)
from worker.domain.roster.versions import (
    SECOND,
    changed_at,
    highest_id,
    latest_id,
    latest_id_in_order,
    made_at,
    micros,
    moment,
)

OLD: Json = {"student": {"texts": {"first_name": "Tamsin"}}}
NEW: Json = {"student": {"texts": {"first_name": "Osric"}}}


def row(record: Json, modified: float | None, second: int = 0) -> Event:
    """Return an event made of a row of a list."""
    return replace(update(second, record, modified), is_row=True)


def staged(second: int, record: Json | None, modified: float | None = None) -> dict[Key, Staged]:
    return {KEY: Staged(at(second), record, None if modified is None else changed(modified))}


def outcome(before: dict[Key, Staged], *events: Event, floor: EventId = NO_FLOOR) -> Json | str | None:
    changes = apply(before, events, Bounds(floor))
    return changes[0].after if changes else "nothing"


@pytest.mark.parametrize(
    ("before", "later", "expected"),
    [
        (staged(5, OLD, 1), update(9, NEW, 2), NEW),
        (staged(5, OLD, 1), update(4, NEW, 2), NEW),
        (staged(5, OLD, 2), update(9, NEW, 1), "nothing"),
        (staged(5, OLD, 1), update(9, NEW, 1), NEW),
        (staged(5, OLD, 1), update(4, NEW, 1), "nothing"),
        (staged(5, OLD), update(9, NEW, 1), NEW),
        (staged(5, OLD, 8), update(9, NEW), NEW),
        (staged(5, OLD, 8), update(4, NEW), "nothing"),
        (staged(5, OLD, 8), update(9, None, 1), None),
        (staged(5, OLD, 8), update(4, None, 9), "nothing"),
        (staged(5, None, 5), update(9, NEW, 1), NEW),
        (staged(5, None, 5), update(4, NEW, 9), "nothing"),
        (staged(5, None), update(4, NEW, 9), NEW),
        (staged(5, None), update(4, NEW, 5.5), "nothing"),
        ({KEY: Staged(EventId("evt"), None)}, update(4, NEW, 9), "nothing"),
    ],
)
def test_of_an_event_and_what_is_staged_the_version_changed_last_stays_else_the_order_of_the_feed(
    before: dict[Key, Staged], later: Event, expected: object
) -> None:
    assert outcome(before, later) == expected


@pytest.mark.parametrize(
    ("before", "published", "expected"),
    [
        ({}, row(NEW, 1), NEW),
        (staged(5, OLD, 1), row(NEW, 2), NEW),
        (staged(5, OLD, 2), row(NEW, 1), "nothing"),
        (staged(5, OLD, 2), row(NEW, 2), NEW),
        (staged(5, OLD, 2), row(NEW, None), NEW),
        (staged(5, OLD), row(NEW, 4), "nothing"),
        (staged(5, OLD), row(NEW, 6), NEW),
        (staged(5, None, 5), row(NEW, 5), "nothing"),
        (staged(5, None, 5), row(NEW, 5.1), NEW),
        (staged(5, None, 5), row(NEW, None), NEW),
        (staged(5, None), row(NEW, 5), "nothing"),
        (staged(5, None), row(NEW, 6), NEW),
    ],
)
def test_a_published_row_stays_where_it_was_changed_later_or_nobody_can_tell_when(
    before: dict[Key, Staged], published: Event, expected: object
) -> None:
    assert outcome(before, published) == expected
    assert outcome(before, published, floor=at(100)) == expected


def test_what_a_row_brought_keeps_the_place_in_the_feed_of_the_event_before_it() -> None:
    (change,) = apply(staged(5, OLD, 1), [row(NEW, 2, second=2)])

    assert (change.event_id, change.modified) == (at(5), changed(2))


def test_a_deletion_ends_every_version_that_was_known_before_it() -> None:
    (change,) = apply(staged(5, OLD, 90), [update(9, None, 3)])

    assert (change.after, change.modified) == (None, changed(90))
    (change,) = apply(staged(5, OLD, 1), [update(9, None, 3)])
    assert change.modified == changed(9)


@pytest.mark.parametrize("odd", ["~" * 24, "evt_0001", "f" * 24])
def test_an_id_that_no_event_has_holds_nothing_up(odd: str) -> None:
    within = bounds(EventId(""), NOON)
    (change,) = apply({KEY: Staged(EventId(odd), OLD)}, [event(1, NEW)], within)

    assert (change.after, change.event_id) == (NEW, event(1, NEW).id)


def test_the_last_id_that_tells_an_order_stays_the_records_own() -> None:
    within = Bounds(latest=at(5))

    (change,) = apply(staged(5, OLD, 1), [update(4, NEW, 2)], within)

    assert (change.after, change.event_id) == (NEW, at(5))


def test_an_event_under_the_floor_counts_only_where_its_record_was_changed_after_it() -> None:
    assert is_under_floor(update(5, OLD), at(5))
    assert is_under_floor(update(5, OLD, 5.9), at(5))
    assert not is_under_floor(update(5, OLD, 6), at(5))
    assert not is_under_floor(update(6, OLD), at(5))
    assert not is_under_floor(row(OLD, 1), at(5))
    assert outcome({}, update(5, NEW), floor=at(5)) == "nothing"
    assert outcome({}, update(5, NEW, 6), floor=at(5)) == NEW


def test_a_floor_is_ahead_of_now_from_the_next_second_on() -> None:
    assert not is_ahead(EventId(""), NOON)
    assert not is_ahead(EventId(highest_id(NOON)), NOON)
    assert is_ahead(EventId(highest_id(NOON + timedelta(seconds=1))), NOON)
    assert is_ahead(EventId("~"), NOON)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T10:00:00.000Z",
        "2026-11-20T10:00:00Z",
        "2026-11-20T10:00:00",
        "2026-11-20 10:00:00+00:00",
        "2026-11-20T04:00:00-06:00",
        "2026-11-20T15:30:00.000000+0530",
        "20261120T100000Z",
        " 2026-11-20T10:00:00.000000000Z ",
        "Fri, 20 Nov 2026 10:00:00 GMT",
        1795168800,
        1795168800000,
    ],
)
def test_a_time_is_read_however_it_is_written(text: object) -> None:
    assert moment(text) == 1795168800 * SECOND


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "soon",
        "20 Nov",
        "0000-00-00",
        "0001-01-01T00:00:00Z",
        "1969-12-31T23:59:59Z",
        True,
        -1,
        0,
        10**30,
        *[["x"], {"a": 1}, 1.5, "9999-12-31T23:59:59.999999+99:99", "2026-11-31", "\x00"],
    ],
)
def test_what_is_no_time_tells_nothing(text: object) -> None:
    assert moment(text) is None


def test_a_time_ahead_of_now_tells_nothing() -> None:
    now = micros(NOON)

    assert changed_at(NOON.isoformat(), now) == now
    assert changed_at((NOON + timedelta(microseconds=1)).isoformat(), now) is None
    assert changed_at("9999-12-31T23:59:59Z", now) is None


def test_an_id_tells_its_second_and_the_greatest_of_a_second_is_made_of_it() -> None:
    assert made_at(highest_id(NOON)) == micros(NOON)
    assert made_at("evt") is None
    assert made_at("g" * 24) is None
    assert made_at(latest_id(NOON)) == micros(NOON + timedelta(days=1))
    assert made_at(latest_id_in_order(NOON)) == micros(NOON + timedelta(hours=2))
