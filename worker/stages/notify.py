"""Notify: alerts from their queue, kept for each channel of operations before they are acknowledged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import orjson
import structlog

from config.topology import ALERT_QUEUE
from worker.ports.broker import Consumer, Delivery
from worker.ports.deliveries import Deliveries, Heard
from worker.stages.subscribing import KeptSubscription, context_of
from worker.tracing import NO_TRACES, Tracer, link_all

BATCH: Final = 100
TAKE_SECONDS: Final = 1.0


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
