"""What the relay asks of the outbox, and what it says of messages of no district and of those that wait."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from structlog.testing import capture_logs

from config.topology import COMMIT_QUEUE
from tests.support.builders.records import DISTRICT, OTHER_DISTRICT, queue
from tests.support.fakes.ports import FakeOutbox, FakeSink
from worker.adapters.inprocess.broker import InProcessBroker
from worker.messaging.broker import Message
from worker.pipeline.relay.outbox import Queued
from worker.pipeline.relay.stage import DISTRICTS, FRESH_SECONDS, LEASE_SECONDS, MESSAGES, RelayStage
from worker.runtime.errors import BrokerUnavailable, UnroutableMessage
from worker.runtime.metrics import Metrics
from worker.runtime.repeated_lines import Repeats, same_wait


class Counting(FakeOutbox):
    """Keeps what it is asked, in order."""

    def __init__(self, messages: Iterable[Queued]) -> None:
        super().__init__(messages)
        self.asked: list[object] = []

    async def lease(self, districts: int, seconds: float) -> list[str]:
        self.asked.append(("lease", districts, seconds))
        return await super().lease(districts, seconds)

    async def renew(self, district_id: str, seconds: float) -> None:
        self.asked.append(("renew", seconds))
        await super().renew(district_id, seconds)

    async def first(self, district_id: str, limit: int) -> list[Queued]:
        self.asked.append(("first", limit))
        return await super().first(district_id, limit)

    async def published(self, message: Queued) -> None:
        self.asked.append("published")
        await super().published(message)


def relay_over(outbox: FakeOutbox, sink: FakeSink) -> RelayStage:
    return RelayStage(outbox, InProcessBroker(sinks={COMMIT_QUEUE: sink}), Metrics())


def blocked(_message: Message) -> None:
    raise BrokerUnavailable("not confirmed")


@pytest.mark.parametrize(("seconds", "is_fresh"), [(0.0, True), (FRESH_SECONDS, True), (1.1, False)])
async def test_a_lease_is_renewed_before_each_message_but_the_first_of_a_fresh_one(
    seconds: float, is_fresh: bool
) -> None:
    outbox = Counting(queue(parts=2))
    relay, times = relay_over(outbox, FakeSink()), iter([7.0, 7.0 + seconds])
    relay.clock = lambda: next(times)

    assert await relay.once()

    each = [("renew", LEASE_SECONDS), "published"]
    first = each[1:] if is_fresh else each
    asked = [("lease", DISTRICTS, LEASE_SECONDS), ("first", MESSAGES), *first, *each, ("first", MESSAGES)]
    assert outbox.asked == asked


async def test_a_turn_in_which_every_outbox_was_lost_is_no_work() -> None:
    outbox, sink = FakeOutbox([*queue(), *queue(OTHER_DISTRICT)]), FakeSink()
    outbox.lost = {DISTRICT, OTHER_DISTRICT}

    assert not await relay_over(outbox, sink).once()

    assert outbox.leased == set()


async def test_a_message_of_no_district_names_none() -> None:
    outbox, sink = FakeOutbox(queue("")), FakeSink()
    relay = relay_over(outbox, sink)

    with capture_logs() as logs:
        await relay.once()
        outbox.messages += queue("")
        sink.before = blocked
        with pytest.raises(BrokerUnavailable):
            await relay.once()

    assert [message.headers["district_id"] for message in sink.messages] == [None]
    assert [(line["event"], line["district_id"]) for line in logs] == [
        ("message.published", None),
        ("message.waiting", None),
    ]


async def test_a_missing_binding_is_one_line_a_minute_for_all_districts() -> None:
    lines = Repeats()
    no_queue = [UnroutableMessage(f"no queue is bound for commit.{of}") for of in (DISTRICT, OTHER_DISTRICT)]

    written = [lines.passes(*same_wait(error)) for error in (*no_queue, BrokerUnavailable("away"))]

    assert written == [0, None, 0]


async def test_messages_that_wait_for_the_same_are_one_line_a_minute_which_counts_the_others() -> None:
    now = [0.0]
    relay = relay_over(FakeOutbox(queue()), FakeSink(blocked))
    relay.repeats = Repeats(clock=lambda: now[0])

    with capture_logs() as logs:
        for seconds in (0.0, 30.0, 59.0, 60.0):
            now[0] = seconds
            with pytest.raises(BrokerUnavailable):
                await relay.once()

    assert [line.get("repeated") for line in logs] == [None, 2]
