"""The watchdog: a worker that cannot get its consumer back is better started anew.

Reconnecting by hand has failed in every client library at some time (rabbitmq.md, 4.2); a supervisor
that starts a fresh process is the cure that always works.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

import structlog

from worker.runtime.errors import BrokerUnavailable
from worker.runtime.loop import Health, Stop

LOOK_SECONDS: Final = 1.0


class Consumes(Protocol):
    """Something that has a consumer, or has not."""

    name: str

    @property
    def consuming(self) -> bool:
        """Whether there is one now."""


class Watchdog:
    """Stops the process where its consumer is gone for longer than `limit` seconds.

    Only a broker that is away counts: while the database is, not consuming is what we mean to do.
    """

    def __init__(
        self,
        consumer: Consumes,
        health: Health,
        stop: Stop,
        limit: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._consumer = consumer
        self._health = health
        self._stop = stop
        self._limit = limit
        self._clock = clock
        self._since: float | None = None
        self.name = "watchdog"
        self.expired = False

    async def once(self) -> bool:
        """Look once; return False, since the next look is a second off."""
        self.look()
        return False

    async def wait(self) -> None:
        """Wait for the next look."""
        await self._stop.sleep(LOOK_SECONDS)

    def look(self) -> None:
        """Look once; ask for the stop where the time is over."""
        missing = not self._consumer.consuming and isinstance(
            self._health.cause(self._consumer.name), BrokerUnavailable
        )
        if not missing:
            self._since = None
            return
        self._since = self._clock() if self._since is None else self._since
        if self._clock() - self._since >= self._limit:
            self.expired = True
            structlog.get_logger().error("watchdog.expired", seconds=self._limit)
            self._stop.set()
