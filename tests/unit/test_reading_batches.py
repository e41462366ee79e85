"""What a batch of messages holds: whose they are, how new, and what could not be read."""

from __future__ import annotations

from dataclasses import replace

import pytest
from builders import DISTRICT, OTHER_DISTRICT, delivery, event_json, settled_json, student_json

from schemas import clever
from worker.ports.broker import Delivery
from worker.stages.micro_batch import latest_at, read_all

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
def test_records_that_say_a_time_that_is_not_believed_are_counted(
    last_modified: str | None, is_ahead: bool
) -> None:

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
