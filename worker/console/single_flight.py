"""One answer for everybody who asks at the same time, so that a flood of requests costs one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Answer = TypeVar("Answer")


@dataclass(slots=True)
class SingleFlight(Generic[Answer]):
    """Asks `work` once for all who wait, and keeps its answer for `seconds`; `work` must not raise."""

    work: Callable[[], Awaitable[Answer]]
    seconds: float
    clock: Callable[[], float] = time.monotonic
    _task: asyncio.Task[Answer] | None = field(default=None, init=False)
    _kept: tuple[float, Answer] | None = field(default=None, init=False)

    async def get(self) -> Answer:
        """Return an answer that is at most `seconds` old, or that is being worked out."""
        if self._kept is not None and self.clock() - self._kept[0] < self.seconds:
            return self._kept[1]
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._ask())
        # Whoever hangs up must not take the answer from the others.
        return await asyncio.shield(self._task)

    async def _ask(self) -> Answer:
        answer = await self.work()
        self._kept = (self.clock(), answer)
        return answer
