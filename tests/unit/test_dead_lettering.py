"""Unreadable messages wait alone on their way to the dead letters, within bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import cast

import pytest
from structlog.testing import capture_logs

from schemas import clever
from tests.support.builders.records import DISTRICT, delivery, event_json, student_json
from worker.messaging.broker import Delivery, Message, Publisher, Subscription
from worker.pipeline.ingest import dead_lettering
from worker.pipeline.ingest.dead_lettering import DeadLettering
from worker.runtime import heartbeat
from worker.runtime.errors import BrokerUnavailable
from worker.runtime.metrics import Metrics

LONG, MANY = 5.0, 100_000


@dataclass
class FakeBroker:
    """Takes messages, or none while it is blocked; keeps what becomes of the deliveries."""

    is_blocked: bool = False
    published: list[bytes] = field(default_factory=list)
    acknowledged: list[int] = field(default_factory=list)
    rejected: list[int] = field(default_factory=list)
    tries: int = 0
    is_lost: bool = False

    async def publish(self, message: Message) -> None:
        self.tries += 1
        assert self.tries < MANY
        if self.is_blocked:
            raise BrokerUnavailable("blocked")
        self.published.append(message.body)

    async def acknowledge_each(self, tags: list[int]) -> None:
        if self.is_lost:
            raise BrokerUnavailable("the subscription has ended")
        self.acknowledged += tags

    async def reject(self, tag: int) -> None:
        self.rejected.append(tag)
        assert len(self.rejected) < MANY


@dataclass
class Bench:
    """Dead lettering over a fake broker, with a clock that is set by hand."""

    broker: FakeBroker = field(default_factory=FakeBroker)
    now: float = 0.0

    def __post_init__(self) -> None:
        self.dead = DeadLettering(
            cast("Publisher", self.broker), Metrics(), "ingest", clock=lambda: self.now, retry_seconds=3
        )

    async def add(self, *sizes: int) -> None:
        async with asyncio.timeout(LONG):
            await self.dead.add(cast("Subscription", self.broker), [unreadable(size) for size in sizes])

    async def aclose(self) -> None:
        await self.dead.close()


def unreadable(size: int) -> tuple[Delivery, clever.UnreadableEvent]:
    """Return one of so many bytes, which is its tag as well."""
    given = replace(delivery(event_json(student_json()), size), body=b"x" * size)
    return given, clever.UnreadableEvent(clever.Reason.NOT_JSON, "no JSON", DISTRICT)


@pytest.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(dead_lettering, "MAX_WAITING", 2)
    monkeypatch.setattr(dead_lettering, "MAX_WAITING_BYTES", 100)
    monkeypatch.setattr(dead_lettering, "MAX_PUBLISHED_BYTES", 200)
    async with aclosing(Bench()) as made:
        yield made


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it slept; the sleep itself takes one turn of the loop."""
    lengths: list[float] = []
    sleep = asyncio.sleep

    async def sleeping(seconds: float) -> None:
        lengths.append(seconds)
        await sleep(0)

    monkeypatch.setattr(asyncio, "sleep", sleeping)
    return lengths


async def until(happened: Callable[[], bool]) -> None:
    async with asyncio.timeout(LONG):
        while not happened():
            await asyncio.get_running_loop().run_in_executor(None, int)


async def test_what_the_broker_takes_is_published_acknowledged_and_counted(bench: Bench) -> None:
    await bench.add(1, 2, 3)

    assert (bench.broker.published, bench.broker.acknowledged) == ([b"x", b"xx", b"xxx"], [1, 2, 3])
    assert len(bench.dead) == 0
    assert bench.dead.metrics.dead_letters.labels("not_json")._value.get() == 3


@pytest.mark.parametrize(
    ("sizes", "rejected"),
    [
        ((1, 2), []),
        ((1, 2, 3), [3]),
        ((40, 60), []),
        ((40, 61), [61]),
        ((60, 41, 40), [41]),
        ((101,), []),
        ((201,), [201]),
    ],
)
async def test_beyond_a_number_or_so_many_bytes_a_message_is_rejected_while_the_broker_takes_nothing(
    bench: Bench, sizes: tuple[int, ...], rejected: list[int]
) -> None:
    bench.broker.is_blocked = True

    await bench.add(*sizes)

    assert (bench.broker.rejected, bench.broker.acknowledged) == (rejected, [])
    assert len(bench.dead) == len(sizes) - len(rejected)


@pytest.mark.parametrize(("size", "rejected"), [(200, []), (201, [201])])
async def test_a_body_too_large_to_publish_is_rejected(bench: Bench, size: int, rejected: list[int]) -> None:
    await bench.add(size)

    assert bench.broker.rejected == rejected
    assert bench.broker.published == ([] if rejected else [b"x" * size])


async def test_room_is_made_where_the_broker_takes_what_waits(bench: Bench) -> None:
    await bench.add(*range(1, 9), 90, 91, 92)

    assert bench.broker.rejected == []
    assert bench.broker.acknowledged == [*range(1, 9), 90, 91, 92]


async def test_attempts_double_their_intervals_until_a_success(bench: Bench, slept: list[float]) -> None:
    bench.broker.is_blocked = True
    await bench.add(1)
    await until(lambda: len(slept) >= 6)
    bench.broker.is_blocked = False
    await until(lambda: not len(bench.dead))
    first = len(slept)
    bench.broker.is_blocked = True
    await bench.add(2)
    await until(lambda: len(slept) >= first + 2)

    assert slept[:6] == [3, 6, 12, 24, 48, 60]
    assert slept[first : first + 2] == [3, 6]
    assert bench.broker.acknowledged == [1]


@pytest.mark.parametrize(("waited", "rejected"), [(299.0, []), (300.0, [1])])
async def test_a_message_that_waited_for_too_long_is_rejected(
    bench: Bench, slept: list[float], waited: float, rejected: list[int]
) -> None:
    bench.broker.is_blocked = True
    await bench.add(1)
    bench.now = waited
    tries = bench.broker.tries
    await until(lambda: bool(bench.broker.rejected) or bench.broker.tries >= tries + 3)

    assert bench.broker.rejected == rejected
    assert len(bench.dead) == 1 - len(rejected)
    assert slept


async def test_what_waits_is_forgotten_at_the_end_and_its_room_is_free_again(bench: Bench) -> None:
    bench.broker.is_blocked = True
    await bench.add(40, 60)

    await bench.dead.close()
    await bench.add(30, 70)

    assert (len(bench.dead), bench.broker.rejected) == (2, [])
    await bench.dead.close()
    await bench.add(40, 61)
    assert bench.broker.rejected == [61]
    await bench.dead.close()
    tries = bench.broker.tries
    for _ in range(3):
        await asyncio.sleep(0)
    assert (len(bench.dead), bench.broker.tries) == (0, tries)


async def test_a_lost_subscription_ends_the_wait_and_rejects_what_finds_no_room(bench: Bench) -> None:
    bench.broker.is_lost = True

    async with asyncio.timeout(40):
        await bench.add(1, 2, 3)

    assert (bench.broker.acknowledged, bench.broker.rejected, len(bench.dead)) == ([], [3], 2)


async def test_after_the_end_a_message_leaves_at_once_where_the_broker_takes_it_again(bench: Bench) -> None:
    bench.broker.is_blocked = True
    await bench.add(1)
    await bench.dead.close()
    bench.broker.is_blocked = False

    await bench.add(2)

    assert bench.broker.acknowledged == [2]


async def test_a_message_is_published_however_old_it_is_while_the_broker_takes_messages(bench: Bench) -> None:
    times = iter(range(0, 100_000, 1000))
    bench.dead.clock = lambda: float(next(times))

    await bench.add(1, 2)

    assert (bench.broker.acknowledged, bench.broker.rejected) == ([1, 2], [])


async def test_what_is_rejected_is_counted_and_logged_with_its_district(bench: Bench) -> None:
    with capture_logs() as logs:
        await bench.add(201)

    assert bench.dead.metrics.dead_letters.labels("not_json")._value.get() == 1
    assert [(line["event"], line["district_id"]) for line in logs] == [
        ("event.unreadable", DISTRICT),
        ("event.rejected", DISTRICT),
    ]
    assert bench.dead._pump is None


async def test_each_message_that_leaves_is_a_sign_of_life(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    signs: list[int] = []
    publish = bench.broker.publish

    async def slowly(message: Message) -> None:
        for _ in range(3):
            await asyncio.sleep(0)
        await publish(message)

    monkeypatch.setattr(heartbeat, "sign", lambda: signs.append(1))
    monkeypatch.setattr(bench.broker, "publish", slowly)

    await bench.add(1, 2)

    assert len(signs) == 2


async def test_what_left_takes_no_room_any_more(bench: Bench) -> None:
    await bench.add(60)
    bench.broker.is_blocked = True

    await bench.add(10, 60, 31)

    assert bench.broker.rejected == [31]


async def test_only_one_task_publishes_at_a_time(bench: Bench) -> None:
    bench.broker.is_blocked = True
    await bench.add(1)
    pump = bench.dead._pump

    await bench.add(2)

    assert bench.dead._pump is pump
    await bench.dead.close()
    assert pump is not None
    assert pump.done()


async def test_that_messages_wait_is_told_once_until_one_leaves(bench: Bench, slept: list[float]) -> None:
    bench.broker.is_blocked = True
    with capture_logs() as logs:
        await bench.add(1)
        await until(lambda: len(slept) >= 3)

    assert [line["messages"] for line in logs if line["event"] == "dead_letters.waiting"] == [1]
