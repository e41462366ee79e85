"""A district's sections and who sits in them, read for a search of section filters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Protocol

from worker.domain.roster.section_filter import SectionFilter

if TYPE_CHECKING:  # NumPy is slow to load, and most commands count nothing
    from worker.suggest.enrolments_builder import EnrolmentsBuilder
    from worker.suggest.survey import SurveyBuilder


@dataclass(frozen=True, slots=True)
class DistrictSurvey:
    """Everything that was read of a district, not yet put in order, and the filter that is in force."""

    builder: SurveyBuilder
    in_force: SectionFilter


@dataclass(frozen=True, slots=True)
class Moment:
    """What a seating is true for: a district after one of its batches, on a day (which terms run?)."""

    batch_number: int
    today: date


class Surveys(Protocol):
    """Where surveys come from."""

    async def of(self, district_id: str) -> DistrictSurvey:
        """Return a district's survey as it is staged now, keeping nobody from it.

        Raises `UnknownDistrictError`.
        """

    async def schools(self, district_id: str) -> dict[str, str]:
        """Return what a district's schools are called, by id; the id stands for one without a name."""

    async def moment(self, district_id: str) -> Moment:
        """Return what a seating that is read now would be true for; raises `UnknownDistrictError`."""

    async def seating(self, district_id: str) -> tuple[Moment, EnrolmentsBuilder]:
        """Return who sits where as it is staged now, keeping nobody from it; see `of`."""
