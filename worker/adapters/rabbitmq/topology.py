"""Compare the exchanges and queues on a RabbitMQ with config/topology.py, or create them.

Workers check and never declare: a queue that is created again, empty, hides that somebody deleted it, and
arguments that an operator changed would fail every reconnection. Looking goes first, with passive
declarations, which create nothing and need no right; only when everything is there does an active declaration
with our arguments ask the broker whether they are the same (it answers 406 with the one that differs). A user
who may configure nothing is not answered (403): then what is there is not compared, and that is told.

AMQP cannot list bindings. One that is missing shows as `UnroutableMessage` at the first publish.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aio_pika.exceptions import ChannelNotFoundEntity, ChannelPreconditionFailed
from aiormq.exceptions import ChannelAccessRefused

from config.topology import Exchange
from worker.runtime.errors import TopologyError

if TYPE_CHECKING:
    from aiormq.abc import AbstractChannel

    from config.topology import Queue, Topology
    from worker.adapters.rabbitmq.link import BrokerLink


async def check(link: BrokerLink, topology: Topology) -> list[str]:
    """Raise `TopologyError` for the first thing that is missing, or else that differs.

    Returns the names of what our user may not configure, and so could not be compared.
    """
    await _find(link.transport, topology)
    uncompared: list[str] = []
    everything: list[Exchange | Queue] = [*topology.exchanges, *topology.queues]
    for each in everything:
        async with link.another_channel() as channel:
            try:
                if isinstance(each, Exchange):
                    await _declare_exchange(channel, each)
                else:
                    await _declare_queue(channel, each)
            except ChannelAccessRefused:
                uncompared.append(each.name)
    return uncompared


async def declare(link: BrokerLink, topology: Topology) -> bool:
    """Create everything, bindings included; raises `TopologyError` for the first thing that differs.

    Returns False where our user may create nothing and every exchange and queue is there already; where one
    is missing, that raises too.
    """
    try:
        async with link.another_channel() as channel:
            await _declare(channel, topology)
            for binding in topology.bindings:
                await channel.queue_bind(binding.queue, binding.exchange, binding.pattern)
    except ChannelAccessRefused as error:
        try:
            await _find(link.transport, topology)
        except TopologyError as missing_one:
            raise TopologyError(
                f"{missing_one}, as a user who may configure it, write to the queues and read from the "
                "exchanges: the current user may not"
            ) from error
        return False
    return True


async def _find(channel: AbstractChannel, topology: Topology) -> None:
    for exchange in topology.exchanges:
        await _find_exchange(channel, exchange)
    for queue in topology.queues:
        await _find_queue(channel, queue)


def missing(kind: str, name: str) -> TopologyError:
    """Say that an exchange or queue is not there, and what to do."""
    return TopologyError(f"{kind} {name} is missing: run `rostering topology declare`")


async def _declare(channel: AbstractChannel, topology: Topology) -> None:
    for exchange in topology.exchanges:
        await _declare_exchange(channel, exchange)
    for queue in topology.queues:
        await _declare_queue(channel, queue)


async def _find_exchange(channel: AbstractChannel, exchange: Exchange) -> None:
    try:
        await channel.exchange_declare(exchange.name, passive=True)
    except ChannelNotFoundEntity as error:
        raise missing("exchange", exchange.name) from error


async def _find_queue(channel: AbstractChannel, queue: Queue) -> None:
    try:
        await channel.queue_declare(queue.name, passive=True)
    except ChannelNotFoundEntity as error:
        raise missing("queue", queue.name) from error


async def _declare_exchange(channel: AbstractChannel, exchange: Exchange) -> None:
    try:
        await channel.exchange_declare(exchange.name, exchange_type="topic", durable=True)
    except ChannelPreconditionFailed as error:
        raise _differs("exchange", exchange.name, error, "a durable topic exchange") from error


async def _declare_queue(channel: AbstractChannel, queue: Queue) -> None:
    try:
        await channel.queue_declare(queue.name, durable=True, arguments=dict(queue.arguments))
    except ChannelPreconditionFailed as error:
        wanted = ", ".join(f"{name}={value}" for name, value in queue.arguments.items())
        raise _differs("queue", queue.name, error, f"durable with {wanted}") from error


def _differs(kind: str, name: str, error: ChannelPreconditionFailed, wanted: str) -> TopologyError:
    said = " ".join(str(part) for part in error.args).removeprefix("PRECONDITION_FAILED - ")
    return TopologyError(f"{kind} {name} differs ({said}): delete it or declare it as {wanted}")
