"""What section filters do for a district's students, and the one that everybody thinks of first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from worker.cli.demo.consumer import Json
from worker.domain.roster.section_filter import Condition, Rule, SectionFilter


class DemoCoverage(NamedTuple):
    """How many students a filter leaves with exactly one section, with none, with several."""

    exactly_one: int
    none: int
    several: int

    @property
    def total(self) -> int:
        """All students in scope."""
        return sum(self)

    @property
    def is_complete(self) -> bool:
        """Whether there are students, and each has exactly one section."""
        return 0 < self.exactly_one == self.total


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of trying a filter on the whole district; `classes` are the sections that count."""

    label: str
    coverage: DemoCoverage
    classes: int


@dataclass(frozen=True, slots=True)
class Suggested:
    """A section filter that a review suggests; 1 is the best."""

    number: int
    section_filter: SectionFilter
    coverage: DemoCoverage
    said: Json
    """The suggestion as the review says it."""

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"suggestion {self.number}"


_SUBJECT: Final = Condition(field="subject", op="is", value="homeroom/advisory")
BY_SUBJECT: Final = SectionFilter(rules=(Rule(all=(_SUBJECT,)),))
"""The obvious one: Clever has a subject for it."""
BY_SUBJECT_LABEL: Final = 'subject is "homeroom/advisory"'


def suggested(review: Json) -> list[Suggested]:
    """Return the suggestions of a review, the best first."""
    return [
        Suggested(
            number,
            SectionFilter.model_validate(said["filter"], strict=False),
            DemoCoverage(**said["coverage"]),
            said,
        )
        for number, said in enumerate(review["suggestions"], start=1)
    ]


def chosen(suggestions: Sequence[Suggested]) -> Suggested:
    """Return the first suggestion that serves every student, or else the first of all."""
    return next((one for one in suggestions if one.coverage.is_complete), suggestions[0])
