"""Clocks of the client of Clever that only waiting moves."""

from __future__ import annotations

import asyncio
from typing import Final

from worker.adapters.clever.clock import Timing

EPOCH: Final = 1_790_000_000.0


class Time:
    """Clocks that only waiting moves, and the longest jitter there can be."""

    def __init__(self) -> None:
        self.now = 5000.0
        self.waits: list[float] = []

    @property
    def timing(self) -> Timing:
        return Timing(
            clock=lambda: self.now, wall=lambda: EPOCH + self.now - 5000, sleep=self.sleep, jitter=lambda: 1.0
        )

    async def sleep(self, seconds: float) -> None:
        self.waits.append(round(seconds, 3))
        self.now += seconds
        await asyncio.sleep(0)
