"""Turns: so many at once, so many waiting, and no address with more than its share of them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

AT_ONCE: Final = 2
"""Passwords compared side by side take 64 MiB each, and each try a database connection."""
MOST_WAITING: Final = 40
MOST_OF_AN_ADDRESS: Final = 8
SECONDS: Final = 5
"""After which somebody who was sent away may try again."""


class TooManyWait(Exception):
    """Nobody else may wait; raised before anything is looked up."""


@dataclass(slots=True)
class Turns:
    """Work that strangers can order, a little at a time."""

    at_once: int = AT_ONCE
    most_waiting: int = MOST_WAITING
    most_of_an_address: int = MOST_OF_AN_ADDRESS
    _running: asyncio.Semaphore = field(init=False)
    _of_addresses: Counter[str] = field(default_factory=Counter, init=False)

    def __post_init__(self) -> None:
        self._running = asyncio.Semaphore(self.at_once)

    @asynccontextmanager
    async def of(self, address: str) -> AsyncIterator[None]:
        """Wait for a turn, and have it while the context is open; raises `TooManyWait`."""
        is_full = self._of_addresses.total() >= self.most_waiting + self.at_once
        if is_full or self._of_addresses[address] >= self.most_of_an_address:
            raise TooManyWait
        self._of_addresses[address] += 1
        try:
            async with self._running:
                yield
        finally:
            self._of_addresses[address] -= 1
            if not self._of_addresses[address]:
                del self._of_addresses[address]
