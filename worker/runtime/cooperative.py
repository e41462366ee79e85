"""Long reckoning in slices: pages and probes are answered by the same process, in between."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import Final, TypeVar

SLICE: Final = 100
"""Records between two chances for others: some ten milliseconds of judging."""

Item = TypeVar("Item")


async def yielding_every(items: Iterable[Item], size: int = SLICE) -> AsyncIterator[Item]:
    """Yield the items; behind each `size` of them others have their turn."""
    for number, item in enumerate(items, 1):
        yield item
        if number % size == 0:
            await asyncio.sleep(0)
