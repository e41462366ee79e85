"""Where the pictures of districts are read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:  # NumPy is slow to load, and most commands count nothing
    from worker.suggest.picture_builder import PictureBuilder


@dataclass(frozen=True, slots=True)
class Moment:
    """What a picture is true for: a district after a batch, not purged since, on a day (which terms run?)."""

    batch_number: int
    purged_at: datetime | None
    today: date


class Pictures(Protocol):
    """Where pictures come from; every call may raise `StoreUnavailable`."""

    async def moment(self, district_id: str) -> Moment:
        """Return what a picture that is read now would be true for; raises `UnknownDistrictError`."""

    async def read(self, district_id: str) -> tuple[Moment, PictureBuilder]:
        """Return a district as it is staged now, keeping nobody from it; raises `UnknownDistrictError`."""

    async def standing_classes(self, district_id: str) -> dict[str, int]:
        """Return the classes of the last commit, with how many of its students each section still lists."""

    async def schools(self, district_id: str) -> dict[str, str]:
        """Return what a district's schools are called, by id; the id stands for one without a name."""
