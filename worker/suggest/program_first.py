"""The class of a program before the homeroom, for students who are in both and taught in the program."""

from __future__ import annotations

import numpy as np

from worker.suggest.conditions import Part, atoms
from worker.suggest.pricing import Pricing
from worker.suggest.rule_sets import RuleSet, draft, pooled
from worker.suggest.rules import RuleOf, single
from worker.suggest.schools import seats


def with_program_first(pricing: Pricing, given: RuleSet) -> RuleSet:
    """Return the rules behind one for the students who are taught apart, if that is better."""
    if not given.rules or not pricing.apart.are_any:
        return given
    drafts = (
        draft(
            pricing, [pooled(pricing, rule, float(pricing.apart.students.sum())), *given.rules], "first_match"
        )
        for rule in _rules(pricing)
    )
    return min((given, *drafts), key=lambda one: one.rank)


def _rules(pricing: Pricing) -> list[RuleOf]:
    """Return the rules that give each of these students exactly one section, and that their class."""
    chosen = np.flatnonzero(pricing.apart.students).astype(np.int32)
    sections, _ = seats(pricing.survey, chosen)
    local, places = np.unique(sections, return_inverse=True)
    part = Part(pricing.survey, local.astype(np.int32), np.bincount(places, minlength=len(local)))
    is_class = pricing.apart.classes[local]
    return [
        single(atom)
        for atom in atoms(part, len(chosen))
        if not atom.is_negative and (atom.mask & is_class).any() and not (atom.mask & ~is_class).any()
    ]
