"""A broker inside this process, behind the same port as RabbitMQ: exchanges and queues in memory.

Memory forgets in a crash, so nothing may rest here. A publish therefore returns only when every copy of
the message was acknowledged by a subscriber or written by the queue's sink: whoever published still holds
the message until then, and a crash loses nothing. In all else a queue behaves as one of RabbitMQ's: topic
patterns, order, at most `prefetch` unacknowledged deliveries a subscription, and what was not acknowledged
goes back to its place when the subscription ends.
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from config.topology import IN_PROCESS, Topology
from worker.messaging.broker import Delivery, Message, Subscription
from worker.runtime.errors import BrokerUnavailable, TopologyError, UnroutableMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Mapping

NO_SINKS: Final[Mapping[str, Sink]] = MappingProxyType({})
CLOSED: Final = "the broker was closed by us"


class Sink(Protocol):
    """Takes a queue's messages in place of a subscriber."""

    async def append(self, message: Message) -> None:
        """Return once the message is safe; raises `BrokerUnavailable`."""


class InProcessBroker:
    """Exchanges and queues as `topology` has them; a queue named in `sinks` gives its messages there.

    `publish_timeout`, in seconds, bounds the wait for acknowledgement (the message stays in its queues, as it
    would in RabbitMQ); without it a publish waits for as long as there is no subscriber.
    """

    def __init__(
        self,
        topology: Topology = IN_PROCESS,
        *,
        sinks: Mapping[str, Sink] = NO_SINKS,
        publish_timeout: float | None = None,
    ) -> None:
        self._to_subscribers = {queue.name for queue in topology.queues} - set(sinks)
        self._topology = topology
        self._sinks = sinks
        self._publish_timeout = publish_timeout
        self._queues = {queue.name: _Queue() for queue in topology.queues}
        self._positions = 0
        self._closed = False

    async def publish(self, message: Message) -> None:
        """Return once every copy is acknowledged or written; see `Publisher.publish`."""
        self._raise_if_closed()
        queues = self._route(message)
        if not queues:
            raise UnroutableMessage(
                f"no queue is bound to exchange {message.exchange} for {message.routing_key}"
            )
        # Every copy is in its queue before the first wait, so that queues hold what was published in order.
        kept = [self._put(name, message) for name in queues if name in self._to_subscribers]
        try:
            async with asyncio.timeout(self._publish_timeout):
                for name in queues:
                    if name in self._sinks:
                        await self._sinks[name].append(message)
                for acknowledged in kept:
                    await acknowledged.wait()
        except TimeoutError as error:
            raise BrokerUnavailable("the message was not acknowledged in time") from error
        self._raise_if_closed()

    @asynccontextmanager
    async def subscribe(self, queue: str, *, prefetch: int) -> AsyncIterator[Subscription]:
        """Consume `queue`; see `worker.messaging.broker.Consumer.subscribe`."""
        self._raise_if_closed()
        if queue not in self._queues:
            raise TopologyError(f"queue {queue} is missing: it is not in the topology")
        subscription = InProcessSubscription(self._queues[queue], prefetch, partial(self._aside, queue))
        try:
            yield subscription
        finally:
            subscription.end()

    async def depth(self, queue: str) -> int | None:
        """Return how many messages wait; None where a sink takes them."""
        self._raise_if_closed()
        if queue not in self._queues:
            raise BrokerUnavailable(f"queue {queue} is missing")
        return len(self._queues[queue].waiting) if queue in self._to_subscribers else None

    async def check_topology(self) -> None:
        """Nothing to compare: the topology is what this broker was made from."""

    def healthy(self) -> bool:
        """Whether it was not closed."""
        return not self._closed

    async def close(self) -> None:
        """End every subscription and every publish still waiting, with `BrokerUnavailable`."""
        self._closed = True
        for queue in self._queues.values():
            queue.close()

    async def _aside(self, queue: str, message: Message) -> None:
        """Publish what was rejected to its queue's dead-letter exchange, where it has one."""
        declared = next(each for each in self._topology.queues if each.name == queue)
        exchange = declared.arguments.get("x-dead-letter-exchange")
        if exchange is not None:
            headers = {**message.headers, "x-reason": "rejected"}
            await self.publish(replace(message, exchange=str(exchange), headers=headers))

    def _route(self, message: Message) -> list[str]:
        if message.exchange not in {exchange.name for exchange in self._topology.exchanges}:
            raise BrokerUnavailable(f"cannot publish: there is no exchange {message.exchange}")
        bound = [
            binding.queue
            for binding in self._topology.bindings
            if binding.exchange == message.exchange and matches(binding.pattern, message.routing_key)
        ]
        return list(dict.fromkeys(bound))

    def _put(self, queue: str, message: Message) -> asyncio.Event:
        self._positions += 1
        copy = _Copy(self._positions, message)
        self._queues[queue].put(copy)
        return copy.settled

    def _raise_if_closed(self) -> None:
        if self._closed:
            raise BrokerUnavailable(CLOSED)


class InProcessSubscription:
    """One consumer of a queue; holds what it took until that is acknowledged."""

    def __init__(self, queue: _Queue, prefetch: int, aside: Callable[[Message], Awaitable[None]]) -> None:
        self._queue = queue
        self._prefetch = prefetch
        self._aside = aside
        self._earlier: set[int] = set()
        self._tag = 0
        self._unacknowledged: dict[int, _Copy] = {}
        self.news = asyncio.Event()
        self.open = True
        queue.subscriptions.append(self)

    async def take(self, limit: int, wait: float, max_bytes: int | None = None) -> list[Delivery]:
        """See `worker.messaging.broker.Subscription.take`."""
        self._raise_if_ended()
        with suppress(TimeoutError):
            async with asyncio.timeout(wait):
                while True:
                    self._raise_if_ended()
                    if taken := self._take_at_hand(limit, max_bytes):
                        return taken
                    self.news.clear()
                    await self.news.wait()
        return []

    async def acknowledge(self, tag: int) -> None:
        """Acknowledge all up to `tag`; raises `BrokerUnavailable`."""
        self._raise_if_ended()
        for earlier in [each for each in self._unacknowledged if each <= tag]:
            self._unacknowledged.pop(earlier).settled.set()
        self.news.set()  # there is room for more

    async def acknowledge_each(self, tags: Collection[int]) -> None:
        """Acknowledge these; raises `BrokerUnavailable`."""
        self._raise_if_ended()
        for tag in tags:
            if (copy := self._unacknowledged.pop(tag, None)) is not None:
                copy.settled.set()
        self.news.set()

    async def reject(self, tag: int, *, requeue: bool = False) -> None:
        """Put one with the dead letters, or back into its place; raises `BrokerUnavailable`."""
        self._raise_if_ended()
        copy = self._unacknowledged[tag]
        if requeue:
            self._queue.put_back([copy])
        else:
            await self._aside(copy.message)
            copy.settled.set()
        self._unacknowledged.pop(tag, None)
        self.news.set()

    async def set_prefetch(self, prefetch: int) -> None:
        """Have so many further ones out, beside those that are; raises `BrokerUnavailable`."""
        self._raise_if_ended()
        self._prefetch = prefetch
        self._earlier = set(self._unacknowledged)
        self.news.set()

    def end(self) -> None:
        """Give back what is not acknowledged, to its place in the queue."""
        if self.open:
            self.open = False
            self._queue.subscriptions.remove(self)
            self._queue.put_back(self._unacknowledged.values())
            self._unacknowledged = {}
            self.news.set()

    def _take_at_hand(self, limit: int, max_bytes: int | None) -> list[Delivery]:
        room = self._prefetch - len(self._unacknowledged.keys() - self._earlier)
        waiting = self._queue.waiting
        taken: list[Delivery] = []
        size = 0
        while len(taken) < min(limit, room) and waiting and (max_bytes is None or size < max_bytes):
            taken.append(self._hand_out(waiting.popleft()))
            size += len(taken[-1].body)
        return taken

    def _hand_out(self, copy: _Copy) -> Delivery:
        self._tag += 1
        self._unacknowledged[self._tag] = copy
        message = copy.message
        return Delivery(self._tag, message.routing_key, message.body, dict(message.headers))

    def _raise_if_ended(self) -> None:
        if not self.open:
            raise BrokerUnavailable("the subscription has ended")


@dataclass(slots=True)
class _Copy:
    """One message in one queue; `settled` when acknowledged, or when nobody ever will."""

    position: int
    message: Message
    settled: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class _Queue:
    waiting: deque[_Copy] = field(default_factory=deque)
    subscriptions: list[InProcessSubscription] = field(default_factory=list)

    def put(self, copy: _Copy) -> None:
        self.waiting.append(copy)
        self._wake_subscriptions()

    def put_back(self, copies: Iterable[_Copy]) -> None:
        self.waiting = deque(sorted([*copies, *self.waiting], key=lambda copy: copy.position))
        self._wake_subscriptions()

    def close(self) -> None:
        for subscription in list(self.subscriptions):
            subscription.end()
        for copy in self.waiting:
            copy.settled.set()

    def _wake_subscriptions(self) -> None:
        for subscription in self.subscriptions:
            subscription.news.set()


def matches(pattern: str, routing_key: str) -> bool:
    """Whether a topic pattern fits: words between dots, `*` for exactly one word, `#` for any number."""
    return _fits(pattern.split("."), routing_key.split(".") if routing_key else [])


def _fits(pattern: list[str], words: list[str]) -> bool:
    if not pattern:
        return not words
    first, rest = pattern[0], pattern[1:]
    if first == "#":
        return any(_fits(rest, words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and first in ("*", words[0]) and _fits(rest, words[1:])
