"""The last students: rules for the few whom a good set of rules leaves without a class.

One student without a class holds up the whole district, so that a rule for a handful is worth it, if what it
keeps is called a class. Students who are in nothing but art are better told of.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

from worker.domain.roster.section_filter import Strategy
from worker.suggest.conditions import CandidateCondition, Part, atoms
from worker.suggest.deadline import Deadline
from worker.suggest.pricing import CALLED_CLASSES, Pricing
from worker.suggest.rule_sets import RuleSet, draft, pooled
from worker.suggest.rules import single
from worker.suggest.schools import seats

FEW: Final = 0.05
"""Of the students: more without a class need other rules, and not some more."""
MOST_RULES: Final = 6
"""Of a set: more are none that anybody keeps up."""
MOST_TRIED: Final = 6
"""Conditions for one more rule."""
CALLED: Final = 0.8
"""Of the seats of these students that a rule keeps: so many are in what is called a class."""


def completed(pricing: Pricing, given: RuleSet, deadline: Deadline) -> RuleSet:
    """Return the draft with rules for those whom it leaves without a class, as far as there are any."""
    best = given
    while best.rules and len(best.rules) < MOST_RULES and deadline.left:
        waiting = np.flatnonzero(best.places == 0).astype(np.int32)
        if not 0 < len(waiting) <= FEW * pricing.survey.students:
            break
        better = _with_one_more(pricing, best, waiting)
        if better is None:
            break
        best = better
    return best


def _with_one_more(pricing: Pricing, given: RuleSet, waiting: npt.NDArray[np.int32]) -> RuleSet | None:
    sections, sizes = seats(pricing.survey, waiting)
    local, places = np.unique(sections, return_inverse=True)
    part = Part(pricing.survey, local.astype(np.int32), np.bincount(places, minlength=len(local)))
    owners = np.repeat(np.arange(len(waiting)), sizes)
    is_class = np.isin(pricing.kinds[local], CALLED_CLASSES)
    gains: list[tuple[int, CandidateCondition]] = []
    for atom in atoms(part, len(waiting)) if is_class.any() else ():
        kept = part.seats[atom.mask]
        if atom.is_negative or part.seats[atom.mask & is_class].sum() < CALLED * kept.sum():
            continue
        counts = np.bincount(owners[atom.mask[places]], minlength=len(waiting))
        gains.append((int((counts == 1).sum()), atom))
    gains.sort(key=lambda one: (-one[0], one[1].standing))
    strategies: tuple[Strategy, ...] = ("union", "first_match")
    for gain, atom in gains[:MOST_TRIED]:
        rule = pooled(pricing, single(atom), float(len(waiting)))
        for strategy in strategies:
            one = draft(pricing, [*given.rules, rule], strategy)
            if gain and strategy in (given.strategy, "first_match") and one.rank < given.rank:
                return one
    return None
