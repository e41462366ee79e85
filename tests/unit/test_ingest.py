from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.topology import EVENTS_QUEUE
from tests.support.builders.records import (
    DISTRICT,
    OTHER_DISTRICT,
    body,
    deliveries,
    event_json,
    section_json,
    settled_json,
    student_json,
)
from tests.support.fakes.ports import RecordingTracer
from tests.support.fixtures.ingest import Ingest, ended
from worker.messaging.broker import Delivery, HeaderValue
from worker.pipeline.ingest.inbox import Quarantined
from worker.pipeline.ingest.micro_batch import read_all
from worker.runtime.errors import BrokerUnavailable, IngestHalted, StoreUnavailable
from worker.runtime.loop import Health, Stop, run

LONG = 40.0
GOOD = event_json(student_json())
BAD = event_json(section_json(students=5), "sections.updated")
QUOTED = "Fernquay"


@pytest.fixture
async def ingest() -> AsyncIterator[Ingest]:
    async with ended(Ingest()) as made:
        yield made


# Storing and acknowledging


async def test_messages_at_hand_are_stored_together_and_acknowledged(ingest: Ingest) -> None:
    await ingest.publish(GOOD, event_json(section_json(), "sections.updated", number=2), settled_json())

    assert await ingest.stage.once()

    assert [arrival.event_id[-1] for arrival in ingest.inbox.arrivals] == ["1", "2"]
    assert [mark.count for mark in ingest.inbox.marks] == [2]
    assert await ingest.acknowledged() == 3


async def test_nothing_is_acknowledged_before_it_is_stored(ingest: Ingest) -> None:
    ingest.inbox.gate.clear()
    await ingest.publish(GOOD)
    working = asyncio.create_task(ingest.stage.once())
    async with asyncio.timeout(LONG):
        await ingest.inbox.reached.wait()
        assert await ingest.acknowledged() == 0

        ingest.inbox.gate.set()
        await working

    assert await ingest.acknowledged() == 1


async def test_a_store_that_is_away_leaves_messages_in_the_broker(ingest: Ingest) -> None:
    ingest.inbox.trouble = StoreUnavailable("away")
    await ingest.publish(GOOD, BAD)

    with pytest.raises(StoreUnavailable):
        await ingest.stage.once()

    assert not ingest.stage.consuming
    assert (await ingest.acknowledged(), ingest.dead.messages) == (0, [])


async def test_when_the_store_is_back_everything_is_delivered_again_in_order(ingest: Ingest) -> None:
    ingest.inbox.trouble = StoreUnavailable("away")
    await ingest.publish(*(event_json(student_json(), number=number) for number in range(5)))
    with pytest.raises(StoreUnavailable):
        await ingest.stage.once()

    ingest.inbox.trouble = None
    await ingest.stage.once()

    assert [int(arrival.event_id, 16) for arrival in ingest.inbox.arrivals] == list(range(5))
    assert await ingest.acknowledged() == 5


async def test_a_message_that_is_delivered_again_is_counted_as_a_duplicate(ingest: Ingest) -> None:
    await ingest.publish(GOOD, GOOD)
    await ingest.stage.once()
    await ingest.publish(GOOD)
    await ingest.stage.once()

    resource = event_json({"id": "r", "district": DISTRICT}, "resources.created", number=9)
    await ingest.publish(resource, settled_json(), BAD)
    await ingest.stage.once()

    outcomes = ("duplicate", "ignored", "control", "unreadable")
    assert [ingest.counted("events_received", outcome=outcome) for outcome in outcomes] == [1, 1, 1, 1]
    assert await ingest.acknowledged() == 6


async def test_a_broker_that_goes_away_ends_the_subscription(ingest: Ingest) -> None:
    await ingest.publish(GOOD)
    await ingest.stage.once()
    assert ingest.stage.consuming

    await ingest.broker.close()

    with pytest.raises(BrokerUnavailable):
        await ingest.stage.once()
    assert not ingest.stage.consuming


# Dead letters


async def test_an_unreadable_message_is_quarantined_then_dead_lettered(ingest: Ingest) -> None:
    seen = list[tuple[int, bool]]()
    ingest.dead.before = lambda _: seen.append((len(ingest.inbox.quarantined), ingest.publishing[0].done()))
    await ingest.publish(BAD)

    await ingest.stage.once()

    assert seen == [(1, False)]
    assert await ingest.acknowledged() == 1


async def test_a_dead_letter_keeps_its_body_and_key_and_says_why_and_whose_it_is(ingest: Ingest) -> None:
    await ingest.publish(BAD, key="any.key.at.all")

    await ingest.stage.once()

    (letter,) = ingest.dead.messages
    assert (letter.exchange, letter.routing_key, letter.body) == (
        "clever.events.dead",
        "any.key.at.all",
        body(BAD),
    )
    assert letter.headers == {"x-reason": "bad_field", "x-district-id": DISTRICT}
    assert ingest.inbox.quarantined == [
        Quarantined(
            DISTRICT,
            hashlib.sha256(body(BAD)).digest(),
            "bad_field",
            "data.object.students: Input should be a valid list",
        )
    ]


async def test_an_unreadable_message_of_nobody_is_dead_lettered_alone(ingest: Ingest) -> None:
    await ingest.publish(b"hello")

    await ingest.stage.once()

    assert [letter.headers for letter in ingest.dead.messages] == [{"x-reason": "not_json"}]
    assert ingest.inbox.quarantined == []
    assert ingest.counted("dead_letters", reason="not_json") == 1


@pytest.mark.parametrize(
    ("key", "headers", "district"),
    [
        (f"{OTHER_DISTRICT}.users.created", {}, OTHER_DISTRICT),
        (f"{OTHER_DISTRICT}.users.created", {"district_id": DISTRICT}, DISTRICT),
        ("any.key", {"district_id": DISTRICT}, DISTRICT),
        ("any.key", {"district_id": ""}, None),
        ("any.key", {"district_id": 5}, None),
        ("any.key", {"district_id": "d" * 129}, None),
        ("any.key", {"district_id": "d\n"}, None),
        (OTHER_DISTRICT, {}, None),
    ],
)
def test_the_district_beside_a_body_is_the_headers_or_that_of_a_key_of_ours(
    key: str, headers: dict[str, object], district: str | None
) -> None:
    batch = read_all([Delivery(1, key, b"hello", headers)])

    assert [error.district_id for _, error in batch.unreadable] == [district]


async def test_the_good_messages_around_a_bad_one_are_stored(ingest: Ingest) -> None:
    await ingest.publish(GOOD, BAD, b"hello", event_json(student_json(2), number=2))

    await ingest.stage.once()

    assert len(ingest.inbox.arrivals) == 2
    assert len(ingest.dead.messages) == 2
    assert await ingest.acknowledged() == 4


async def test_what_is_logged_of_an_unreadable_message_says_where_and_never_what(ingest: Ingest) -> None:
    await ingest.publish(event_json(student_json(name={"last": [QUOTED]})))

    with capture_logs() as logs:
        await ingest.stage.once()

    (warning,) = [log for log in logs if log["event"] == "event.unreadable"]
    assert (warning["reason"], warning["district_id"]) == ("bad_field", DISTRICT)
    assert warning["explanation"].startswith("data.object.name.last: ")
    assert QUOTED not in str(logs)


# What the store refuses


async def test_a_message_the_store_refuses_is_dead_lettered_alone(ingest: Ingest) -> None:
    refused = event_json(student_json(2), number=2)
    ingest.inbox.refused = {refused["id"]}
    await ingest.publish(GOOD, refused, event_json(student_json(3), number=3), BAD)

    await ingest.stage.once()

    assert [arrival.event_id[-1] for arrival in ingest.inbox.arrivals] == ["1", "3"]
    assert [letter.headers["x-reason"] for letter in ingest.dead.messages] == ["not_storable", "bad_field"]
    assert {quarantined.district_id for quarantined in ingest.inbox.quarantined} == {DISTRICT}
    assert len(ingest.inbox.quarantined) == 2
    assert await ingest.acknowledged() == 4


# A flood of unreadable messages


async def flood(ingest: Ingest, documents: Sequence[Any]) -> None:
    """Handle messages in batches of one."""
    for document in documents:
        await ingest.publish(document)
        await ingest.stage.once()


async def test_ingest_halts_after_too_many_unreadable_messages_in_a_row_and_keeps_the_rest() -> None:
    async with ended(Ingest(halt_after=3)) as ingest:
        await flood(ingest, [b"1", b"2", b"3"])
        await ingest.publish(b"4")

        with pytest.raises(IngestHalted, match=r"^3 messages in a row could not be read, the last for "):
            await ingest.stage.once()

        assert not ingest.stage.consuming
        assert (len(ingest.dead.messages), await ingest.acknowledged()) == (3, 3)


async def test_a_good_message_begins_the_count_anew() -> None:
    async with ended(Ingest(halt_after=3)) as ingest:
        await flood(ingest, [b"1", b"2", b"3", GOOD, b"4", b"5", b"6"])
        assert len(ingest.dead.messages) == 6

        with pytest.raises(IngestHalted):
            await flood(ingest, [b"7"])


async def test_a_batch_with_a_good_message_in_it_is_no_flood() -> None:
    async with ended(Ingest(halt_after=2)) as ingest:
        await ingest.publish(b"1", b"2", b"3", GOOD)
        await ingest.stage.once()
        await flood(ingest, [b"4", b"5"])

        assert len(ingest.dead.messages) == 5


# Stopping


async def test_a_stop_before_the_start_takes_nothing(ingest: Ingest) -> None:
    stop = Stop()
    stop.set()
    await ingest.publish(GOOD)

    await run(ingest.stage, stop, Health())

    assert not ingest.stage.consuming
    assert await ingest.acknowledged() == 0


async def test_a_stop_in_mid_work_stores_and_acknowledges_what_is_in_hand(ingest: Ingest) -> None:
    stop = Stop()
    ingest.inbox.gate.clear()
    await ingest.publish(GOOD, BAD)
    running = asyncio.create_task(run(ingest.stage, stop, Health()))

    async with asyncio.timeout(LONG):
        await ingest.inbox.reached.wait()
        stop.set()
        ingest.inbox.gate.set()
        await running

    assert (len(ingest.inbox.arrivals), len(ingest.dead.messages)) == (1, 1)
    assert await ingest.acknowledged() == 2


async def test_closing_gives_back_what_is_not_acknowledged_and_may_be_done_twice(ingest: Ingest) -> None:
    ingest.inbox.gate.clear()
    await ingest.publish(GOOD)
    working = asyncio.create_task(ingest.stage.once())
    await ingest.inbox.reached.wait()

    working.cancel()
    await asyncio.gather(working, return_exceptions=True)
    await ingest.stage.close()

    async with ingest.broker.subscribe(EVENTS_QUEUE, prefetch=1) as another:
        assert [taken.body for taken in await another.take(5, LONG)] == [body(GOOD)]
    assert not ingest.stage.consuming


def test_every_delivery_is_read_into_one_of_three() -> None:
    batch = read_all(deliveries([GOOD, settled_json(), BAD, b"hello"]))

    assert (len(batch.arrivals), len(batch.marks)) == (1, 1)
    assert [delivery.tag for delivery, _ in batch.unreadable] == [3, 4]
    assert [quarantined.district_id for quarantined in batch.quarantined] == [DISTRICT]


# What is told


async def test_a_micro_batch_is_told_in_one_line_and_in_one_span_with_what_became_of_its_messages() -> None:
    tracer = RecordingTracer()
    context = f"00-{7:032x}-{7:016x}-01"
    async with ended(Ingest(tracer=tracer)) as ingest:
        await ingest.publish(GOOD)
        await ingest.stage.once()
        await ingest.publish(event_json(student_json(2), number=2), settled_json(), traceparent=context)
        await ingest.publish(GOOD, BAD, event_json({"id": "r", "district": DISTRICT}, "resources.created", 9))
        with capture_logs() as logs:
            await ingest.stage.once()

    counts = {"stored": 1, "duplicate": 1, "ignored": 1, "unreadable": 1, "control": 1}
    (line,) = [log for log in logs if log["event"] == "events.stored"]
    assert line["log_level"] == "info"
    assert counts.items() <= line.items()
    _, span = tracer.spans
    assert (span.name, span.kind, span.links) == ("ingest", "consumer", [context])
    assert span.attributes == {"messages": 5, "contexts": 1} | counts


@pytest.mark.parametrize("header", ["00-Fernquay", f"00-{0:032x}-{7:016x}-01", 7, ""])
async def test_a_malformed_trace_context_is_ignored_and_its_event_is_not(header: HeaderValue) -> None:
    tracer = RecordingTracer()
    async with ended(Ingest(tracer=tracer)) as ingest:
        await ingest.publish(GOOD, BAD, traceparent=header)
        await ingest.stage.once()

        assert [arrival.trace_parent for arrival in ingest.inbox.arrivals] == [None]
        assert "traceparent" not in ingest.dead.messages[0].headers
    assert tracer.spans[0].links == []


async def test_an_event_is_stored_with_its_trace_context_and_a_dead_letter_keeps_its_own() -> None:
    contexts = [f"00-{number:032x}-{number:016x}-01" for number in (1, 2)]
    async with ended(Ingest()) as ingest:
        await ingest.publish(GOOD, traceparent=contexts[0])
        await ingest.publish(BAD, traceparent=contexts[1])
        await ingest.stage.once()

        assert [arrival.trace_parent for arrival in ingest.inbox.arrivals] == [contexts[0]]
        assert ingest.dead.messages[0].headers["traceparent"] == contexts[1]
