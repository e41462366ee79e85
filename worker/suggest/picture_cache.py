"""The pictures of the districts that somebody looks at: read once, and kept while they are true.

A picture is that of one batch and one day; as soon as a district was evaluated again, or purged, it is read
anew. Nobody waits for it but who asked: it takes no lock, and changes nothing.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import Final

from worker.domain.roster.section_filter import SectionFilter
from worker.suggest.coverage import FilterCoverage
from worker.suggest.picture import DistrictPicture
from worker.suggest.picture_store import Moment, Pictures

MOST_BYTES: Final = 384 * 1024 * 1024
"""For all pictures that a process keeps: that of a million students takes about two thirds of it."""
MOST_DISTRICTS: Final = 8


class PictureCache:
    """The pictures of a few districts; `store` is where they are read."""

    def __init__(
        self, store: Pictures, *, most_bytes: int = MOST_BYTES, most_districts: int = MOST_DISTRICTS
    ) -> None:
        self._store = store
        self._most_bytes = most_bytes
        self._most_districts = most_districts
        self._kept: OrderedDict[str, tuple[Moment, DistrictPicture]] = OrderedDict()
        self._reading: dict[tuple[str, Moment], asyncio.Task[DistrictPicture]] = {}

    async def schools(self, district_id: str) -> dict[str, str]:
        """Return what a district's schools are called, by id; the id stands for one without a name."""
        return await self._store.schools(district_id)

    async def standing_classes(self, district_id: str) -> dict[str, int]:
        """Return the classes of the last commit, with how many of its students each section still lists."""
        return await self._store.standing_classes(district_id)

    async def count(
        self, district_id: str, section_filter: SectionFilter, within: float
    ) -> FilterCoverage | None:
        """Return what the filter would give; None where the district cannot be read in so many seconds.

        It is then read on: who asks again later may have the answer. Raises `UnknownDistrictError` and
        `StoreUnavailable`.
        """
        picture = await self.ready(district_id, within)
        return None if picture is None else await asyncio.to_thread(picture.count, section_filter)

    async def ready(self, district_id: str, within: float) -> DistrictPicture | None:
        """Return a district's picture as of its last batch; None where that takes longer to read."""
        begun = await self._begun(district_id)
        try:
            async with asyncio.timeout(within):
                return await asyncio.shield(begun)
        except TimeoutError:
            return None

    async def of(self, district_id: str) -> DistrictPicture:
        """Return a district's picture as of its last batch, however long it takes to read."""
        return await asyncio.shield(await self._begun(district_id))

    async def _begun(self, district_id: str) -> asyncio.Future[DistrictPicture]:
        moment = await self._store.moment(district_id)
        known = self._kept.get(district_id)
        if known is not None and known[0] == moment:
            self._kept.move_to_end(district_id)
            done = asyncio.get_running_loop().create_future()
            done.set_result(known[1])
            return done
        reading = self._reading.get((district_id, moment))
        if reading is None:
            reading = asyncio.create_task(self._read(district_id, moment))
            reading.add_done_callback(_heard)  # by now nobody may be waiting for it
            self._reading[district_id, moment] = reading
        return reading

    async def close(self) -> None:
        """End every reading; may be called twice."""
        reading = list(self._reading.values())
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    async def _read(self, district_id: str, moment: Moment) -> DistrictPicture:
        try:
            read_at, builder = await self._store.read(district_id)
            picture = await asyncio.to_thread(builder.build)
            self._keep(district_id, read_at, picture)
            return picture
        finally:
            self._reading.pop((district_id, moment), None)

    def _keep(self, district_id: str, moment: Moment, picture: DistrictPicture) -> None:
        self._kept[district_id] = moment, picture
        self._kept.move_to_end(district_id)
        while len(self._kept) > 1 and (len(self._kept) > self._most_districts or self._is_too_heavy()):
            self._kept.popitem(last=False)

    def _is_too_heavy(self) -> bool:
        return sum(picture.weight for _, picture in self._kept.values()) > self._most_bytes


def _heard(reading: asyncio.Task[DistrictPicture]) -> None:
    if not reading.cancelled():
        reading.exception()
