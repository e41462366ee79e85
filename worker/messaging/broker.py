"""The broker, as the stages see it: take deliveries and acknowledge them; publish and know that it was kept.

`worker.adapters.rabbitmq.broker` and `worker.adapters.inprocess.broker` both answer to these, and
`tests/contract/test_broker.py` holds them to the same behaviour.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

HeaderValue: TypeAlias = str | int | None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to publish. It leaves persistent, mandatory and confirmed, with a fresh message id."""

    exchange: str
    routing_key: str
    body: bytes
    type: str | None = None
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message handed to us. `tag` orders the deliveries of one subscription, from 1."""

    tag: int
    routing_key: str
    body: bytes
    headers: Mapping[str, object]

    @property
    def returns(self) -> int:
        """How often it was delivered before and not settled, as far as the broker tells."""
        count = self.headers.get("x-delivery-count")
        return count if isinstance(count, int) else 0


class Subscription(Protocol):
    """One consumer on one queue, in the queue's order."""

    async def take(self, limit: int, wait: float, max_bytes: int | None = None) -> list[Delivery]:
        """Wait up to `wait` seconds for a delivery, then return all at hand, at most `limit`.

        With `max_bytes` no further one is returned once the bodies have so many together: at least one is.
        Returns an empty list when nothing came. Raises `BrokerUnavailable` once the consumer is gone
        for whatever reason (connection, channel, cancelled by the broker); what was taken and not
        acknowledged is delivered again to somebody.
        """

    async def acknowledge(self, tag: int) -> None:
        """Acknowledge every delivery up to and including `tag`; raises `BrokerUnavailable`."""

    async def acknowledge_each(self, tags: Collection[int]) -> None:
        """Acknowledge these deliveries and no others; raises `BrokerUnavailable`."""

    async def reject(self, tag: int, *, requeue: bool = False) -> None:
        """Give one delivery to the queue's own dead-letter exchange, or back to the queue.

        Raises `BrokerUnavailable`.
        """

    async def set_prefetch(self, prefetch: int) -> None:
        """Have at most so many further deliveries out unacknowledged; raises `BrokerUnavailable`."""


class Consumer(Protocol):
    """Where subscriptions come from."""

    def subscribe(self, queue: str, *, prefetch: int) -> AbstractAsyncContextManager[Subscription]:
        """Consume `queue` while the context is open, with at most `prefetch` unacknowledged deliveries.

        Entering raises `BrokerUnavailable`, or `TopologyError` where the queue does not exist.
        Leaving gives everything unacknowledged back to its place in the queue.
        """


class Publisher(Protocol):
    """Where messages leave."""

    async def publish(self, message: Message) -> None:
        """Return once the broker has the message safe (in-process: once it was acknowledged or written).

        Raises `BrokerUnavailable` when that is not known within the publishing time limit (it may or
        may not have arrived: publish it again), and `UnroutableMessage` when no queue is bound for it.
        """


class Depths(Protocol):
    """How full queues are."""

    async def depth(self, queue: str) -> int | None:
        """Return how many messages wait in `queue`; None where they are not kept there but written to a file.

        Raises `BrokerUnavailable`.
        """


class Broker(Consumer, Publisher, Depths, Protocol):
    """Both, opened and closed by the composition root."""

    async def check_topology(self) -> None:
        """Raise `TopologyError`, one line, where something is missing or declared with other arguments."""

    def healthy(self) -> bool:
        """Whether the connections in use are up; a broker not used yet counts as healthy."""

    async def close(self) -> None:
        """Close every connection; may be called twice, or before anything was opened."""
