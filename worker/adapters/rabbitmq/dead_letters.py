"""Dead letters on RabbitMQ: got one by one, kept unacknowledged, and put back by giving up the connection.

The one consumer of a queue that is always empty, which goes with its connection, is who has the letters: two
people who each held half of them would each see half. (An exclusive queue would need a right to configure.)
Getting a letter and giving it back counts as a delivery where the broker is older than 4.3; the queue's limit
is a million of them (config/topology.py).
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from aio_pika.exceptions import ChannelNotFoundEntity
from pamqp.commands import Basic

from config.topology import DEAD_LETTER_CLAIM_QUEUE, DEAD_LETTER_QUEUE
from schemas import attribution
from worker.adapters.rabbitmq import topology
from worker.adapters.rabbitmq.link import BrokerLink, translated
from worker.messaging.dead_letters import DeadLetter, OpenLetters
from worker.runtime.errors import BrokerUnavailable, DeadLettersBusy

if TYPE_CHECKING:
    from aiormq.abc import DeliveredMessage

    from worker.adapters.rabbitmq.broker import RabbitBroker

ROLE: Final = "dead letters"
ANSWER_SECONDS: Final = 10.0
PATIENCE_SECONDS: Final = 15.0
PAUSE_SECONDS: Final = 0.4
RETURN_SECONDS: Final = 2.0
"""For the broker to have put back what was given back; it does, later, all the same."""
UNKNOWN: Final = "unknown"


class RabbitDeadLetters:
    """Answers to `worker.messaging.dead_letters.DeadLetters`."""

    def __init__(self, broker: RabbitBroker, patience: float = PATIENCE_SECONDS) -> None:
        self._broker = broker
        self._patience = patience

    @asynccontextmanager
    async def open(self) -> AsyncIterator[OpenLetters]:
        """Have the dead letters while the context is open; see the port."""
        end = asyncio.get_running_loop().time() + self._patience
        while True:
            async with self._broker.link(ROLE) as link:
                if await _claimed(link):
                    letters = RabbitLetters(link)
                    await letters.waiting()
                    try:
                        yield letters
                    finally:
                        await letters.give_back()
                    return
            if asyncio.get_running_loop().time() >= end:
                raise DeadLettersBusy("the dead letters are in use: try again in a moment")
            await asyncio.sleep(PAUSE_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311 — two must not stay in step


class RabbitLetters:
    """The dead letters on one connection; `place` is a delivery tag."""

    def __init__(self, link: BrokerLink) -> None:
        self._link = link
        self._held = 0

    async def read(self, limit: int) -> AsyncIterator[DeadLetter]:
        """Yield the oldest letters in their order; see the port."""
        for _ in range(limit):
            message = await self._get()
            if message is None:
                return
            self._held += 1
            yield _letter(message)

    async def remove(self, letter: DeadLetter) -> None:
        """Take one that was read away, for good."""
        self._link.raise_if_lost()
        with translated("cannot remove a dead letter"):
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._link.transport.basic_ack(letter.place)
        self._held -= 1

    async def waiting(self) -> int:
        """Return how many letters there are beside those that were read."""
        self._link.raise_if_lost()
        with translated("cannot count the dead letters"):
            async with asyncio.timeout(ANSWER_SECONDS):
                try:
                    told = await self._link.transport.queue_declare(DEAD_LETTER_QUEUE, passive=True)
                except ChannelNotFoundEntity as error:
                    raise topology.missing("queue", DEAD_LETTER_QUEUE) from error
        return int(told.message_count or 0)

    async def give_back(self) -> None:
        """Put back what was read, before anybody else may look; a lost connection has done so already."""
        if not self._held or self._link.lost is not None:
            return
        with suppress(BrokerUnavailable, TimeoutError):
            async with asyncio.timeout(RETURN_SECONDS):
                with translated("cannot give back dead letters"):
                    await self._link.transport.basic_nack(0, multiple=True, requeue=True)
                while await self.waiting() < self._held:  # noqa: ASYNC110 — the broker tells nobody
                    await asyncio.sleep(PAUSE_SECONDS / 10)

    async def _get(self) -> DeliveredMessage | None:
        self._link.raise_if_lost()
        with translated("cannot read the dead letters"):
            async with asyncio.timeout(ANSWER_SECONDS):
                message = await self._link.transport.basic_get(DEAD_LETTER_QUEUE)
        return message if isinstance(message.delivery, Basic.GetOk) else None


async def _claimed(link: BrokerLink) -> bool:
    """Take the claim; False where somebody else's connection has it, or wants it at this moment.

    Who consumes the queue and then is its only consumer has it: of two who come at once, at most one does.
    """
    with translated("cannot open the dead letters"):
        async with asyncio.timeout(ANSWER_SECONDS):
            try:
                await link.transport.basic_consume(DEAD_LETTER_CLAIM_QUEUE, _ignore)
                claim = await link.transport.queue_declare(DEAD_LETTER_CLAIM_QUEUE, passive=True)
            except ChannelNotFoundEntity as error:
                raise topology.missing("queue", DEAD_LETTER_CLAIM_QUEUE) from error
    return claim.consumer_count == 1


async def _ignore(_: object) -> None:
    """Nothing is ever delivered."""


def _letter(message: DeliveredMessage) -> DeadLetter:
    properties = message.header.properties
    headers: Mapping[str, Any] = properties.headers or {}
    death = _first_death(headers)
    # Where the broker put it aside, the headers are still the publisher's, who may write anything there.
    ours: Mapping[str, Any] = {} if death else headers
    return DeadLetter(
        place=message.delivery_tag or 0,
        body=message.body,
        routing_key=message.routing_key or "",
        reason=_text(ours.get("x-reason")) or _text(death.get("reason")) or UNKNOWN,
        district_id=_district(message, headers) if death else _text(ours.get("x-district-id")),
        died_at=_moment(properties.timestamp) if "x-reason" in ours else _moment(death.get("time")),
        trace_parent=_text(headers.get("traceparent")),
        is_brokers=bool(death),
    )


def _district(message: DeliveredMessage, headers: Mapping[str, Any]) -> str | None:
    """Tell whose a message is that nobody has read, as the quarantine tells it."""
    return attribution.district_of(message.body, headers, message.routing_key or "")


def _first_death(headers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the broker itself noted on a message that it put aside, `x-death`."""
    deaths = headers.get("x-death")
    first = deaths[0] if isinstance(deaths, list) and deaths else None
    return first if isinstance(first, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _moment(value: object) -> datetime | None:
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=UTC)
