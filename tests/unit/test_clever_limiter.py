from __future__ import annotations

import asyncio

import pytest

from tests.support.fakes.waited_time import Time
from worker.adapters.clever.clock import Timing
from worker.adapters.clever.limiter import RequestLimiter


@pytest.fixture
def time() -> Time:
    return Time()


async def acquire(limiter: RequestLimiter, times: int, key: bytes = b"a") -> None:
    for _ in range(times):
        await limiter.acquire(key)


async def test_as_many_requests_as_clever_allows_pass_at_once(time: Time) -> None:
    await acquire(RequestLimiter(time.timing), 1200)

    assert time.waits == []


async def test_the_next_one_waits_until_the_first_is_a_minute_old(time: Time) -> None:
    limiter = RequestLimiter(time.timing)
    await acquire(limiter, 1)
    time.now += 20
    await acquire(limiter, 1199)

    await acquire(limiter, 1)

    assert time.waits == [40]


async def test_no_minute_wherever_it_begins_holds_more_than_the_limit(time: Time) -> None:
    limiter, sent = RequestLimiter(time.timing, requests=5), []
    for number in range(60):
        await acquire(limiter, 1)
        sent.append(time.now)
        time.now += number % 7 * 1.3

    assert all(later - earlier >= 60 for earlier, later in zip(sent, sent[5:], strict=False))


async def test_those_who_wait_together_do_not_exceed_the_limit_and_keep_their_order(time: Time) -> None:
    limiter, order = RequestLimiter(time.timing, requests=3), []

    async def one(number: int) -> None:
        await limiter.acquire(b"a")
        order.append((number, time.now))

    await asyncio.gather(*(one(number) for number in range(7)))

    assert order == [(number, 5000 + number // 3 * 60) for number in range(7)]


async def test_each_key_has_a_limit_of_its_own(time: Time) -> None:
    limiter = RequestLimiter(time.timing, requests=2)

    await acquire(limiter, 2, b"a")
    await acquire(limiter, 2, b"b")

    assert time.waits == []


async def test_a_key_on_hold_waits_and_others_do_not(time: Time) -> None:
    limiter = RequestLimiter(time.timing)
    limiter.hold(b"a", time.now + 12)
    limiter.hold(b"a", time.now + 3)  # an earlier end does not shorten it

    await acquire(limiter, 1, b"b")
    assert time.waits == []

    await acquire(limiter, 1, b"a")
    assert time.waits == [12]


async def test_a_hold_put_on_while_somebody_waits_is_kept_to(time: Time) -> None:
    holds = [time.now + 90]

    async def sleep(seconds: float) -> None:
        if holds:
            limiter.hold(b"a", holds.pop())
        await time.sleep(seconds)

    limiter = RequestLimiter(Timing(clock=lambda: time.now, sleep=sleep))
    limiter.hold(b"a", time.now + 10)
    await acquire(limiter, 1)

    assert time.waits == [10, 80]


async def test_who_is_cancelled_while_waiting_counts_for_nothing(time: Time) -> None:
    asleep = asyncio.Event()

    async def sleep_for_good(_seconds: float) -> None:
        asleep.set()
        await asyncio.Event().wait()

    limiter = RequestLimiter(Timing(clock=lambda: time.now, sleep=sleep_for_good), requests=1)
    await acquire(limiter, 1)
    waiting = asyncio.create_task(limiter.acquire(b"a"))
    await asleep.wait()

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    time.now += 60
    await asyncio.wait_for(limiter.acquire(b"a"), 40)


async def test_keys_unused_for_two_minutes_are_forgotten_and_held_ones_are_not(time: Time) -> None:
    limiter = RequestLimiter(time.timing)
    for number in range(50):
        await acquire(limiter, 1, f"{number}".encode())
    limiter.hold(b"held", time.now + 500)

    time.now += 121
    await acquire(limiter, 1, b"new")

    assert len(limiter) == 2
