"""Grades that a suggestion leaves out of its scope, since their students are in nothing that may be a class.

A district may list its preschool and share no class of it. No rule gives these students one, and while they
are in scope each of them is an error.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from worker.domain.roster.section_filter import Scope
from worker.suggest.columns import Bools
from worker.suggest.evidence import Kind
from worker.suggest.pricing import Pricing
from worker.suggest.rule_sets import RuleSet

NEARLY_ALL: Final = 0.95
"""Of a grade: so many are in nothing that may be a class, or the grade stays."""
MOST_LEFT_OUT: Final = 0.35
"""Of the students."""
PLACED: Final = 0.98
"""Of the others: so many have exactly one class, or to leave a grade out is no answer."""


def without_grades(pricing: Pricing, one: RuleSet, scope: Scope) -> tuple[Scope, Bools] | None:
    """Return a narrower scope for a draft, and which students are in it; None where none is to be offered."""
    survey = pricing.survey
    number = len(survey.grades)
    unserved = survey.counts(pricing.kinds <= Kind.CORE) == 0
    everybody = np.bincount(survey.student_grade, minlength=number)
    of_grade = np.bincount(survey.student_grade[unserved & (one.places != 1)], minlength=number)
    left_out = (of_grade > 0) & (of_grade >= NEARLY_ALL * everybody)
    stays = ~left_out[survey.student_grade]
    has_blank = any(everybody[place] and not grade.strip() for place, grade in enumerate(survey.grades))
    if has_blank or not left_out.any() or int((~stays).sum()) > MOST_LEFT_OUT * survey.students:
        return None
    if int((one.places[stays] == 1).sum()) < PLACED * int(stays.sum()):
        return None
    kept = sorted(
        grade for place, grade in enumerate(survey.grades) if everybody[place] and not left_out[place]
    )
    return scope.model_copy(update={"grades": tuple(kept)}), stays


def narrowed(one: RuleSet, stays: Bools) -> RuleSet:
    """Return a draft counted over those who stay in scope."""
    return replace(one, places=one.places[stays])
