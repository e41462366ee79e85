"""RabbitMQ behind the broker port.

The model, in four sentences. Every subscription has a connection of its own and all publishing shares one
more, because an alarm makes the broker stop reading the connections that publish, acknowledgements
included. A connection is a `BrokerLink` (`link.py`, beside this): when anything about it breaks it is
lost for good, and every waiter gets `BrokerUnavailable`. Publishing opens a new link at the next publish;
a subscription ends, and the stage that held it subscribes again after a pause. Nothing is ever resumed
behind the caller's back: what was taken and not acknowledged comes again, what was not confirmed is
published again.

Numbers such as aio-pika#636 name the public issue that a line answers to.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import aio_pika
from aio_pika.exceptions import ChannelNotFoundEntity, DeliveryError, PublishError

from config.topology import TOPOLOGY, Topology
from worker.adapters.rabbitmq import rights as rabbitmq_rights
from worker.adapters.rabbitmq import topology as rabbitmq_topology
from worker.adapters.rabbitmq.link import Address, BrokerLink, quiet_client_loggers, translated
from worker.adapters.rabbitmq.rights import NO_RIGHTS, Rights
from worker.adapters.rabbitmq.subscription import RabbitSubscription
from worker.messaging.broker import Message, Subscription
from worker.runtime.errors import BrokerRefused, BrokerUnavailable, SettingsError, UnroutableMessage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from pamqp.commands import Queue

FAILURE_SECONDS: Final = 30.0
"""How long a failed publish speaks against the broker's health."""
PUBLISHING: Final = "publish"
REFUSALS: Final = 3
"""Times that a broker has to refuse us before that is taken for final, where something starts."""
REFUSAL_SECONDS: Final = 1.0


class RabbitBroker:
    """A RabbitMQ broker (3.10 or newer); connects when first used.

    `name` is shown in the broker's list of connections. `heartbeat` is in seconds: aiormq gives up a silent
    connection after three, and RabbitMQ advises 5 to 20. `publish_timeout` bounds a publish from call to
    confirm, connecting included; giving up the connection of one that failed takes at most
    `rabbitmq_link.CLOSE_SECONDS` more.
    """

    def __init__(
        self,
        url: str,
        *,
        name: str,
        heartbeat: int = 15,
        publish_timeout: float = 10.0,
        connect_timeout: float = 10.0,
    ) -> None:
        quiet_client_loggers()
        self._address = Address(url)
        self._name = name
        self._heartbeat = heartbeat
        self._publish_timeout = publish_timeout
        self._connect_timeout = connect_timeout
        self._publishing: BrokerLink | None = None
        self._looking: BrokerLink | None = None
        self._opening = asyncio.Lock()
        self._links: set[BrokerLink] = set()
        self._down: set[str] = set()
        self._publish_failed_at: float | None = None
        self._closed = False
        self.uncompared: list[str] = []
        """Names of exchanges and queues whose arguments the last check could not compare."""
        self.blocked = False
        """Whether the last publish timed out because the broker is blocking publishers (an alarm)."""

    async def publish(self, message: Message) -> None:
        """Publish and wait for the confirm; see `worker.messaging.broker.Publisher.publish`."""
        link: BrokerLink | None = None
        try:
            with translated("cannot publish"):
                # aio-pika's own `timeout` does not cover waiting for a connection (aio-pika#636, #556).
                async with asyncio.timeout(self._publish_timeout):
                    link = await self._publishing_link()
                    await self._publish_on(link, message)
        except _Refused:
            raise
        except BrokerUnavailable as error:
            self._publish_failed_at = time.monotonic()
            # Of many that time out together only the first still finds the link to ask.
            if link is None or link.lost is None:
                self.blocked = link is not None and await link.blocked()
            await self._discard(link)
            if self.blocked:
                raise BrokerUnavailable("the broker is blocking publishers (memory or disk alarm)") from error
            raise
        self._publish_failed_at = None
        self.blocked = False

    @asynccontextmanager
    async def subscribe(self, queue: str, *, prefetch: int) -> AsyncIterator[Subscription]:
        """Consume `queue`; see `worker.messaging.broker.Consumer.subscribe`."""
        role = f"consume {queue}"
        self._down.add(role)
        link = await self._open(role)
        try:
            subscription = RabbitSubscription(link, queue, self._publish_timeout)
            await subscription.start(prefetch, self._connect_timeout)
            self._down.discard(role)
            link.on_loss(lambda: self._down.add(role))
            try:
                yield subscription
            finally:
                await subscription.give_back()
        finally:
            was_lost = link.lost is not None
            await self._discard(link)
            if not was_lost:
                self._down.discard(role)

    async def depth(self, queue: str) -> int | None:
        """Return how many messages wait in `queue`; raises `BrokerUnavailable`."""
        return (await self._look_at(queue)).message_count

    async def has_consumer(self, queue: str) -> bool:
        """Return whether anybody consumes `queue`; raises `BrokerUnavailable`."""
        return bool((await self._look_at(queue)).consumer_count)

    async def _look_at(self, queue: str) -> Queue.DeclareOk:
        link: BrokerLink | None = None
        try:
            with translated(f"cannot look at {queue}"):
                async with asyncio.timeout(self._connect_timeout):
                    link = await self._looking_link()
                    return await link.transport.queue_declare(queue, passive=True)
        except ChannelNotFoundEntity as error:
            await self._discard(link)
            raise BrokerUnavailable(f"queue {queue} is missing") from error
        except BrokerUnavailable:
            await self._discard(link)
            raise

    async def check_topology(self, topology: Topology = TOPOLOGY, rights: Rights = NO_RIGHTS) -> None:
        """Raise `TopologyError` at the first exchange or queue that is missing or declared differently.

        The same where a right of `rights` is missing; `SettingsError` where the broker does not let us in.
        What could not be compared, since our user may not configure it, is named in `uncompared`.
        """
        link = await self._opened_for_good("check topology")
        try:
            with translated("cannot check the topology"):
                async with asyncio.timeout(self._connect_timeout):
                    self.uncompared = await rabbitmq_topology.check(link, topology)
                await rabbitmq_rights.check(link.another_channel, rights)
        finally:
            await self._discard(link)

    async def _opened_for_good(self, role: str) -> BrokerLink:
        """Open a link; raises `SettingsError` where the broker refuses us several times in a row.

        One that has just been started may not know its users yet.
        """
        for _ in range(REFUSALS - 1):
            try:
                return await self._open(role)
            except BrokerRefused:
                await asyncio.sleep(REFUSAL_SECONDS)
        try:
            return await self._open(role)
        except BrokerRefused as error:
            raise SettingsError(f"ROSTERING_BROKER_URL: {error}") from error

    async def declare_topology(self, topology: Topology = TOPOLOGY) -> bool:
        """Create what is missing; raises `TopologyError` where something exists with other arguments.

        Returns False where everything is there already and our user may create nothing.
        """
        link = await self._opened_for_good("declare topology")
        try:
            with translated("cannot declare the topology"):
                async with asyncio.timeout(self._connect_timeout):
                    return await rabbitmq_topology.declare(link, topology)
        finally:
            await self._discard(link)

    @asynccontextmanager
    async def link(self, role: str) -> AsyncIterator[BrokerLink]:
        """Lend a connection of its own while the context is open; raises `BrokerUnavailable`."""
        link = await self._open(role)
        try:
            yield link
        finally:
            await self._discard(link)

    def healthy(self) -> bool:
        """Whether no subscription is lost, and the last publish, if any, did not fail for want of a broker.

        A publishing connection that breaks while idle does not count: the next publish opens another.
        """
        failed_at = self._publish_failed_at
        # Whoever has something to publish tries again within seconds; without news the failure is over, or
        # another process has taken the messages.
        cannot_publish = failed_at is not None and time.monotonic() - failed_at < FAILURE_SECONDS
        return not self._closed and not self._down and not cannot_publish

    async def close(self) -> None:
        """Close every connection, each within a few seconds; may be repeated."""
        self._closed = True
        self._publishing = self._looking = None
        links, self._links = self._links, set()
        await asyncio.gather(*(link.close() for link in links))

    async def _publish_on(self, link: BrokerLink, message: Message) -> None:
        exchange = await link.channel.get_exchange(message.exchange, ensure=False)
        try:
            await exchange.publish(_outgoing(message), message.routing_key, mandatory=True)
        except PublishError as error:
            raise UnroutableMessage(
                f"no queue is bound to exchange {message.exchange} for {message.routing_key}"
            ) from error
        except DeliveryError as error:
            raise _Refused(f"the broker refused a message to exchange {message.exchange}") from error

    async def _publishing_link(self) -> BrokerLink:
        """Return the one link kept open: a channel for each publish is slow and leaks (aio-pika#490)."""
        async with self._opening:
            if self._publishing is None or self._publishing.lost is not None:
                await self._discard(self._publishing)
                self._publishing = await self._open(PUBLISHING, confirms=True)
            return self._publishing

    async def _looking_link(self) -> BrokerLink:
        """Return the link on which queues are looked at: a queue that is missing costs the channel."""
        async with self._opening:
            if self._looking is None or self._looking.lost is not None:
                await self._discard(self._looking)
                self._looking = await self._open("look")
            return self._looking

    async def _open(self, role: str, *, confirms: bool = False) -> BrokerLink:
        if self._closed:
            raise BrokerUnavailable("the broker was closed by us")
        link = await BrokerLink.open(
            self._address,
            name=f"{self._name} {role}",
            heartbeat=self._heartbeat,
            within=self._connect_timeout,
            confirms=confirms,
        )
        self._links.add(link)
        if self._closed:
            await self._discard(link)
            raise BrokerUnavailable("the broker was closed by us")
        return link

    async def _discard(self, link: BrokerLink | None) -> None:
        if link is None:
            return
        if self._publishing is link:
            self._publishing = None
        if self._looking is link:
            self._looking = None
        self._links.discard(link)
        await link.close()


class _Refused(BrokerUnavailable):
    """A nack: the queue is full, or a replica is away. The link itself is sound."""


def _outgoing(message: Message) -> aio_pika.Message:
    """Dress the message for AMQP, with what makes it survive and be told apart."""
    return aio_pika.Message(
        message.body,
        headers=dict(message.headers),
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        # aiormq finds the publish that a return belongs to by message id. The same id twice in flight
        # leaves the first waiting for ever (aio-pika#689), so every attempt has its own.
        message_id=str(uuid.uuid4()),
        type=message.type,
        timestamp=datetime.now(UTC),
    )
