"""Counting a draft of a filter as one types: from a seating that is read once, and kept while it is true.

A seating is that of one batch and one day; as soon as a district was evaluated again, it is read anew. Nobody
waits for a count: it takes no lock, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from worker.domain.roster.section_filter import SectionFilter
from worker.suggest.enrolments import Enrolments, FilterCoverage
from worker.suggest.survey_store import Moment, Surveys

MOST_BYTES: Final = 256 * 1024 * 1024
"""For all seatings that a process keeps: that of a million students takes about half of it."""
MOST_DISTRICTS: Final = 8


class DraftCounts:
    """The seatings of the districts that somebody writes a filter for."""

    def __init__(
        self, surveys: Surveys, *, most_bytes: int = MOST_BYTES, most_districts: int = MOST_DISTRICTS
    ) -> None:
        self._surveys = surveys
        self._most_bytes = most_bytes
        self._most_districts = most_districts
        self._kept: OrderedDict[str, tuple[Moment, Enrolments]] = OrderedDict()
        self._reading: dict[tuple[str, Moment], asyncio.Task[Enrolments]] = {}

    async def count(
        self, district_id: str, section_filter: SectionFilter, within: float
    ) -> FilterCoverage | None:
        """Return what the filter would give; None where the district cannot be read in so many seconds.

        It is then read on: who asks again later may have the answer. Raises `UnknownDistrictError` and
        `StoreUnavailable`.
        """
        seating = await self.seating(district_id, within)
        return None if seating is None else await asyncio.to_thread(seating.count, section_filter)

    async def seating(self, district_id: str, within: float) -> Enrolments | None:
        """Return a district's seating as of its last batch; None where that takes longer to read."""
        moment = await self._surveys.moment(district_id)
        known = self._kept.get(district_id)
        if known is not None and known[0] == moment:
            self._kept.move_to_end(district_id)
            return known[1]
        reading = self._reading.get((district_id, moment))
        if reading is None:
            reading = asyncio.create_task(self._read(district_id, moment))
            reading.add_done_callback(_heard)  # by now nobody may be waiting for it
            self._reading[district_id, moment] = reading
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(reading)
        except TimeoutError:
            return None

    async def close(self) -> None:
        """End every reading; may be called twice."""
        reading = list(self._reading.values())
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    async def _read(self, district_id: str, moment: Moment) -> Enrolments:
        try:
            read_at, builder = await self._surveys.seating(district_id)
            seating = await asyncio.to_thread(builder.build)
            self._keep(district_id, read_at, seating)
            return seating
        finally:
            self._reading.pop((district_id, moment), None)

    def _keep(self, district_id: str, moment: Moment, seating: Enrolments) -> None:
        self._kept[district_id] = moment, seating
        self._kept.move_to_end(district_id)
        while len(self._kept) > 1 and (len(self._kept) > self._most_districts or self._is_too_heavy()):
            self._kept.popitem(last=False)

    def _is_too_heavy(self) -> bool:
        return sum(seating.weight for _, seating in self._kept.values()) > self._most_bytes


def _heard(reading: asyncio.Task[Enrolments]) -> None:
    if not reading.cancelled():
        reading.exception()
