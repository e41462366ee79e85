"""What stages that consume share: a subscription that is kept, and the trace context of a message."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass

import structlog

from worker import telemetry
from worker.domain.trace_context import read_trace_parent
from worker.ports.broker import Consumer, Delivery, Subscription


@dataclass(slots=True)
class KeptSubscription:
    """A subscription to one queue. `ready` is asked first, and raises where nothing could be stored now."""

    consumer: Consumer
    queue: str
    prefetch: int
    ready: Callable[[], Awaitable[None]]
    _context: AbstractAsyncContextManager[Subscription] | None = None
    _subscription: Subscription | None = None

    @property
    def is_open(self) -> bool:
        """Whether there is a subscription."""
        return self._subscription is not None

    async def get(self) -> Subscription:
        """Return the subscription; raises what `ready` does, or `BrokerUnavailable`.

        `ready` comes first since a message that is taken and given back counts against its delivery limit,
        and would after twenty times be given up by the broker.
        """
        if self._subscription is None:
            await self.ready()
            context = self.consumer.subscribe(self.queue, prefetch=self.prefetch)
            self._subscription = await context.__aenter__()
            self._context = context
        return self._subscription

    async def close(self) -> None:
        """Give it up; what is not acknowledged goes back to the queue. May be called twice."""
        context, self._context, self._subscription = self._context, None, None
        if context is not None:
            try:
                await context.__aexit__(None, None, None)
            except Exception as error:  # noqa: BLE001 — it is given up either way; why it was is what counts
                structlog.get_logger().warning("subscription.not_closed", **telemetry.shown(error))


def context_of(delivery: Delivery) -> str | None:
    """Return the trace context that a message came with; one that is not well-formed is none."""
    return read_trace_parent(delivery.headers.get("traceparent"))
