"""A district's sections and who sits in them, read for a search of section filters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from worker.domain.filter import SectionFilter
from worker.suggest.survey import SurveyBuilder


@dataclass(frozen=True, slots=True)
class DistrictSurvey:
    """Everything that was read of a district, not yet put in order, and the filter that is in force."""

    builder: SurveyBuilder
    in_force: SectionFilter


class Surveys(Protocol):
    """Where surveys come from."""

    async def of(self, district_id: str) -> DistrictSurvey:
        """Return a district's survey as it is staged now, keeping nobody from it.

        Raises `UnknownDistrictError`.
        """
        ...
