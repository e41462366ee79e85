"""Unreadable messages on their way to the dead letters: each waits alone, and holds up no other.

They are published one after the other, and acknowledged when that is confirmed. While the broker takes
nothing (an alarm, a missing right) they wait here, unacknowledged: a bounded number of them, for a bounded
time. Beyond either bound a message is rejected, so that the broker itself puts it into `clever.events.dead`,
which works while nobody may publish. By then its district is quarantined already, with the reason.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog

from config.topology import DEAD_LETTER_EXCHANGE
from schemas import clever
from worker.messaging.broker import Delivery, Message, Publisher, Subscription
from worker.pipeline.ingest.micro_batch import context_of
from worker.runtime import heartbeat
from worker.runtime.errors import BrokerUnavailable, Unavailable
from worker.runtime.metrics import Metrics

MAX_WAITING: Final = 200
MAX_WAITING_BYTES: Final = 8 * 1024 * 1024
MAX_WAIT_SECONDS: Final = 300.0
"""Less than brokers wait for an acknowledgement, which is 30 minutes where nobody changed it."""
MAX_PUBLISHED_BYTES: Final = 16 * 1024 * 1024
"""Larger bodies are rejected at once: publishing one needs several times its size in memory."""
FLUSH_SECONDS: Final = 1.0
"""How long a batch waits for its unreadable messages while publishing goes well."""
RETRY_SECONDS: Final = 5.0
MOST_RETRY_SECONDS: Final = 60.0
"""Between two attempts, which double: one that a blocked broker has not read yet may still arrive, later."""


@dataclass(frozen=True, slots=True)
class _WaitingLetter:
    delivery: Delivery
    error: clever.UnreadableEvent
    subscription: Subscription
    since: float


@dataclass(slots=True)
class DeadLettering:
    """What waits to be put with the dead letters; `stage` is the stage's name, for the log."""

    publisher: Publisher
    metrics: Metrics
    stage: str
    clock: Callable[[], float] = time.monotonic
    retry_seconds: float = RETRY_SECONDS
    _waiting: deque[_WaitingLetter] = field(default_factory=deque)
    _bytes: int = 0
    _pump: asyncio.Task[None] | None = None
    _is_failing: bool = False
    _failures: int = 0
    _progress: asyncio.Event = field(default_factory=asyncio.Event)

    def __len__(self) -> int:
        """Count those that wait."""
        return len(self._waiting)

    async def add(
        self, subscription: Subscription, unreadable: list[tuple[Delivery, clever.UnreadableEvent]]
    ) -> None:
        """Take over unreadable messages that are quarantined, and wait a moment for them to leave.

        Raises `BrokerUnavailable` where the subscription is lost.
        """
        for delivery, error in unreadable:
            await self._add(_WaitingLetter(delivery, error, subscription, self.clock()))
        if unreadable:
            self._start()
            await self._flush()

    @property
    def _is_idle(self) -> bool:
        return self._pump is None or self._pump.done()

    def _start(self) -> None:
        if self._waiting and self._is_idle:
            self._pump = asyncio.create_task(self._publish_all())

    async def close(self) -> None:
        """Forget what still waits; it goes back to the queue with its subscription."""
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)
        self._waiting.clear()
        self._bytes = 0
        self._is_failing = False

    async def _add(self, item: _WaitingLetter) -> None:
        structlog.get_logger().warning(
            "event.unreadable",
            stage=self.stage,
            reason=str(item.error.reason),
            explanation=item.error.explanation,
            district_id=item.error.district_id,
        )
        size = len(item.delivery.body)
        is_full = len(self._waiting) >= MAX_WAITING or self._bytes + size > MAX_WAITING_BYTES
        if size > MAX_PUBLISHED_BYTES or (is_full and not await self._has_made_room()):
            await self._reject(item)
            return
        self._waiting.append(item)
        self._bytes += size

    async def _has_made_room(self) -> bool:
        """Wait until everything has left; False where nothing leaves now."""
        self._start()
        await self._flush(within=None)
        return not self._waiting

    async def _flush(self, within: float | None = FLUSH_SECONDS) -> None:
        """Return when nothing waits, when publishing fails, or after a time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while self._waiting and not self._is_failing and not self._is_idle:
                    self._progress.clear()
                    await self._progress.wait()
                    heartbeat.sign()

    async def _publish_all(self) -> None:
        """Let them leave one after the other; ends with their subscription, which the stage sees too."""
        try:
            with suppress(BrokerUnavailable):
                while self._waiting:
                    item = self._waiting[0]
                    if self._is_failing and self.clock() - item.since >= MAX_WAIT_SECONDS:
                        await self._reject(item)
                        self._left(item)
                    elif await self._is_published(item):
                        await item.subscription.acknowledge_each([item.delivery.tag])
                        self._left(item)
                    else:
                        await asyncio.sleep(min(self.retry_seconds * 2**self._failures, MOST_RETRY_SECONDS))
                        self._failures += 1
        finally:  # whatever ended it: nobody waits for it any more
            self._progress.set()

    async def _is_published(self, item: _WaitingLetter) -> bool:
        try:
            await self.publisher.publish(_dead_letter(item))
        except Unavailable as error:
            if not self._is_failing:
                structlog.get_logger().warning(
                    "dead_letters.waiting", stage=self.stage, reason=str(error), messages=len(self._waiting)
                )
            self._is_failing = True
            self._progress.set()
            return False
        self._is_failing = False
        self._failures = 0
        self.metrics.dead_letters.labels(str(item.error.reason)).inc()
        return True

    def _left(self, item: _WaitingLetter) -> None:
        self._waiting.popleft()
        self._bytes -= len(item.delivery.body)
        self._progress.set()

    async def _reject(self, item: _WaitingLetter) -> None:
        await item.subscription.reject(item.delivery.tag)
        self.metrics.dead_letters.labels(str(item.error.reason)).inc()
        structlog.get_logger().warning(
            "event.rejected",
            stage=self.stage,
            reason=str(item.error.reason),
            district_id=item.error.district_id,
        )


def _dead_letter(item: _WaitingLetter) -> Message:
    headers = {
        "x-reason": str(item.error.reason),
        "x-district-id": item.error.district_id,
        "traceparent": context_of(item.delivery),
    }
    return Message(
        DEAD_LETTER_EXCHANGE,
        item.delivery.routing_key,
        item.delivery.body,
        headers={name: value for name, value in headers.items() if value is not None},
    )
