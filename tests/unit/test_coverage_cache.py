"""Coverage of districts' pages: counted once a batch, and kept."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

import pytest

from worker.operations.coverage_cache import CoverageCache
from worker.operations.district_queries import CoverageCell
from worker.runtime.errors import StoreUnavailable

CELLS = [CoverageCell("n", "North", grade, 10, 1) for grade in ("3", "4")]


@dataclass
class Counting:
    """Counts how often it is asked; waits while it is shut."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[tuple[str, bool]] = field(default_factory=list)
    trouble: Exception | None = None

    async def coverage(self, district_id: str, *, removed: bool = False) -> list[CoverageCell]:
        self.asked.append((district_id, removed))
        await self.gate.wait()
        if self.trouble is not None:
            raise self.trouble
        return CELLS


@pytest.fixture
def counting() -> Counting:
    made = Counting()
    made.gate.set()
    return made


async def test_coverage_is_counted_once_a_batch_and_kind(counting: Counting) -> None:
    cache = CoverageCache(counting)
    for batch, removed in (("1", False), ("1", False), ("1", True), ("1", False), ("2", False), (None, True)):
        assert await cache.ready("d", batch, removed=removed, within=None) == CELLS

    assert counting.asked == [("d", False), ("d", True), ("d", False), ("d", True)]


async def test_those_who_ask_at_the_same_time_have_one_count(counting: Counting) -> None:
    cache = CoverageCache(counting)
    counting.gate.clear()
    assert await cache.ready("d", "1", removed=False, within=0) is None
    asking = asyncio.gather(*(cache.ready("d", "1", removed=False, within=None) for _ in range(3)))
    counting.gate.set()

    assert await asyncio.wait_for(asking, 20) == [CELLS] * 3
    assert counting.asked == [("d", False)]


async def test_a_count_that_fails_is_made_again(counting: Counting) -> None:
    cache = CoverageCache(counting)
    counting.trouble = StoreUnavailable("away")
    with pytest.raises(StoreUnavailable):
        await cache.ready("d", "1", removed=False, within=None)
    counting.trouble = None

    assert await cache.ready("d", "1", removed=False, within=None) == CELLS


async def test_only_so_many_cells_are_kept(counting: Counting) -> None:
    cache = CoverageCache(counting, most_cells=3)
    for district in ("d", "e", "e", "d"):
        await cache.ready(district, "1", removed=False, within=None)

    assert [district for district, _ in counting.asked] == ["d", "e", "d"]


async def test_a_count_is_given_up_when_the_process_stops(counting: Counting) -> None:
    cache = CoverageCache(counting)
    counting.gate.clear()
    assert await cache.ready("d", "1", removed=False, within=0) is None

    await asyncio.wait_for(cache.close(), 20)
    await cache.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}
