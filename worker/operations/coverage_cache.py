"""The coverage that districts' pages show: counted once a batch, and kept for the next who looks."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from typing import Final, Protocol, TypeAlias

from worker.operations.district_queries import CoverageCell

MOST_CELLS: Final = 100_000
"""Kept by a process, for all districts: some tens of megabytes."""

Coverage: TypeAlias = Sequence[CoverageCell]


class CoverageStore(Protocol):
    """Where coverage is counted; every call may raise `StoreUnavailable`."""

    async def coverage(self, district_id: str, *, removed: bool = False) -> list[CoverageCell]:
        """Return the district's students in scope by school and grade; with those the plan would remove."""


class CoverageCache:
    """Coverage as it was after each district's last batch; a batch is any text that tells it from others."""

    def __init__(self, store: CoverageStore, *, most_cells: int = MOST_CELLS) -> None:
        self._store = store
        self._most_cells = most_cells
        self._kept: OrderedDict[tuple[str, bool], tuple[str | None, Coverage]] = OrderedDict()
        self._counting: dict[tuple[str, bool, str | None], asyncio.Task[Coverage]] = {}

    async def ready(
        self, district_id: str, batch: str | None, *, removed: bool, within: float | None
    ) -> Coverage | None:
        """Return the coverage after a batch; None where counting takes more than `within` seconds.

        It is then counted on: who asks again later may have it. `within` None waits however long it takes.
        """
        known = self._kept.get((district_id, removed))
        if known is not None and known[0] == batch:
            self._kept.move_to_end((district_id, removed))
            return known[1]
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(self._begun(district_id, batch, removed=removed))
        except TimeoutError:
            return None

    async def close(self) -> None:
        """End every count; may be called twice."""
        counting = list(self._counting.values())
        for task in counting:
            task.cancel()
        await asyncio.gather(*counting, return_exceptions=True)

    def _begun(self, district_id: str, batch: str | None, *, removed: bool) -> asyncio.Task[Coverage]:
        key = district_id, removed, batch
        counting = self._counting.get(key)
        if counting is None:
            counting = asyncio.create_task(self._count(district_id, batch, removed=removed))
            counting.add_done_callback(_heard)  # by now nobody may be waiting for it
            self._counting[key] = counting
        return counting

    async def _count(self, district_id: str, batch: str | None, *, removed: bool) -> Coverage:
        try:
            cells = await self._store.coverage(district_id, removed=removed)
            self._kept[district_id, removed] = batch, cells
            self._kept.move_to_end((district_id, removed))
            while len(self._kept) > 1 and sum(len(one) for _, one in self._kept.values()) > self._most_cells:
                self._kept.popitem(last=False)
            return cells
        finally:
            self._counting.pop((district_id, removed, batch), None)


def _heard(counting: asyncio.Task[Coverage]) -> None:
    if not counting.cancelled():
        counting.exception()
