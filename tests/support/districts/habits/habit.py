"""Habits: how a district writes down which class a student belongs to, and the filter that fits it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, NamedTuple

from tests.support.districts.habits.towns import Records, Town
from tests.support.districts.oracle import calendar_of, view
from worker.domain.roster.records import (
    RecordId,
    RecordKind,
    school_from_json,
    section_from_json,
    student_from_json,
)
from worker.domain.roster.scope import find_schools
from worker.domain.roster.section_filter import Condition, Rule, SectionFilter, counted, rank

TODAY: Final = date(2026, 10, 14)
"""A day in the first half of a school year."""

Build = Callable[[Town], SectionFilter | None]


class Coverage(NamedTuple):
    """How many students in scope have exactly one counted section, none, or several."""

    exactly_one: int
    none: int
    several: int

    @property
    def share(self) -> float:
        """Return the share of those who have exactly one."""
        return self.exactly_one / (sum(self) or 1)


@dataclass(frozen=True)
class District:
    """A generated district; `best` is the filter that its generator knows to fit, None where none does."""

    records: Records
    best: SectionFilter | None
    today: date

    def coverage(self, section_filter: SectionFilter) -> Coverage:
        """Return what a filter gives in this district."""
        return coverage(self.records, section_filter, self.today)


@dataclass(frozen=True)
class Habit:
    """A habit with its name, what it is in a sentence, and what its filter is known to reach."""

    name: str
    sentence: str
    build: Build
    reaches: float
    """Share of students with exactly one section that the best filter reaches at least; 0: there is none."""
    partial: SectionFilter | None = None
    """Where no good filter exists: one that is right for a part of the district, if there is any."""

    @property
    def is_hopeless(self) -> bool:
        """Whether no good filter exists."""
        return self.reaches == 0

    def district(self, seed: int = 1, today: date = TODAY) -> District:
        """Generate the district: the same one for the same seed and day."""
        town = Town(f"{self.name}:{seed}", today)
        best = self.build(town)
        return District(town.records, best, today)


class Habits:
    """A list of habits, told one builder after another."""

    def __init__(self) -> None:
        self.told: Final[list[Habit]] = []

    def habit(
        self, sentence: str, reaches: float = 1.0, partial: SectionFilter | None = None
    ) -> Callable[[Build], Build]:
        """Take the decorated builder for a habit of its name."""

        def take(build: Build) -> Build:
            self.told.append(Habit(build.__name__, sentence, build, reaches, partial))
            return build

        return take


Term = tuple[str, str, str] | tuple[str, str, list[str]]
"""Field, operator and value of a condition."""


def keep(*conditions: Term) -> SectionFilter:
    """Return a filter with one rule of these conditions."""
    return keep_any(conditions)


def keep_any(
    *rules: Sequence[Term],
    strategy: Literal["union", "first_match"] = "union",
    current_term_only: bool = False,
) -> SectionFilter:
    """Return a filter with these rules."""
    return SectionFilter(
        strategy=strategy,
        current_term_only=current_term_only,
        rules=tuple(Rule(all=tuple(_condition(*term) for term in rule)) for rule in rules),
    )


def _condition(field: str, op: str, value: str | list[str]) -> Condition:
    return Condition.model_validate({"field": field, "op": op, "value": value})


def coverage(records: Records, section_filter: SectionFilter, today: date) -> Coverage:
    """Count, by the rules of the filter, the sections of every student in scope."""
    ranks: dict[str, dict[RecordId, int]] = {}
    schools = [school_from_json(key[1], one) for key, one in records.items() if key[0] is RecordKind.SCHOOL]
    scope = find_schools(section_filter.scope, schools)
    calendar = calendar_of(records, today, 0)
    for (kind, record_id), record in records.items():
        student = student_from_json(record_id, record) if kind is RecordKind.USER else None
        if student is not None and scope.holds(student):
            ranks[record_id] = {}
    for (kind, record_id), record in records.items():
        if kind is not RecordKind.SECTION:
            continue
        section = section_from_json(record_id, record)
        kept = rank(section_filter, view(section, records), calendar)
        if kept is not None:
            for listed in section.students:
                if listed in ranks:
                    ranks[listed][section.id] = kept
    sizes = Counter(min(2, len(counted(section_filter.strategy, found))) for found in ranks.values())
    return Coverage(sizes[1], sizes[0], sizes[2])
