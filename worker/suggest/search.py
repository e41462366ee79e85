"""From the rules of schools to rules for a district: merged where the schools agree, and ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from worker.runtime.progress import Progress
from worker.suggest.columns import Bools
from worker.suggest.completion import completed
from worker.suggest.counting import ProfileGroup, group, kinds_of
from worker.suggest.deadline import Deadline
from worker.suggest.optimiser import choose, in_turn
from worker.suggest.pricing import Pricing
from worker.suggest.program_first import with_program_first
from worker.suggest.rule_kinds import Meaning
from worker.suggest.rule_sets import Pooled, RuleSet, draft, pooled, simplified
from worker.suggest.rules import RuleOf
from worker.suggest.schools import SchoolRules, school_rules, seats
from worker.suggest.survey import Survey
from worker.suggest.tied import takes_from_classes, tied

MOST_SUGGESTIONS: Final = 5
MOST_POOLED: Final = 20
"""Rules that the schools' best sets come down to: the ones with the most students behind them."""
SECONDS: Final = 6.0
"""For all optima over the whole district, at most."""
FAIR_SHARE: Final = 0.8
"""Of the time left, divided by the schools left: what one school may take of it."""
LEAST_SECONDS: Final = 0.2
"""For one school, if there is as much."""
COMPARABLE: Final = 0.95
"""Of the best draft's students: one that serves fewer is no answer beside it."""
WORTH_KEEPING: Final = 0.8
"""Of all students: a filter in force that serves fewer is no answer, whatever else there is."""
COMPARABLE_HOMEROOM: Final = 0.8
"""The same for rules that mean homeroom, of which a person may well think more."""


@dataclass(frozen=True, slots=True)
class Search:
    """What was found: drafts, the best first, and whether the time was enough to look everywhere."""

    drafts: Sequence[RuleSet]
    was_cut_short: bool


@dataclass(slots=True)
class _Votes:
    """How many students stand behind each rule, and at which schools."""

    rules: dict[tuple[str, ...], RuleOf] = field(default_factory=dict)
    students: dict[tuple[str, ...], float] = field(default_factory=lambda: defaultdict(float))
    schools: dict[tuple[str, ...], set[int]] = field(default_factory=lambda: defaultdict(set))

    def add(self, rules: Iterable[RuleOf], students: int, school: int) -> None:
        for rule in rules:
            known = self.rules.get(rule.key, rule)
            self.rules[rule.key] = min(known, rule, key=lambda one: one.meaning)
            self.students[rule.key] += students
            self.schools[rule.key].add(school)

    def first(self, number: int) -> list[RuleOf]:
        ranked = sorted(self.rules, key=lambda key: (-self.students[key], key))
        return [self.rules[key] for key in ranked[:number]]


@dataclass(frozen=True)
class _Merging:
    """The pooled rules, and the district's students by what they have of each."""

    pool: Sequence[Pooled]
    students: ProfileGroup
    kept: Bools
    """`kept[rule, kind]`: which kinds of sections a rule keeps."""

    @property
    def costs(self) -> npt.NDArray[np.float64]:
        """What each rule costs, in students."""
        return np.array([one.cost for one in self.pool])


def search(
    pricing: Pricing, in_force: RuleSet, deadline: Deadline, progress: Progress, *, keeps_homerooms: bool
) -> Search:
    """Return the drafts that suit the district best; the one `in_force` is among them if it does.

    With `keeps_homerooms` none takes students out of homerooms that the filter in force gives them.
    """
    survey = pricing.survey
    known = [in_force] if in_force.exactly_one >= WORTH_KEEPING * survey.students else []
    chosen, good, is_cut_short = _ask_schools(pricing, deadline, progress)
    pool = _pool(pricing, chosen, good)
    if not pool:
        return Search(_ranked(survey, known), is_cut_short)
    merging = _merging(survey, pool)
    found = known
    solving = Deadline(min(SECONDS, deadline.left))
    for some in _families(pool):
        left = min(solving.left, deadline.left)
        answer = choose(merging.students, merging.kept[some], merging.costs[some], left)
        is_cut_short |= not answer.is_proven
        if answer.rules:
            rules = [pool[some[rule]] for rule in answer.rules]
            found.append(simplified(pricing, draft(pricing, rules, "union")))
    called_class = np.array([one.says_class for one in pool], dtype=np.bool_)
    for first in (None, called_class):
        turns = in_turn(merging.students, merging.kept, merging.costs, first)
        if len(turns) > 1:
            found.append(draft(pricing, [pool[rule] for rule in turns], "first_match"))
    found += [draft(pricing, [one], "union") for one in pool if one.rule.schools is None]
    best = min(found, key=lambda one: one.rank)
    found += [completed(pricing, with_program_first(pricing, best), deadline)] if best.score > 0 else []
    if keeps_homerooms:
        found = [one for one in found if one is in_force or not takes_from_classes(pricing, one, in_force)]
    return Search([tied(pricing, one) for one in _ranked(survey, found)], is_cut_short)


def _ask_schools(pricing: Pricing, deadline: Deadline, progress: Progress) -> tuple[_Votes, _Votes, bool]:
    """Find the rules of each school, the largest first, while there is time."""
    chosen, good = _Votes(), _Votes()
    is_cut_short = False
    bounds = pricing.survey.school_bounds
    for order, place in enumerate(np.argsort(-np.diff(bounds), kind="stable")):
        first, last = int(bounds[place]), int(bounds[place + 1])
        if first == last:
            break
        # What is left is for merging what was found. Without one school there is nothing to say at all.
        if deadline.was_cancelled or (order and deadline.left < deadline.seconds / 3):
            is_cut_short = True
            break
        share = FAIR_SHARE * deadline.left / (len(bounds) - 1 - order)
        found: SchoolRules = school_rules(pricing, first, last, min(deadline.left, max(LEAST_SECONDS, share)))
        is_cut_short |= not found.is_proven
        chosen.add(found.best, last - first, int(place) - 1)
        good.add(found.others, last - first, int(place) - 1)
        progress("schools", 1)
    return chosen, good, is_cut_short


def _pool(pricing: Pricing, chosen: _Votes, good: _Votes) -> list[Pooled]:
    """Return the rules to merge: everywhere, and each only at the schools that chose it."""
    survey = pricing.survey
    everywhere = chosen.first(MOST_POOLED)
    known = {rule.key for rule in everywhere}
    others = [rule for rule in good.first(MOST_POOLED) if rule.key not in known][: MOST_POOLED // 2]
    pool = [pooled(pricing, rule, chosen.students[rule.key]) for rule in everywhere]
    pool += [pooled(pricing, rule, float(survey.students)) for rule in others]
    attended = tuple(np.flatnonzero(np.diff(survey.school_bounds)[1:] > 0).tolist())
    for rule in everywhere:
        schools = tuple(sorted(chosen.schools[rule.key] - {-1}))
        if schools and len(schools) < len(attended):
            pool.append(pooled(pricing, rule.at(schools), chosen.students[rule.key]))
    for one in list(pool):
        # A center that has no students of its own may list those of other schools in a second homeroom.
        elsewhere = one.kept & ~np.isin(survey.section_school, attended) & (pricing.seats > 0)
        if one.rule.schools is None and one.says_class and attended and elsewhere.any():
            pool.append(pooled(pricing, one.rule.at(attended), one.home))
    return [one for one in pool if one.kept.any()]


def _merging(survey: Survey, pool: Sequence[Pooled]) -> _Merging:
    """Return all students by how many sections they have of those that the same rules keep."""
    kinds, kept = kinds_of(np.array([one.kept for one in pool]))
    # Students with equal sums of their kinds' random marks have the same profile; one of each is looked at.
    random = np.random.default_rng(1)
    marks = np.array([random.integers(1, 2**63) for _ in range(kept.shape[1])], dtype=np.uint64)
    running = np.zeros(len(survey.edge_section) + 1, dtype=np.uint64)
    np.cumsum(marks[kinds[survey.edge_section]], out=running[1:])
    sums = np.diff(running[survey.starts])
    _, first, weights = np.unique(sums, return_index=True, return_counts=True)
    sections, sizes = seats(survey, first.astype(np.int32))
    students = group(kinds[sections], kept.shape[1], sizes, weights.astype(np.float64))
    return _Merging(pool, students, kept)


def _families(pool: Sequence[Pooled]) -> list[list[int]]:
    """Return the parts of the pool that an answer is sought in: with limits to schools, and simpler ones."""
    everything = list(range(len(pool)))
    everywhere = [place for place in everything if pool[place].rule.schools is None]
    homerooms = [place for place in everything if pool[place].rule.meaning is Meaning.HOMEROOM]
    families = [everything, everywhere, homerooms, [place for place in homerooms if place in everywhere]]
    return [family for place, family in enumerate(families) if family and family not in families[:place]]


def _ranked(survey: Survey, found: Iterable[RuleSet]) -> list[RuleSet]:
    """Return the drafts that are worth a look, the best first, each of other sections than the rest."""
    useful = [one for one in found if one.score > 0]
    ranked = sorted(useful, key=lambda one: (one.rank, len(one.rules), [p.rule.key for p in one.rules]))
    attended = np.zeros(survey.sections, dtype=np.bool_)
    attended[survey.edge_section] = True
    best, taken = list[RuleSet](), set[bytes]()
    for one in ranked:
        key = one.sections(attended)
        if key not in taken and _is_comparable(one, ranked[0]):
            taken.add(key)
            best.append(one)
    return best[:MOST_SUGGESTIONS]


def _is_comparable(one: RuleSet, best: RuleSet) -> bool:
    means_homeroom = all(pooled.rule.meaning is Meaning.HOMEROOM for pooled in one.rules)
    return one.exactly_one >= (COMPARABLE_HOMEROOM if means_homeroom else COMPARABLE) * best.exactly_one
