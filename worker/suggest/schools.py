"""The best rules for the students of one school, wherever their sections are."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.suggest.columns import Bools, Ints
from worker.suggest.common_period import with_common_period
from worker.suggest.conditions import CandidateCondition, Part, atoms, with_signs
from worker.suggest.counting import ProfileGroup, Tried, group, kinds_of, tried
from worker.suggest.evidence import Kind
from worker.suggest.exclusions import MISSHAPEN, Excluding, Sitting, excluding
from worker.suggest.optimiser import choose, in_turn
from worker.suggest.pricing import Pricing, may_be_classes, prices
from worker.suggest.rule_kinds import Meaning
from worker.suggest.rules import RuleOf, both, single
from worker.suggest.survey import Survey

MOST_STUDENTS: Final = 1500
"""Of a school, spread evenly over it: enough to find its rules, which are then counted over everybody."""
MOST_RULES: Final = 18
"""That the optimiser chooses from."""
PAIRED: Final = 40
"""Conditions that are tried in pairs."""
SECONDS: Final = 1.0
"""For one school's optimum, at most."""
CHEAP: Final = 0.03
"""Of the students, that a rule for homerooms costs: what costs more keeps other sections."""
HARMLESS: Final = 0.005
"""Of the students whom a rule gives one section: so many with several are noise."""
GOOD_ENOUGH: Final = 0.025
"""Of a school's students: what one rule more may bring at most, and it would cost nearly as much."""
MOST_CALLED: Final = 2
"""Rules that mean homeroom, looked at whatever they count; beside them the best one for no lessons."""
SATISFYING: Final = 0.97
"""Of the students, by one rule that means homeroom: then pairs are not tried."""


@dataclass(frozen=True, slots=True)
class SchoolRules:
    """What was found for a school: the rules of its best set, and others that are good for something."""

    students: int
    best: tuple[RuleOf, ...]
    others: tuple[RuleOf, ...]
    is_proven: bool


@dataclass(frozen=True)
class _Kinds:
    """Sections that no condition tells apart: which conditions hold, and the features of all their seats."""

    holding: Bools
    features: npt.NDArray[np.float64]


@dataclass(frozen=True)
class _Candidates:
    """Rules with the kinds of sections that each keeps, what each gives, and what each costs."""

    rules: list[RuleOf]
    kept: Bools
    given: Tried
    costs: npt.NDArray[np.float64]
    may_be_classes: Bools
    """Of each whether nearly all of its sections are no lessons, and it says more than a number."""

    @property
    def values(self) -> npt.NDArray[np.float64]:
        """Students that each is worth, once those are taken off that it makes hopeless."""
        worth: npt.NDArray[np.float64] = self.given.exactly_one - 0.5 * self.given.several - self.costs
        return worth

    def only(self, chosen: Iterable[int]) -> _Candidates:
        at = list(chosen)
        given = Tried(self.given.exactly_one[at], self.given.several[at])
        rules = [self.rules[rule] for rule in at]
        return _Candidates(rules, self.kept[at], given, self.costs[at], self.may_be_classes[at])


def school_rules(pricing: Pricing, first: int, last: int, seconds: float) -> SchoolRules:
    """Return what suits the students from `first` up to `last`; `seconds` are for the optimum."""
    survey = pricing.survey
    chosen = _sample(first, last)
    sections, sizes = seats(survey, chosen)
    local, places = np.unique(sections, return_inverse=True)
    part = Part(survey, local.astype(np.int32), np.bincount(places, minlength=len(local)))
    found = atoms(part, len(chosen))
    if not found:
        return SchoolRules(last - first, (), (), is_proven=True)
    without: list[Excluding] = []
    sitting = Sitting(places.astype(np.int32), np.repeat(np.arange(len(sizes)), sizes), len(sizes))
    found = with_common_period(found, sitting)
    homerooms = (pricing.kinds[local] == Kind.HOMEROOM) & (pricing.shape[local] < MISSHAPEN)
    if not _is_satisfied(found, sitting, homerooms):
        found = with_signs(part, len(chosen), found)
        without = excluding(part, sitting, pricing, found)
    kinds, holding = kinds_of(np.array([*(one.mask for one in found), *(one.mask for one in without)]))
    students = group(kinds[places], holding.shape[1], sizes)
    features = np.zeros((holding.shape[1], pricing.features.shape[1]))
    np.add.at(features, kinds, pricing.features[local] * part.seats[:, None])
    candidates = _candidates(found, [one.rule for one in without], _Kinds(holding, features), students)
    most = _best(candidates, MOST_RULES, students)
    answer = choose(students, most.kept, most.costs, min(SECONDS, seconds), GOOD_ENOUGH)
    turns = in_turn(students, candidates.kept, candidates.costs)
    ranked = np.argsort(-candidates.values, kind="stable").tolist()
    called = [rule for rule in ranked if candidates.rules[rule].meaning is Meaning.HOMEROOM][:MOST_CALLED]
    called += [rule for rule in ranked if candidates.may_be_classes[rule]][:1]
    singles = [most.rules[rule] for rule in np.argsort(-most.values, kind="stable")[:4]]
    return SchoolRules(
        last - first,
        tuple(most.rules[rule] for rule in answer.rules),
        (*(candidates.rules[rule] for rule in turns), *singles, *(candidates.rules[rule] for rule in called)),
        answer.is_proven,
    )


def _is_satisfied(found: list[CandidateCondition], sitting: Sitting, homerooms: Bools) -> bool:
    """Whether a condition that means homeroom gives nearly every student one."""
    means_homeroom = (atom for atom in found if atom.meaning is Meaning.HOMEROOM and not atom.is_negative)
    enough = SATISFYING * sitting.students
    return any(
        sitting.single(atom.mask) >= enough and sitting.single(atom.mask & homerooms) >= enough
        for atom in means_homeroom
    )


def _sample(first: int, last: int) -> Ints:
    """Return some of the students, the same each time."""
    number = min(last - first, MOST_STUDENTS)
    return (first + np.arange(number, dtype=np.int64) * (last - first) // max(1, number)).astype(np.int32)


def seats(survey: Survey, students: Ints) -> tuple[Ints, npt.NDArray[np.int64]]:
    """Return the sections of these students, one student after the other, and how many each has."""
    starts, stops = survey.starts[students], survey.starts[students + 1]
    sizes = stops - starts
    offsets = np.repeat(starts - np.concatenate(([0], np.cumsum(sizes)[:-1])), sizes)
    return survey.edge_section[offsets + np.arange(sizes.sum())], sizes


def _candidates(
    found: list[CandidateCondition], without: list[RuleOf], kinds: _Kinds, students: ProfileGroup
) -> _Candidates:
    """Return the rules of one condition, those of two, and rules `without` some sections."""
    positive = [place for place, atom in enumerate(found) if not atom.is_negative]
    rules = [*(single(found[place]) for place in positive), *without]
    positive += range(len(found), len(found) + len(without))
    alone = _judged(rules, kinds.holding[positive], kinds, students)
    means_homeroom = np.array([rule.meaning is Meaning.HOMEROOM for rule in alone.rules], dtype=np.bool_)
    is_cheap = alone.costs <= CHEAP * students.students
    if (means_homeroom & is_cheap & (alone.given.exactly_one >= SATISFYING * students.students)).any():
        return alone
    return _judged(*_with_pairs(found, kinds.holding, alone, positive), kinds, students)


def _with_pairs(
    found: list[CandidateCondition], holding: Bools, alone: _Candidates, positive: list[int]
) -> tuple[list[RuleOf], Bools]:
    """Return the rules of one condition and, of the promising ones, those of two.

    What two say that keep the same is told rather than what is left out.
    """
    reach = alone.given.exactly_one + alone.given.several
    weight = reach * np.array([2.0 if rule.meaning is Meaning.HOMEROOM else 1.0 for rule in alone.rules])
    ranked = [positive[rule] for rule in np.argsort(-weight, kind="stable")]
    bases = [place for place in ranked if place < len(found)][:PAIRED]
    negative = [place for place, atom in enumerate(found) if atom.is_negative][:PAIRED]
    pairs = [*combinations(bases, 2), *((base, other) for base in bases for other in negative)]
    rules, kept = list(alone.rules), list(alone.kept)
    seen = {row.tobytes(): place for place, row in enumerate(kept)}
    for one, other in pairs:
        row = holding[one] & holding[other]
        key = row.tobytes()
        if not row.any() or found[one].condition.field == found[other].condition.field == "subject":
            continue
        at = seen.setdefault(key, len(rules))
        if at == len(rules):
            rules.append(both(found[one], found[other]))
            kept.append(row)
        elif at < len(alone.rules) and len(rules[at].conditions) > 1:
            rules[at] = min(rules[at], both(found[one], found[other]), key=lambda rule: rule.meaning)
    return rules, np.array(kept)


def _judged(rules: list[RuleOf], kept: Bools, kinds: _Kinds, students: ProfileGroup) -> _Candidates:
    given = tried(students, kept)
    sums = kept @ kinds.features
    price = prices([rule.meaning for rule in rules], sums)
    touched = given.exactly_one + given.several
    costs = np.array([rule.share for rule in rules]) * (students.students + touched) / 2 + price
    return _Candidates(rules, kept, given, costs, may_be_classes([rule.meaning for rule in rules], sums))


def _best(candidates: _Candidates, number: int, students: ProfileGroup) -> _Candidates:
    """Return those that may be of use: the best by themselves, and small ones that do no harm.

    What gives some students several sections gives them several beside any other rule too; small rules that
    do not are what a set is made of, first of all those that mean a class.
    """
    given = candidates.given
    useful = np.flatnonzero(given.exactly_one > given.several)
    if not len(useful):
        useful = np.arange(len(candidates.rules))
    ranked = [int(rule) for rule in useful[np.argsort(-candidates.values[useful], kind="stable")]]
    harmless = [rule for rule in ranked if given.several[rule] <= HARMLESS * given.exactly_one[rule]]
    telling = [rule for rule in harmless if candidates.rules[rule].meaning <= Meaning.CLASS]
    simple = [rule for rule in harmless if len(candidates.rules[rule].conditions) == 1]
    some = number // 3
    if len(telling) > some:
        turns = in_turn(students, candidates.kept[telling], candidates.costs[telling], most=some)
        telling = list(dict.fromkeys([*(telling[turn] for turn in turns), *telling]))
    return candidates.only(
        list(dict.fromkeys([*ranked[:some], *telling[:some], *simple[:some], *harmless, *ranked]))[:number]
    )
