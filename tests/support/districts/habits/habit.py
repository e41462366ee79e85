"""Habits: how a district writes down which class a student belongs to, and the filter that fits it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Final, Literal

from tests.support.districts.habits.placing import Coverage, Placements, Read, coverage, placements
from tests.support.districts.habits.towns import Records, Town
from worker.domain.roster.section_filter import Condition, Rule, Scope, SectionFilter

TODAY: Final = date(2026, 10, 14)
"""A day in the first half of a school year."""

Build = Callable[[Town], SectionFilter | None]


@dataclass(frozen=True)
class District:
    """A generated district; `best` is the filter that its generator knows to fit, None where none does."""

    records: Records
    best: SectionFilter | None
    today: date
    classes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By student, the sections that a person at the district would accept as the class; none: not shared."""
    names: frozenset[str] = frozenset()
    """Words that are in no suggestion: people's names that stand in the names of sections."""
    partial: SectionFilter | None = None
    """Where nothing fits: a filter that is right for a part, if there is any."""

    def coverage(self, section_filter: SectionFilter) -> Coverage:
        """Return what a filter gives in this district."""
        return coverage(self.placements(section_filter))

    def placements(self, section_filter: SectionFilter) -> Placements:
        """Return the sections that count for each student in scope."""
        return placements(self._read, section_filter)

    @cached_property
    def _read(self) -> Read:
        return Read.of(self.records, self.today)


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
    is_lockstep: bool = False
    """Whether a class goes through the day together: then many a rule gives everybody exactly one section."""

    @property
    def is_hopeless(self) -> bool:
        """Whether no good filter exists."""
        return self.reaches == 0

    def district(self, seed: int = 1, today: date = TODAY) -> District:
        """Generate the district: the same one for the same seed and day."""
        town = Town(f"{self.name}:{seed}", today)
        best = self.build(town)
        return District(town.records, best, today, town.classes(), frozenset(town.names), self.partial)


class Habits:
    """A list of habits, told one builder after another."""

    def __init__(self, *, is_lockstep: bool = False) -> None:
        self.told: Final[list[Habit]] = []
        self._is_lockstep = is_lockstep

    def habit(
        self, sentence: str, reaches: float = 1.0, partial: SectionFilter | None = None
    ) -> Callable[[Build], Build]:
        """Take the decorated builder for a habit of its name."""

        def take(build: Build) -> Build:
            name = build.__name__
            self.told.append(Habit(name, sentence, build, reaches, partial, self._is_lockstep))
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
    grades: Sequence[str] = (),
) -> SectionFilter:
    """Return a filter with these rules, for the students of these grades or for all."""
    return SectionFilter(
        scope=Scope(grades=tuple(grades)),
        strategy=strategy,
        current_term_only=current_term_only,
        rules=tuple(Rule(all=tuple(_condition(*term) for term in rule)) for rule in rules),
    )


def _condition(name: str, op: str, value: str | list[str]) -> Condition:
    return Condition.model_validate({"field": name, "op": op, "value": value})
