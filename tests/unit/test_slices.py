"""Long reckoning in slices."""

from __future__ import annotations

import asyncio

from tests.support.builders.records import DISTRICT, record_id, student_json
from worker.pipeline.poll.baseline import read_records, staged_records
from worker.runtime.cooperative import SLICE, yielding_every


async def _turns(work: asyncio.Task[object]) -> int:
    """Count how often somebody else has a turn until the work is done."""
    turns = 0
    while not work.done():
        turns += 1
        await asyncio.sleep(0)
    return turns


async def test_all_items_come_in_their_order() -> None:
    assert [item async for item in yielding_every(range(25), 10)] == list(range(25))
    assert [item async for item in yielding_every(list[int](), 10)] == []


async def test_others_have_their_turn_behind_each_slice() -> None:
    async def work() -> None:
        async for _ in yielding_every(range(95), 10):
            pass

    assert await _turns(asyncio.create_task(work())) == 1 + 9


async def test_a_page_of_a_baseline_is_read_in_slices_and_as_if_it_were_read_at_once() -> None:
    page = [student_json(number) for number in range(3 * SLICE + 1)]
    reading = asyncio.create_task(read_records("users", list(page), DISTRICT))

    turns = await _turns(reading)

    assert turns >= 4
    assert reading.result() == staged_records("users", list(page), DISTRICT)
    assert {one.record_id for one in reading.result()} == {record_id(number) for number in range(len(page))}
