"""What a batch of messages holds: whose they are, how new, and what could not be read."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from schemas import clever
from tests.support.builders.records import (
    DISTRICT,
    OTHER_DISTRICT,
    delivery,
    event_json,
    settled_json,
    student_json,
)
from worker.messaging.broker import Delivery
from worker.pipeline.ingest import micro_batch
from worker.pipeline.ingest.inbox import Released
from worker.pipeline.ingest.micro_batch import latest_at, read_all

TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def keyed(routing_key: str, tag: int = 1) -> Delivery:
    return replace(delivery(event_json(student_json(), number=tag), tag), routing_key=routing_key)


@pytest.mark.parametrize(
    ("routing_key", "is_read"),
    [
        (f"{DISTRICT}.users.updated", True),
        ("events", True),
        (f"{OTHER_DISTRICT}.users.updated", False),
        (f"{DISTRICT}0.users.updated", True),
    ],
)
def test_a_message_is_read_unless_its_key_names_another_district(routing_key: str, is_read: bool) -> None:
    batch = read_all([keyed(routing_key)])

    assert [arrival.district_id for arrival in batch.arrivals] == [DISTRICT] * is_read
    assert [error.reason for _, error in batch.unreadable] == [clever.Reason.WRONG_DISTRICT] * (not is_read)
    assert len(batch) == 1


@pytest.mark.parametrize(
    ("last_modified", "is_ahead"),
    [("2026-09-15T12:00:00Z", False), ("2999-01-01T00:00:00Z", True), ("someday", False), (None, False)],
)
def test_records_with_unbelievable_times_are_counted(last_modified: str | None, is_ahead: bool) -> None:

    batch = read_all(
        [delivery(event_json(student_json(last_modified=last_modified)))], latest_at(1_800_000_000)
    )

    assert batch.ahead == is_ahead


def test_batches_are_put_together_with_everything_that_they_hold() -> None:
    traced = replace(delivery(event_json(student_json(), number=1), 1), headers={"traceparent": TRACE})
    unread = delivery(event_json(student_json(2, {"dob": 5}), number=2), 2)
    first, second = (
        read_all([traced, unread]),
        read_all([delivery(settled_json(), 3), delivery({"id": 7}, 4)]),
    )
    whole = read_all([])

    whole.extend(first)
    whole.extend(second)

    assert whole.tags == [1, 2, 3]
    assert whole.contexts == [TRACE, None, None, None]
    assert (len(whole.arrivals), len(whole.marks), len(whole.unreadable), len(whole)) == (2, 1, 1, 4)
    assert whole.unread == first.unread
    assert whole.unread.total() == 1


def test_batches_are_put_together_with_what_leaves_the_quarantine_and_what_lies_ahead() -> None:
    later = student_json(last_modified="2999-01-01T00:00:00Z")
    replayed = delivery(event_json(later), 1, **{"x-replayed": DISTRICT})
    one = read_all([replayed], latest_at(1_800_000_000))
    whole = read_all([])

    whole.extend(one)
    whole.extend(one)

    assert (len(whole.released), whole.ahead) == (4, 2)


@pytest.mark.parametrize(
    ("replayed", "released"),
    [
        ({"x-replayed": OTHER_DISTRICT}, [DISTRICT, OTHER_DISTRICT]),
        ({"x-replayed": ""}, [DISTRICT, ""]),
        ({"x-replayed": 7}, [DISTRICT]),
        ({"x-replayed": None}, []),
        ({}, []),
    ],
)
def test_a_dead_letter_that_is_read_ends_quarantine(replayed: dict[str, object], released: list[str]) -> None:
    letter = delivery(event_json(student_json()), 1, **replayed)

    digest = hashlib.sha256(letter.body).digest()
    assert read_all([letter]).released == [Released(district, digest) for district in released]


def test_a_dead_letter_that_cannot_be_read_again_leaves_no_quarantine() -> None:
    assert read_all([delivery(b"{", 1, **{"x-replayed": DISTRICT})]).released == []


def test_a_key_in_capitals_names_the_same_district() -> None:
    given = replace(keyed(f"{DISTRICT.upper()}.users.updated"), headers={"district_id": DISTRICT})

    assert len(read_all([given]).arrivals) == 1


def test_the_beginning_of_another_districts_id_is_not_that_district() -> None:
    assert micro_batch._names_another(f"{DISTRICT}.users.updated", DISTRICT[:2])


def test_an_event_on_what_no_roster_has_is_not_ahead_of_now() -> None:
    unreadable = event_json({"district": DISTRICT, "id": "x", "last_modified": 5}, "resources.created")

    batch = read_all(
        [delivery(unreadable), delivery(event_json({"id": 7, "district": DISTRICT}, "resources.updated"))]
    )

    assert batch.ahead == 0
    assert not micro_batch._is_ahead(clever.Event("1", "resources", "created", DISTRICT, None))


@pytest.mark.parametrize(
    ("content", "headers", "district"),
    [
        (b"{", {"district_id": DISTRICT}, DISTRICT),
        (b'{"district":"' + DISTRICT.encode() + b'"', {}, DISTRICT),
        (b"{", {}, None),
    ],
)
def test_a_message_at_which_our_reading_breaks_is_of_the_district_beside_it_or_in_it(
    content: bytes, headers: dict[str, object], district: str | None
) -> None:
    error = micro_batch._unforeseen(delivery(content, 1, **headers), ZeroDivisionError())

    assert (error.district_id, error.explanation) == (district, "reading it raised ZeroDivisionError")


@pytest.mark.parametrize(("more", "reasons"), [(0, []), (1, [clever.Reason.TOO_LARGE])])
def test_a_body_of_as_many_bytes_as_may_be_is_read_and_one_with_one_more_is_not(
    monkeypatch: pytest.MonkeyPatch, more: int, reasons: list[clever.Reason]
) -> None:
    given = delivery(event_json(student_json()))
    monkeypatch.setattr(micro_batch, "MAX_BYTES", len(given.body) - more)

    assert [error.reason for _, error in read_all([given]).unreadable] == reasons
