"""Drafts: sets of rules counted over every student of the district."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.section_filter import SectionFilter, Strategy
from worker.suggest.columns import Bools
from worker.suggest.credibility import credible
from worker.suggest.evidence import Kind
from worker.suggest.pricing import (
    CALLED_CLASSES,
    NO_LESSONS,
    NUMBERS,
    Pricing,
    classes,
    lesson_of,
    may_be_classes,
    prices,
)
from worker.suggest.rule_kinds import Meaning
from worker.suggest.rules import RuleOf
from worker.suggest.survey import Survey

Places = npt.NDArray[np.int32]
"""How many sections each student has."""

FIRST_MATCH_SHARE: Final = 0.01
"""Of the students: what it costs that only our side can apply a rule after another."""
CALLED_CLASS: Final = 0.5
"""Of the seats that a rule gives."""
NEARLY_ALL: Final = 0.9
"""Of all students."""
MOST_OF_CLASS: Final = 0.15
"""Of a seat: what is called a class, and costs more, is something else."""


@dataclass(frozen=True)
class Pooled:
    """A rule with the sections that it keeps, and the students that it is for."""

    rule: RuleOf
    kept: Bools
    home: float
    seats: float
    """Of students in the sections that it keeps."""
    price: float
    """What all of them cost by what these sections are, in students."""
    says_class: bool
    """Whether these sections, or the rule itself, are called a class."""
    may_be_class: bool
    """Whether nearly all of these sections are no lessons, and the rule is more than a number."""
    lesson: Kind | None = None
    """The lesson that the rule is for, if it is for one, and no number."""

    @property
    def cost(self) -> float:
        """What it costs, in students, where no other rule comes before it."""
        return self.cost_of(self.seats)

    def cost_of(self, seats: float) -> float:
        """Return what it costs, in students, where it gives so many seats."""
        is_for = (self.home + min(self.home, seats)) / 2
        return self.rule.share * is_for + self.price * seats / (self.seats or 1)


def pooled(pricing: Pricing, rule: RuleOf, home: float) -> Pooled:
    """Return a rule counted over everybody; `home` is the number of students that it is for."""
    kept = rule.holds(pricing.survey)
    sums, seats = pricing.sums(kept), float(pricing.seats[kept].sum())
    price = float(prices([rule.meaning], sums[None, :])[0])
    is_cheap = price < MOST_OF_CLASS * seats
    lesson = lesson_of(sums)
    says_class = rule.meaning <= Meaning.CLASS and not (rule.meaning is Meaning.CLASS and lesson)
    says_class |= classes(sums, rule.meaning) >= CALLED_CLASS * seats
    may_be_class = bool(may_be_classes([rule.meaning], sums[None, :])[0])
    says_class &= is_cheap
    lesson = None if says_class or rule.meaning in NUMBERS else lesson
    return Pooled(rule, kept, home, seats, price, says_class, is_cheap and may_be_class, lesson)


@dataclass(frozen=True)
class RuleSet:
    """Rules in their order, and what each student then has: `places[student]` sections."""

    rules: tuple[Pooled, ...]
    """None of them for the filter in force, which is as it is."""
    kept: tuple[Bools, ...] = field(repr=False)
    """The sections that each rule keeps, in the order of the rules."""
    strategy: Strategy
    places: Places = field(repr=False)
    score: float
    """Students with exactly one section, less what the rules cost."""
    called: int
    """Students whose only section is called a class."""
    no_lessons: int
    """Students whose only section may be a class, by whatever word."""

    def sections(self, attended: Bools) -> bytes:
        """Return which of the attended sections are kept, and in which order: what tells drafts apart."""
        kept = [one & attended for one in self.kept]
        if self.strategy == "union":
            kept = [np.logical_or.reduce(kept)]
        return b"".join(np.packbits(one).tobytes() for one in kept)

    @property
    def rank(self) -> tuple[bool, bool, float]:
        """What orders sets of rules, the lowest first.

        Where nearly every student has a class that is called one, or a section that is no lesson, no lesson
        is anybody's class, however many students it would place beside: those without are told of.
        """
        nearly_all = NEARLY_ALL * len(self.places)
        return self.called < nearly_all, self.no_lessons < nearly_all, -self.score

    @property
    def exactly_one(self) -> int:
        """Students with exactly one section."""
        return int((self.places == 1).sum())

    @property
    def none(self) -> int:
        """Students with none."""
        return int((self.places == 0).sum())

    @property
    def several(self) -> int:
        """Students with two or more."""
        return int((self.places > 1).sum())


def draft(pricing: Pricing, rules: Sequence[Pooled], strategy: Strategy) -> RuleSet:
    """Return the rules counted over everybody."""
    if len(rules) == 1:
        strategy = "union"
    survey, kept = pricing.survey, tuple(one.kept for one in rules)
    placed = _placed(survey, kept, strategy)
    if strategy == "union":
        cost = sum(one.cost for one in rules)
    else:
        by_each = zip(rules, placed, strict=True)
        cost = sum(one.cost_of(float(counts.sum())) for one, counts in by_each)
        cost += FIRST_MATCH_SHARE * survey.students
    places = sum(placed, np.zeros(survey.students, dtype=np.int32))
    is_single = _places_right(pricing, kept, strategy, places)
    told = [one.kept for one in rules if one.says_class]
    called = _are_in(survey, told)
    uncalled = _by_rule(survey, rules, placed, strategy)
    score = credible(survey, is_single, called, uncalled, _by_lesson(rules, uncalled)) - cost
    others = _are_in(survey, [one.kept for one in rules if one.may_be_class])
    by_class, by_others = (int((is_single & each).sum()) for each in (called, others))
    return RuleSet(tuple(rules), kept, strategy, places, score, by_class, by_others)


def _by_rule(
    survey: Survey, rules: Sequence[Pooled], placed: Sequence[Places], strategy: Strategy
) -> list[Bools]:
    """Return which students each rule places that is for what is not called a class."""
    if strategy == "first_match" or len(rules) == 1:
        return [counts > 0 for one, counts in zip(rules, placed, strict=True) if not one.says_class]
    return [survey.counts(one.kept) > 0 for one in rules if not one.says_class]


def _by_lesson(rules: Sequence[Pooled], uncalled: Sequence[Bools]) -> list[Bools]:
    """Return which students each kind of lesson places, where the rules are for several."""
    pairs = list(zip((one.lesson for one in rules if not one.says_class), uncalled, strict=True))
    kinds = sorted({kind for kind, _ in pairs if kind is not None})
    if len(kinds) == 1:
        return []
    return [np.logical_or.reduce([some for of, some in pairs if of is kind]) for kind in kinds]


def _are_in(survey: Survey, kept: Sequence[Bools]) -> Bools:
    """Return which students are in any of these sections."""
    if not kept:
        return np.zeros(survey.students, dtype=np.bool_)
    return survey.counts(np.logical_or.reduce(kept)) > 0


def _places_right(pricing: Pricing, kept: Sequence[Bools], strategy: Strategy, places: Places) -> Bools:
    """Return who has exactly one section; who is taught apart, only if that is the class for it."""
    is_single: Bools = places == 1
    if pricing.apart.are_any:
        right = _placed(pricing.survey, kept, strategy, pricing.apart.classes)
        is_single &= ~pricing.apart.students | (sum(right, np.zeros_like(places)) == 1)
    return is_single


def draft_in_force(survey: Survey, pricing: Pricing, in_force: SectionFilter) -> RuleSet:
    """Return the filter in force counted over everybody: its words cost nothing, since they are there.

    The survey has what the filter looks at, which may be sections of more terms than those that are priced.
    """
    kept = tuple(survey.ranks == rule for rule in range(max(1, len(in_force.rules))))
    places = sum(_placed(survey, kept, in_force.strategy), np.zeros(survey.students, dtype=np.int32))
    is_kept = np.logical_or.reduce(kept)
    sums = pricing.sums(is_kept)
    price = float(prices([Meaning.HOMEROOM], sums[None, :])[0])
    called, others = (
        int(((places == 1) & (survey.counts(is_kept & np.isin(pricing.kinds, some)) > 0)).sum())
        for some in (CALLED_CLASSES, NO_LESSONS)
    )
    score = float((places == 1).sum()) - price
    return RuleSet((), kept, in_force.strategy, places, score, called, others)


def placed_by_rules(survey: Survey, given: RuleSet, among: Bools | None = None) -> list[Places]:
    """Return how many sections each rule gives each student, of those `among` if given."""
    if given.strategy == "union":
        return [survey.counts(one if among is None else one & among) for one in given.kept]
    return _placed(survey, given.kept, given.strategy, among)


def _placed(
    survey: Survey, kept: Sequence[Bools], strategy: Strategy, among: Bools | None = None
) -> list[Places]:
    """Return how many sections each student has, of those `among` if given: by all rules, or each in turn."""
    if strategy == "union":
        everything: Bools = np.logical_or.reduce(kept)
        return [survey.counts(everything if among is None else everything & among)]
    placed: list[Places] = []
    waiting = np.ones(survey.students, dtype=np.bool_)
    for one in kept:
        counts = survey.counts(one)
        told = counts if among is None else survey.counts(one & among)
        placed.append(np.where(waiting, told, 0).astype(np.int32))
        waiting &= counts == 0
    return placed


def simplified(pricing: Pricing, given: RuleSet) -> RuleSet:
    """Return the draft without what does no good: rules, and limits of rules to schools."""
    best = given
    for one in given.rules:
        without = [other for other in best.rules if other is not one]
        if without and one in best.rules:
            best = _better(best, draft(pricing, without, best.strategy))
    for place, one in enumerate(best.rules):
        if one.rule.schools is not None:
            freed = pooled(pricing, one.rule.everywhere, one.home)
            rules = [*best.rules[:place], freed, *best.rules[place + 1 :]]
            best = _better(best, draft(pricing, rules, best.strategy))
    return best


def _better(one: RuleSet, other: RuleSet) -> RuleSet:
    return other if other.rank <= one.rank else one
