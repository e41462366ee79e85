"""Reading a large body: elsewhere than in the event loop, and never one that would hold it for long."""

from __future__ import annotations

import asyncio
import gc
import threading

import pytest

from schemas import clever
from tests.support.builders.records import (
    DISTRICT,
    body,
    delivery,
    event_json,
    record_id,
    section_json,
    student_json,
)
from worker.messaging.broker import Delivery
from worker.pipeline.ingest import micro_batch
from worker.pipeline.ingest.micro_batch import LARGE, MAX_VALUES, read_all, read_in_turns


def large(number: int = 1) -> dict[str, object]:
    event = event_json(section_json(700, students=[record_id(1)]), "sections.updated", number)
    event["data"]["previous_attributes"] = {"students": [record_id(1)] * 100_000}
    return event


async def test_only_a_large_body_is_read_in_another_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    read, seen = clever.read, dict[int, bool]()

    def watched(content: bytes, *rest: str | None) -> clever.Event | clever.FeedSettled:
        seen[len(content)] = threading.current_thread() is threading.main_thread()
        return read(content, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(clever, "read", watched)
    deliveries = [delivery(large(1), 1), delivery(event_json(student_json(), number=2), 2)]

    batch = await read_in_turns(deliveries)

    assert batch.tags == [1, 2]
    assert {size >= LARGE: in_loop for size, in_loop in seen.items()} == {True: False, False: True}


async def test_others_have_their_turn_between_small_bodies() -> None:
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    running = asyncio.create_task(other())
    padded = event_json(student_json(), number=1) | {"unknown": "x" * 100_000}
    await read_in_turns([delivery(padded, tag) for tag in range(1, 31)])
    running.cancel()

    assert turns >= 10


@pytest.mark.parametrize("unit", [b"[],", b"{},", b"1,", b'"",'])
def test_a_body_of_more_values_than_a_record_has_is_too_large(unit: bytes) -> None:
    values = b"[" + unit * (MAX_VALUES + 1) + unit[:-1] + b"]"
    content = body(event_json(student_json())).replace(b'"data":{', b'"data":{"more":' + values + b",", 1)

    ((_, error),) = read_all([delivery(content)]).unreadable

    assert (error.reason, error.district_id) == (clever.Reason.TOO_LARGE, DISTRICT)
    assert error.explanation == f"the body has more than {MAX_VALUES} values"


@pytest.mark.parametrize(
    ("values", "reason"),
    [(MAX_VALUES, clever.Reason.NOT_AN_EVENT), (MAX_VALUES + 1, clever.Reason.TOO_LARGE)],
)
def test_a_body_may_have_its_most_values_and_not_one_more(values: int, reason: clever.Reason) -> None:
    content = b"[" + b"0," * (values - 1) + b'",,"]'

    ((_, error),) = read_all([delivery(content)]).unreadable

    assert error.reason is reason


def test_commas_and_brackets_in_a_text_are_no_values() -> None:
    text = ',[{\\"' * (MAX_VALUES // 3)
    content = body(event_json(student_json()) | {"note": text})

    assert read_all([delivery(content)]).tags == [1]


def test_the_collector_of_cycles_runs_again_after_a_large_body() -> None:
    import gc  # noqa: PLC0415 — for this test alone

    micro_batch._read_large(delivery(b"[" * LARGE), micro_batch.latest_at(0))

    assert gc.isenabled()


def test_a_collector_of_cycles_that_was_off_stays_off_after_a_large_body() -> None:
    import gc  # noqa: PLC0415 — for this test alone

    gc.disable()
    try:
        micro_batch._read_large(delivery(b"[" * LARGE), micro_batch.latest_at(0))
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.parametrize(("size", "in_thread"), [(LARGE - 1, []), (LARGE, [1])])
async def test_a_body_is_large_from_a_size_on(
    monkeypatch: pytest.MonkeyPatch, size: int, in_thread: list[int]
) -> None:
    handed: list[int] = []
    read_large = micro_batch._read_large

    def watched(given: Delivery, latest: micro_batch.Latest) -> micro_batch.MicroBatch:
        handed.append(given.tag)
        return read_large(given, latest)

    monkeypatch.setattr(micro_batch, "_read_large", watched)

    await read_in_turns([delivery(b" " * size)])

    assert handed == in_thread


def test_an_unreadable_message_keeps_nothing_else_of_its_batch() -> None:
    no_event = event_json({"id": 7}, number=1)
    gc.collect()
    gc.disable()
    batch = read_all([delivery(no_event, 1), delivery(event_json(student_json(), number=2), 2)])
    errors = [error for _, error in batch.unreadable]

    del batch

    alive = [each for each in gc.get_objects() if isinstance(each, micro_batch.MicroBatch)]
    gc.enable()
    assert alive == []
    assert [(error.__traceback__, error.__context__) for error in errors] == [(None, None)]
