from __future__ import annotations

import asyncio
import json
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from config.topology import ALERT_QUEUE, COMMIT_QUEUE, REVIEW_QUEUE
from schemas.messages.headers import HEADERS
from tests.support.builders.records import (
    BATCH_ID,
    DECISION_ID,
    DISTRICT,
    OTHER_DISTRICT,
    outbox_message,
    queue,
)
from tests.support.fakes.ports import FakeOutbox, FakeSink, ImpatientStop, RecordingTracer
from worker.adapters.inprocess.broker import InProcessBroker
from worker.messaging.broker import Message
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.relay.outbox import Queued
from worker.pipeline.relay.stage import DISTRICTS, MESSAGES, RelayStage, body
from worker.runtime.errors import BrokerUnavailable, RosteringError, UnroutableMessage
from worker.runtime.loop import Health, Stop, run
from worker.runtime.metrics import Metrics
from worker.runtime.trace_context import trace_parent

LONG = 40.0
SOME_DISTRICTS = [DISTRICT, OTHER_DISTRICT, "d3" * 12]


def relay_over(outbox: FakeOutbox, sink: FakeSink) -> RelayStage:
    queues = (COMMIT_QUEUE, REVIEW_QUEUE, ALERT_QUEUE)
    return RelayStage(outbox, InProcessBroker(sinks=dict.fromkeys(queues, sink)), Metrics())


def places(sink: FakeSink, district_id: str = DISTRICT) -> list[object]:
    """Return the parts of one district's commit in the order in which they were published."""
    mine = [message for message in sink.messages if message.headers["district_id"] == district_id]
    return [message.headers["part"] for message in mine]


def failing(district_id: str, part: int, times: int = 1) -> Callable[[Message], None]:
    """Return what refuses one message so many times."""
    left = [times]

    def refuse(message: Message) -> None:
        if (message.headers["district_id"], message.headers["part"]) == (district_id, part) and left[0]:
            left[0] -= 1
            raise BrokerUnavailable("not confirmed")

    return refuse


# Publishing


async def test_an_empty_outbox_is_no_work() -> None:
    sink = FakeSink()

    assert not await relay_over(FakeOutbox(), sink).once()
    assert sink.messages == []


async def test_an_outbox_is_published_in_order_and_emptied() -> None:
    sink, outbox = FakeSink(), FakeOutbox(queue(parts=3 * MESSAGES))

    assert await relay_over(outbox, sink).once()

    assert places(sink) == list(range(1, 3 * MESSAGES + 1))
    assert (outbox.messages, outbox.leased) == ([], set())


async def test_districts_are_published_side_by_side_each_in_its_order() -> None:
    sink = FakeSink()
    outbox = FakeOutbox(item for district in SOME_DISTRICTS for item in queue(district, parts=20))

    await relay_over(outbox, sink).once()

    assert [places(sink, district) for district in SOME_DISTRICTS] == [list(range(1, 21))] * 3
    assert [message.headers["district_id"] for message in sink.messages][:3] == SOME_DISTRICTS


async def test_more_districts_than_one_process_holds_wait_for_the_next_turn() -> None:
    outbox = FakeOutbox(item for number in range(DISTRICTS + 5) for item in queue(f"d{number}"))
    relay = relay_over(outbox, FakeSink())

    await relay.once()
    assert len(outbox.messages) == 5

    await relay.once()
    assert outbox.messages == []


async def test_a_message_leaves_with_the_contracts_headers() -> None:
    sink = FakeSink()

    await relay_over(FakeOutbox(queue()), sink).once()

    (message,) = sink.messages
    assert (message.exchange, message.routing_key) == ("rostering", f"commit.{DISTRICT}")
    assert message.type == "rostering.commit/v1"
    assert set(message.headers) == set(HEADERS)
    assert message.headers == {
        "district_id": DISTRICT,
        "decision_id": DECISION_ID,
        "sequence": 1,
        "part": 1,
        "parts": 1,
        "traceparent": trace_parent(BATCH_ID, DECISION_ID),
    }


def test_the_changes_go_into_the_body_to_the_letter() -> None:
    changes = '[{"op":"remove","kind":"class","id":"\u2028é"}]'
    message = OutboxMessage("k", "s", "id", 1, "t", '{"a":{"b":1}}', part=2, parts=3, changes=changes)

    text = body(message)

    assert text.decode() == f'{{"a":{{"b":1}},"part":2,"parts":3,"changes":{changes}}}'
    assert json.loads(text)["changes"][0]["id"] == "\u2028é"


def test_a_message_without_changes_is_its_envelope() -> None:
    assert body(OutboxMessage("k", "s", "id", 1, "t", '{"é":1}')) == '{"é":1}'.encode()


# Failing


async def test_a_message_that_was_not_confirmed_stays_and_nothing_behind_it_leaves() -> None:
    sink = FakeSink(failing(DISTRICT, part=2))
    outbox = FakeOutbox(queue(parts=4))

    with pytest.raises(BrokerUnavailable):
        await relay_over(outbox, sink).once()

    assert places(sink) == [1]
    assert [item.message.part for item in outbox.messages] == [2, 3, 4]
    assert outbox.leased == set()


async def test_after_a_failure_the_same_message_is_published_again_and_the_rest_follows() -> None:
    sink = FakeSink(failing(DISTRICT, part=2))
    outbox = FakeOutbox(queue(parts=4))
    relay = relay_over(outbox, sink)

    with pytest.raises(BrokerUnavailable):
        await relay.once()
    await relay.once()

    assert places(sink) == [1, 2, 3, 4]
    assert outbox.messages == []


async def test_a_message_published_as_its_lease_ran_out_is_left_to_the_next_holder_who_repeats_it() -> None:
    outbox = FakeOutbox(queue(parts=3))
    sink = FakeSink(lambda _: outbox.lost.add(DISTRICT))
    relay = relay_over(outbox, sink)

    assert not await relay.once()
    assert (places(sink), len(outbox.messages)) == ([1], 3)

    outbox.lost.clear()
    sink.before = lambda _: None
    await relay.once()
    assert places(sink) == [1, 1, 2, 3]


async def test_the_other_districts_go_on_when_one_fails() -> None:
    sink = FakeSink(failing(OTHER_DISTRICT, part=1))
    outbox = FakeOutbox(item for district in SOME_DISTRICTS for item in queue(district, parts=20))

    with pytest.raises(BrokerUnavailable):
        await relay_over(outbox, sink).once()

    assert {item.district_id for item in outbox.messages} == {OTHER_DISTRICT}
    assert len(sink.messages) == 40


async def test_the_other_districts_go_on_when_one_outbox_is_another_processs_now() -> None:
    sink = FakeSink()
    outbox = FakeOutbox(item for district in SOME_DISTRICTS for item in queue(district))
    outbox.lost.add(OTHER_DISTRICT)

    assert await relay_over(outbox, sink).once()

    assert {item.district_id for item in outbox.messages} == {OTHER_DISTRICT}


async def test_a_message_that_no_queue_is_bound_for_stays_in_the_outbox() -> None:
    message = outbox_message()
    unroutable = OutboxMessage("nobodys.key", message.schema, message.key, 1, "t", "{}")
    outbox = FakeOutbox([Queued(DISTRICT, 1, unroutable)])

    with pytest.raises(UnroutableMessage):
        await relay_over(outbox, FakeSink()).once()

    assert len(outbox.messages) == 1


async def test_the_loop_repeats_what_failed_until_everything_is_out() -> None:
    stop, sink = ImpatientStop(), FakeSink(failing(DISTRICT, part=2, times=3))
    outbox = FakeOutbox(queue(parts=3))

    running = asyncio.create_task(run(relay_over(outbox, sink), stop, Health()))
    async with asyncio.timeout(LONG):
        await outbox.empty.wait()
        stop.set()
        await running

    assert (places(sink), len(stop.slept)) == ([1, 2, 3], 3)


async def test_a_stop_in_mid_work_leaves_no_lease_and_no_half_published_district() -> None:
    stop, outbox = Stop(), FakeOutbox(queue(parts=20))
    sink = FakeSink(lambda _: stop.set())

    async with asyncio.timeout(LONG):
        await run(relay_over(outbox, sink), stop, Health())

    assert places(sink) == list(range(1, 21))
    assert (outbox.messages, outbox.leased) == ([], set())


# What is told


async def test_what_was_published_is_counted_and_logged_once_and_what_was_not_is_warned_of() -> None:
    sink = FakeSink(failing(DISTRICT, part=2))
    relay = relay_over(FakeOutbox(queue(parts=2)), sink)

    with capture_logs() as logs, pytest.raises(RosteringError):
        await relay.once()

    published = relay.metrics.registry.get_sample_value(
        "rostering_messages_published_total", {"schema": "rostering.commit/v1"}
    )
    assert published == 1
    assert [(log["event"], log["log_level"]) for log in logs] == [
        ("message.published", "info"),
        ("message.waiting", "warning"),
    ]
    assert logs[0]["what"] == "commit"
    assert logs[1]["reason"] == "not confirmed"


async def test_a_message_leaves_with_the_context_of_the_span_that_publishes_it() -> None:
    sink, tracer = FakeSink(failing(DISTRICT, part=2)), RecordingTracer()
    relay = relay_over(FakeOutbox(queue(parts=2)), sink)
    relay.tracer = tracer

    with pytest.raises(BrokerUnavailable):
        await relay.once()

    published, refused = tracer.spans
    assert [message.headers["traceparent"] for message in sink.messages] == [published.context]
    assert (published.name, published.parent) == ("publish", trace_parent(BATCH_ID, DECISION_ID))
    assert published.attributes["decision_id"] == DECISION_ID
    assert (published.errors, refused.errors) == ([], ["BrokerUnavailable"])
