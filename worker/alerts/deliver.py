"""Notify: the alerts that one channel does not have yet, in the order of each incident, until it has them.

They come from the database, so that they leave while the broker is away. Each channel has a loop of its
own, so that one that is away delays no other. A kill between a delivery and its mark delivers once more;
nothing is skipped.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from datetime import timedelta
from math import inf
from typing import Final

import structlog

from worker.alerts.channel import Channel
from worker.alerts.delivery_store import Deliveries, Due
from worker.runtime import logs
from worker.runtime.errors import ChannelFailed, Unavailable
from worker.runtime.loop import BOUND_SECONDS, retry_after
from worker.runtime.metrics import Metrics
from worker.runtime.repeated_lines import Repeats
from worker.runtime.tracing import NO_TRACES, Tracer, Value

TAKEN_OVER: Final = 1000
"""Alerts, of some 1 kB each, that a channel takes over at a time."""
REFRESHED_AT_ONCE: Final = 500
REFRESH_LOOKS: Final = 6
"""How often to look, within the time after which a channel is told again, whether it is time."""
LOOK_SECONDS: Final = 1.0
FIRST_RETRY: Final = 1.0
LONGEST_RETRY: Final = 30.0
"""Seconds between two attempts: a channel that is back after a night hears of it within half a minute."""
TOLD_ATTEMPTS: Final = 3
"""Of each alert that are logged; after that a channel that is away is one line a minute."""
_WARNING: Final = 30
_ERROR: Final = 40


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
    first_retry: float = FIRST_RETRY
    """Seconds."""
    name: str = "notify"
    repeats: Repeats = field(default_factory=Repeats)
    _looked_at: float = -inf

    @property
    def bound(self) -> float:
        """Seconds that what is tried at once may take."""
        return BOUND_SECONDS + self.lease.total_seconds()

    async def once(self) -> bool:
        """Try what is due; return whether anything was. A channel that fails raises nothing here."""
        await self.deliveries.take_over(self.channel.name, TAKEN_OVER)
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
            except Unavailable:
                raise
            except Exception as error:  # noqa: BLE001 — whatever a channel may do: one alert must not hold up the others
                span.failed(error)
                structlog.get_logger().error("alert.not_sent", stage=self.name, **logs.shown(error))
                await self._put_off(due, f"not sent ({type(error).__name__})")
                return
            await self.deliveries.delivered(due)
            self.metrics.alerts_delivered.labels(self.channel.kind).inc()
            seconds = round(due.age.total_seconds(), 3)
            structlog.get_logger().info("alert.delivered", stage=self.name, **names, seconds=seconds)

    async def _put_off(self, due: Due, problem: str) -> None:
        again = retry_after(due.attempts, self.first_retry, LONGEST_RETRY)
        is_dead = await self.deliveries.failed(due, problem, again, self.give_up)
        self.metrics.alert_delivery_failures.labels(self.channel.kind).inc()
        held = 0 if is_dead or due.attempts <= TOLD_ATTEMPTS else self.repeats.passes(self.channel.name)
        if held is None:
            return
        structlog.get_logger().log(
            _ERROR if is_dead else _WARNING,
            "alert.given_up" if is_dead else "alert.waiting",
            stage=self.name,
            channel=self.channel.name,
            alert_id=due.alert_id,
            attempts=due.attempts,
            reason=problem,
            **({"repeated": held} if held else {}),
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
