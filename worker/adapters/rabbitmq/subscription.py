"""One consumer of RabbitMQ on a link of its own: what has arrived, and what is not settled yet."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from itertools import takewhile
from typing import TYPE_CHECKING, Final

from aio_pika.exceptions import ChannelNotFoundEntity

from worker.adapters.rabbitmq import topology
from worker.adapters.rabbitmq.link import BrokerLink, translated
from worker.messaging.broker import Delivery
from worker.runtime.errors import BrokerUnavailable

if TYPE_CHECKING:
    from collections.abc import Collection

    from aiormq.abc import DeliveredMessage

BYTES_AT_HAND: Final = 24 * 1024 * 1024
"""Of bodies that have arrived and are not settled: beyond that no more is read from the connection."""
GIVE_BACK_SECONDS: Final = 2.0
CHANGE_SECONDS: Final = 1.0


class RabbitSubscription:
    """One consumer on its own link. Deliveries wait here until taken.

    Prefetch bounds them by count; their bytes are bounded by the link's gate.
    """

    def __init__(self, link: BrokerLink, queue: str, timeout: float) -> None:
        self._link = link
        self._queue = queue
        self._timeout = timeout
        self._arrived: deque[Delivery] = deque()
        self._last_tag = 0
        self._sizes: dict[int, int] = {}
        """Of what is not settled, by tag and in their order."""
        self._bytes = 0
        self._consumer: str | None = None
        self._changing: asyncio.Task[None] | None = None
        self._is_over = False
        """Whether what still comes is left to the broker, which has it back when we close."""
        self._news = asyncio.Event()
        link.on_loss(self._news.set)

    async def start(self, prefetch: int, within: float) -> None:
        """Begin to consume; raises `TopologyError` for a missing queue, `BrokerUnavailable`."""
        with translated(f"cannot consume {self._queue}"):
            async with asyncio.timeout(within):
                try:
                    await self._consume(prefetch)
                except ChannelNotFoundEntity as error:
                    raise topology.missing("queue", self._queue) from error

    async def set_prefetch(self, prefetch: int) -> None:
        """Consume with another bound; see `worker.messaging.broker.Subscription.set_prefetch`.

        The broker's answer may come behind bodies that are read only once others are settled: then it is not
        waited for here.
        """
        self._link.raise_if_lost()
        before = self._changing
        self._changing = asyncio.create_task(self._change_prefetch(prefetch, before))
        await asyncio.wait({self._changing}, timeout=CHANGE_SECONDS)

    async def take(self, limit: int, wait: float, max_bytes: int | None = None) -> list[Delivery]:
        """See `worker.messaging.broker.Subscription.take`.

        What had arrived before a loss is not handed out: it can no longer be acknowledged (aio-pika#501).
        """
        if not self._arrived and self._link.lost is None and wait > 0:
            self._news.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._news.wait()
        self._link.raise_if_lost()
        taken: list[Delivery] = []
        size = 0
        while self._arrived and len(taken) < limit and (max_bytes is None or size < max_bytes):
            taken.append(self._arrived.popleft())
            size += len(taken[-1].body)
        return taken

    async def acknowledge(self, tag: int) -> None:
        """Acknowledge all up to `tag`; raises `BrokerUnavailable`."""
        await self._acknowledge(tag, multiple=True)
        self._settled(*takewhile(lambda each: each <= tag, list(self._sizes)))

    async def acknowledge_each(self, tags: Collection[int]) -> None:
        """Acknowledge these: all at once up to the first that is not among them, then one by one."""
        asked = set(tags)
        together = 0
        for tag in self._sizes:
            if tag not in asked:
                break
            together = tag
        if together:
            await self.acknowledge(together)
        for tag in sorted(tag for tag in asked if tag > together):
            await self._acknowledge(tag, multiple=False)
            self._settled(tag)

    async def reject(self, tag: int, *, requeue: bool = False) -> None:
        """Have the broker put one with the dead letters, or back; raises `BrokerUnavailable`."""
        self._link.raise_if_lost()
        with translated("cannot reject"):
            async with asyncio.timeout(self._timeout):
                # A nack, since from 4.3 on what is given back by it is not counted as a failure.
                await self._link.transport.basic_nack(tag, requeue=requeue)
        self._settled(tag)

    async def give_back(self) -> None:
        """Return what is not settled, in a manner that newer brokers (4.3) do not count as a failure.

        Older ones count each return. A lost link has returned everything by itself.
        """
        self._is_over = True
        self._arrived.clear()
        self._link.gate.set_open(is_open=True)
        if self._changing is not None:
            self._changing.cancel()
            await asyncio.wait({self._changing})
        if self._link.lost is not None or not self._last_tag:
            return
        with suppress(BrokerUnavailable), translated("cannot give back"):
            async with asyncio.timeout(GIVE_BACK_SECONDS):
                # Without a consumer, so that nothing comes back to us that would be counted when we close.
                await self._cancel()
                await self._link.transport.basic_nack(0, multiple=True, requeue=True)

    async def _change_prefetch(self, prefetch: int, before: asyncio.Task[None] | None) -> None:
        if before is not None:
            await asyncio.wait({before})
        try:
            with translated(f"cannot consume {self._queue}"):
                await self._cancel()
                await self._consume(prefetch)
        except BrokerUnavailable as error:
            self._link.lose(str(error))

    async def _consume(self, prefetch: int) -> None:
        # The bound holds for consumers made after it only (celery#9512): it comes first.
        await self._link.transport.basic_qos(prefetch_count=prefetch)
        answer = await self._link.transport.basic_consume(self._queue, self._deliver)
        self._consumer = answer.consumer_tag

    async def _cancel(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            await self._link.transport.basic_cancel(consumer)

    async def _acknowledge(self, tag: int, *, multiple: bool) -> None:
        self._link.raise_if_lost()
        with translated("cannot acknowledge"):
            async with asyncio.timeout(self._timeout):
                await self._link.transport.basic_ack(tag, multiple=multiple)

    def _settled(self, *tags: int) -> None:
        self._bytes -= sum(self._sizes.pop(tag, 0) for tag in tags)
        self._link.gate.set_open(is_open=self._bytes < BYTES_AT_HAND)

    async def _deliver(self, message: DeliveredMessage) -> None:
        """Append, and never wait for anything: aiormq runs each delivery as a task of its own.

        Tasks start in the order they were made, so order holds as long as this does not let go. It is too
        costly to lose unnoticed - acknowledging is cumulative - hence the check.
        """
        tag = message.delivery_tag
        if tag is None or tag != self._last_tag + 1:
            self._link.lose(f"delivery {tag} came after delivery {self._last_tag}")
            return
        self._last_tag = tag
        if self._is_over or self._link.lost is not None:
            return
        headers = dict(message.header.properties.headers or {})
        self._arrived.append(Delivery(tag, message.routing_key or "", message.body, headers))
        self._sizes[tag] = len(message.body)
        self._bytes += len(message.body)
        self._link.gate.set_open(is_open=self._bytes < BYTES_AT_HAND)
        self._news.set()
