"""Which rights our user has on RabbitMQ, asked without any effect.

AMQP has no question for that. But the broker looks at a user's rights first and at the rest of a request
after it: a request that is wrong in some other respect is refused for that (406) where the right is there,
and for the right (403) where it is not. A publish with an expiration that is no number never reaches a queue;
a consumer with a priority that is no number is never made.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING, Final

from aio_pika.exceptions import AMQPError
from aiormq.exceptions import ChannelAccessRefused
from pamqp.commands import Basic

from config.topology import (
    DEAD_LETTER_CLAIM_QUEUE,
    DEAD_LETTER_COPY_QUEUE,
    DEAD_LETTER_EXCHANGE,
    DEAD_LETTER_QUEUE,
    EVENTS_EXCHANGE,
    EVENTS_QUEUE,
    ROSTERING_EXCHANGE,
)
from worker.runtime.errors import TopologyError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from contextlib import AbstractAsyncContextManager

    from aiormq.abc import AbstractChannel

ANSWER_SECONDS: Final = 3.0
"""A broker under alarm does not answer a publish: then nobody knows, and that is no reason to wait."""


@dataclass(frozen=True, slots=True)
class Rights:
    """Queues that are read and exchanges that are written to, each with a routing key as it is used there."""

    read: tuple[str, ...] = ()
    write: tuple[tuple[str, str], ...] = ()

    def __or__(self, other: Rights) -> Rights:
        """Return both."""
        return Rights(self.read + other.read, self.write + other.write)


NO_RIGHTS: Final = Rights()
_DISTRICT: Final = "0" * 24
_PUBLISHING: Final = Rights(write=((EVENTS_EXCHANGE, f"{_DISTRICT}.users.updated"),))
OF_STAGES: Final[Mapping[str, Rights]] = {
    "poll": _PUBLISHING,
    "ingest": Rights(
        (EVENTS_QUEUE, DEAD_LETTER_COPY_QUEUE), ((DEAD_LETTER_EXCHANGE, f"{_DISTRICT}.users.updated"),)
    ),
    "relay": Rights(
        write=(
            (ROSTERING_EXCHANGE, f"commit.{_DISTRICT}"),
            (ROSTERING_EXCHANGE, f"review.{_DISTRICT}"),
            (ROSTERING_EXCHANGE, "alert.warning"),
        )
    ),
}
"""What the stages of a worker need."""
ALL_RIGHTS: Final = reduce(
    or_, OF_STAGES.values(), Rights((DEAD_LETTER_QUEUE, DEAD_LETTER_CLAIM_QUEUE)) | _PUBLISHING
)
"""What the stages need, and the commands on dead letters."""


def of_stages(stages: Iterable[str]) -> Rights:
    """Return what these stages need."""
    return reduce(or_, (OF_STAGES[name] for name in stages if name in OF_STAGES), NO_RIGHTS)


async def check(
    open_channel: Callable[[], AbstractAsyncContextManager[AbstractChannel]], rights: Rights
) -> None:
    """Raise `TopologyError` for the first right that is missing; reading is asked before writing."""
    for queue in rights.read:
        if await _is_refused(open_channel, partial(_consume, queue=queue)):
            raise TopologyError(f"the broker's user may not read queue {queue}: grant it the read permission")
    for exchange, routing_key in rights.write:
        if await _is_refused(open_channel, partial(_publish, exchange=exchange, routing_key=routing_key)):
            raise TopologyError(
                f"the broker's user may not write to exchange {exchange} (as {routing_key}): "
                "grant it the write permission"
            )


async def _is_refused(
    open_channel: Callable[[], AbstractAsyncContextManager[AbstractChannel]],
    asking: Callable[[AbstractChannel], Awaitable[None]],
) -> bool:
    """Ask on a channel of its own, which the answer closes; False also where none comes in time."""
    with suppress(TimeoutError):
        async with asyncio.timeout(ANSWER_SECONDS), open_channel() as channel:
            try:
                await asking(channel)
                await asyncio.shield(channel.closing)
            except ChannelAccessRefused:
                return True
            except (AMQPError, asyncio.CancelledError):
                task = asyncio.current_task()
                if task is not None and task.cancelling():
                    raise
    return False


async def _consume(channel: AbstractChannel, queue: str) -> None:
    await channel.basic_consume(queue, _ignore, arguments={"x-priority": "none"})


async def _publish(channel: AbstractChannel, exchange: str, routing_key: str) -> None:
    properties = Basic.Properties(expiration="never")
    await channel.basic_publish(b"", exchange=exchange, routing_key=routing_key, properties=properties)


async def _ignore(_: object) -> None:
    """Nothing is ever delivered."""
