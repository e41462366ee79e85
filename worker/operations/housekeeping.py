"""Housekeeping: what is no longer needed is forgotten, once an hour, in every process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

EVERY_SECONDS: Final = 3600.0


@dataclass(slots=True)
class HousekeepingStage:
    """Does its pieces one after the other; `sleep` waits, or less where a stop is asked for."""

    pieces: Sequence[Callable[[], Awaitable[object]]]
    sleep: Callable[[float], Awaitable[None]]
    every: float = EVERY_SECONDS
    """Seconds."""
    name: str = "housekeeping"

    async def once(self) -> bool:
        """Do every piece, also after one that raised; then raise the first error."""
        errors: list[Exception] = []
        for piece in self.pieces:
            try:
                await piece()
            except Exception as error:  # noqa: BLE001 — raised below: what one table refuses stops no other
                errors.append(error)
        if errors:
            raise errors[0]
        return False

    async def wait(self) -> None:
        """Wait until it is time again."""
        await self.sleep(self.every)
