"""Rules for the few are tied to their schools, and no first load is taken out of its homerooms."""

from __future__ import annotations

from typing import Final

import numpy as np

from worker.suggest.pricing import CALLED_CLASSES, Pricing
from worker.suggest.rule_sets import Places, RuleSet, draft, placed_by_rules, pooled

FEW_MOVED: Final = 0.01
"""Of the students whose class is called one: so many may lose it by rules that are suggested."""


def tied(pricing: Pricing, given: RuleSet) -> RuleSet:
    """Return the rules, of which each that keeps no class by name holds only where it places students.

    At the other schools nothing changes today. But a student who is taken out of a homeroom there tomorrow
    would have by such a rule, as "subject is other", recess as a class.
    """
    if len(given.rules) < 2 or not any(one.says_class for one in given.rules):  # noqa: PLR2004 — one is for all
        return given
    survey = pricing.survey
    attended = np.flatnonzero(np.diff(survey.school_bounds)[1:] > 0)
    rules = []
    for one, places in zip(given.rules, placed_by_rules(survey, given), strict=True):
        schools = np.unique(survey.student_school[places > 0])
        is_tied = not one.says_class and one.rule.schools is None and 0 < len(schools) < len(attended)
        if is_tied and schools[0] >= 0:
            one = pooled(pricing, one.rule.at(tuple(schools.tolist())), one.home)  # noqa: PLW2901
        rules.append(one)
    found = draft(pricing, rules, given.strategy)
    return found if np.array_equal(found.places, given.places) else given


def takes_from_classes(pricing: Pricing, given: RuleSet, in_force: RuleSet) -> bool:
    """Whether rules take students out of the one section, called a class, that the filter in force gives."""
    survey = pricing.survey
    kept = np.logical_or.reduce(in_force.kept) & np.isin(pricing.kinds, CALLED_CLASSES)
    has_class = (in_force.places == 1) & (survey.counts(kept) > 0)
    stays: Places = sum(placed_by_rules(survey, given, kept), np.zeros(survey.students, dtype=np.int32))
    moved = has_class & (given.places > 0) & (stays == 0)
    return bool(moved.sum() > FEW_MOVED * has_class.sum())
