"""Inspect: look at all districts for what no evaluation tells of, every few seconds, one process at a time.

It runs beside the relay, so that alerts are published whoever delivers them.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from config.topology import DEAD_LETTER_QUEUE
from worker.alerts.inspection_store import Inspections
from worker.messaging.broker import Depths
from worker.runtime.errors import BrokerUnavailable


@dataclass(slots=True)
class InspectStage:
    """The inspect stage; `sleep` waits for so many seconds, or less where a stop is asked for."""

    inspections: Inspections
    broker: Depths
    every: timedelta
    sleep: Callable[[float], Awaitable[None]]
    name: str = "inspect"

    async def once(self) -> bool:
        """Inspect where nobody did for a while; return False, since the next time is some seconds off."""
        if await self.inspections.is_due(self.every):
            told = await self.inspections.inspect(self.every, await self._dead_letters())
            if told:
                structlog.get_logger().info("incidents.changed", stage=self.name, alerts=told)
        return False

    async def wait(self) -> None:
        """Wait until it is time again."""
        await self.sleep(self.every.total_seconds())

    async def _dead_letters(self) -> int | None:
        """Return how many dead letters wait; None where the broker is away, which others tell of."""
        try:
            return await self.broker.depth(DEAD_LETTER_QUEUE)
        except BrokerUnavailable:
            return None
