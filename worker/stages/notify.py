"""Notify: alerts from their queue to each channel of operations.

An alert is kept for each channel before it is acknowledged. Each channel then has a loop of its own, so that
one that is away delays no other, and takes its alerts in the order of each incident. A kill between a
delivery and its mark delivers once more; nothing is skipped.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import inf
from typing import Final

import orjson
import structlog

from config.topology import ALERT_QUEUE
from worker.errors import ChannelFailed
from worker.metrics import Metrics
from worker.ports.broker import Consumer, Delivery
from worker.ports.channel import Channel
from worker.ports.deliveries import Deliveries, Due, Heard
from worker.stages.subscribing import KeptSubscription, context_of
from worker.tracing import NO_TRACES, Tracer, Value, link_all

BATCH: Final = 100
TAKE_SECONDS: Final = 1.0
REFRESHED_AT_ONCE: Final = 500
REFRESH_LOOKS: Final = 6
"""How often to look, within the time after which a channel is told again, whether it is time."""
LOOK_SECONDS: Final = 1.0
FIRST_RETRY: Final = 1.0
LONGEST_RETRY: Final = 30.0
"""Seconds between two attempts: a channel that is back after a night hears of it within half a minute."""


@dataclass(slots=True)
class NotifyStage:
    """Takes alerts from the queue and keeps them for every channel."""

    consumer: Consumer
    deliveries: Deliveries
    channels: Sequence[str]
    tracer: Tracer = NO_TRACES
    name: str = "notify"
    _kept: KeptSubscription = field(init=False)

    def __post_init__(self) -> None:
        self._kept = KeptSubscription(self.consumer, ALERT_QUEUE, BATCH, self.deliveries.ping)

    async def once(self) -> bool:
        """Keep what is at hand, then acknowledge it. Raises `BrokerUnavailable` and `StoreUnavailable`."""
        try:
            subscription = await self._kept.get()
            taken = await subscription.take(BATCH, TAKE_SECONDS)
            if taken:
                with self.tracer.span("notify", kind="consumer", messages=len(taken)) as span:
                    link_all(span, map(context_of, taken))
                    alerts = [alert for alert in map(heard, taken) if alert is not None]
                    await self.deliveries.store(self.channels, alerts)
                    await subscription.acknowledge(taken[-1].tag)
        except BaseException:
            await self.close()
            raise
        return True

    async def wait(self) -> None:
        """Never wait: `once` does, on the subscription."""

    async def close(self) -> None:
        """Give up the subscription; what is not acknowledged goes back to the queue."""
        await self._kept.close()


@dataclass(slots=True)
class DeliverStage:
    """Delivers what waits for one channel."""

    channel: Channel
    deliveries: Deliveries
    metrics: Metrics
    give_up: timedelta
    lease: timedelta
    """Longer than an attempt takes."""
    tracer: Tracer = NO_TRACES
    name: str = "deliver"
    _looked_at: float = -inf

    async def once(self) -> bool:
        """Try what is due; return whether anything was. A channel that fails raises nothing here."""
        due = await self.deliveries.take(self.channel.name, self.channel.at_once, self.lease)
        if due:
            outcomes = await asyncio.gather(*map(self._deliver, due), return_exceptions=True)
            for outcome in outcomes:
                if outcome is not None:
                    raise outcome
            return True
        return await self._refresh()

    async def wait(self) -> None:
        """Return when there may be something to deliver."""
        await self.deliveries.wait(self.channel.name, LOOK_SECONDS)

    async def _deliver(self, due: Due) -> None:
        names: dict[str, Value] = {
            "channel": self.channel.name,
            "alert_id": due.alert_id,
            "attempts": due.attempts,
        }
        with self.tracer.span("deliver", kind="client", parent=due.trace_parent, **names) as span:
            try:
                await self.channel.send([due.body])
            except ChannelFailed as error:
                span.failed(error)
                await self._put_off(due, str(error))
                return
            await self.deliveries.delivered(due)
            self.metrics.alerts_delivered.labels(self.channel.kind).inc()
            seconds = round(due.age.total_seconds(), 3)
            structlog.get_logger().info("alert.delivered", stage=self.name, **names, seconds=seconds)

    async def _put_off(self, due: Due, problem: str) -> None:
        is_dead = await self.deliveries.failed(due, problem, retry_after(due.attempts), self.give_up)
        self.metrics.alert_delivery_failures.labels(self.channel.kind).inc()
        structlog.get_logger().log(
            _ERROR if is_dead else _WARNING,
            "alert.given_up" if is_dead else "alert.waiting",
            stage=self.name,
            channel=self.channel.name,
            alert_id=due.alert_id,
            attempts=due.attempts,
            reason=problem,
        )

    async def _refresh(self) -> bool:
        """Tell the channel again of what stands, where it would forget."""
        every = self.channel.refresh_every
        if every is None or time.monotonic() - self._looked_at < every.total_seconds() / REFRESH_LOOKS:
            return False
        self._looked_at = time.monotonic()
        since = await self.deliveries.now()
        standing = await self.deliveries.refresh(self.channel.name, every, REFRESHED_AT_ONCE)
        if not standing:
            return False
        try:
            await self.channel.send([each.body for each in standing])
        except ChannelFailed as error:
            structlog.get_logger().warning(
                "alert.not_refreshed", stage=self.name, channel=self.channel.name, reason=str(error)
            )
        await self.deliveries.refreshed(self.channel.name, [each.dedup_key for each in standing], since)
        return True


_WARNING: Final = 30
_ERROR: Final = 40


def heard(delivery: Delivery) -> Heard | None:
    """Read an alert; None, and a warning, where it is none: what nobody can read must hold up no other."""
    try:
        body = orjson.loads(delivery.body)
        return Heard(
            str(body["alert_id"]),
            str(body["dedup_key"]),
            str(body["status"]),
            datetime.fromisoformat(body["starts_at"]),
            delivery.body.decode(),
            context_of(delivery),
        )
    except (ValueError, TypeError, KeyError) as error:
        structlog.get_logger().warning("alert.unreadable", stage="notify", reason=type(error).__name__)
        return None


def retry_after(attempts: int) -> timedelta:
    """Return how long to wait after so many attempts: twice as long each time, with jitter."""
    longest = min(FIRST_RETRY * 2 ** min(attempts - 1, 10), LONGEST_RETRY)
    return timedelta(seconds=longest * random.uniform(0.5, 1))  # noqa: S311 — jitter is no secret
