"""Clock: where the database's clock was put back, what lies ahead of it for no reason does not stand still.

Every process looks, several times a minute; whoever finds something mends it for all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

LOOK_SECONDS: Final = 15.0


class Clock(Protocol):
    """Where times are kept that may lie ahead."""

    async def catch_up(self) -> dict[str, int]:
        """Bring times that lie too far ahead to the latest that they can be; return how many, by table."""


@dataclass(slots=True)
class ClockStage:
    """Looks for times that lie ahead; `sleep` waits, or less where a stop is asked for."""

    clock: Clock
    sleep: Callable[[float], Awaitable[None]]
    name: str = "clock"

    async def once(self) -> bool:
        """Look, and mend; return False, since the next look is some seconds off."""
        changed = await self.clock.catch_up()
        if changed:
            structlog.get_logger().warning("clock.set_back", stage=self.name, **changed)
        return False

    async def wait(self) -> None:
        """Wait for the next look."""
        await self.sleep(LOOK_SECONDS)
