"""Rules: one or two conditions that must hold together, perhaps only at some schools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from worker.domain.roster.section_filter import Condition, Rule
from worker.suggest.columns import BLANK, NEGATIVE, Bools, holds
from worker.suggest.conditions import CandidateCondition
from worker.suggest.rule_kinds import Meaning
from worker.suggest.survey import Survey

RULE_SHARE: Final = 0.01
"""Of the students it is for: what a rule costs by itself, so that none is added for a handful."""
SECOND_SHARE: Final = 0.004
"""The same for its second condition, and for each one more."""
LEFT_OUT_SHARE: Final = 0.001
"""The same for each condition that must not hold."""
UNTOLD_SHARE: Final = 0.002
"""The same where Clever's sharing rules cannot say it."""
UNSAID_SHARE: Final = 0.01
"""The same where it says only what a class is not."""
SCHOOLS_SHARE: Final = 0.008
"""The same where it holds at some schools only."""
MOST_OTHERS: Final = 2
"""Schools that are told as those where a rule does not hold, instead of many where it does."""


@dataclass(frozen=True)
class RuleOf:
    """Conditions that must hold together; `schools` are those it is for, None where it is for all."""

    conditions: tuple[Condition, ...]
    meaning: Meaning
    in_clever: bool
    schools: tuple[int, ...] | None = None

    @property
    def key(self) -> tuple[str, ...]:
        """What tells it from other rules, and orders them."""
        told = tuple(f"{c.field} {c.op} {c.value}" for c in self.conditions)
        return told if self.schools is None else (*told, *map(str, self.schools))

    @property
    def share(self) -> float:
        """Of the students whom it is for: what its words cost, whatever they mean."""
        share = RULE_SHARE
        negative = sum(condition.op in NEGATIVE for condition in self.conditions)
        share += SECOND_SHARE * max(0, len(self.conditions) - 1 - negative) + LEFT_OUT_SHARE * negative
        share += 0 if self.in_clever else UNTOLD_SHARE
        share += UNSAID_SHARE if self.meaning is Meaning.NOTHING else 0
        share += 0 if self.schools is None else SCHOOLS_SHARE
        return share

    def at(self, schools: tuple[int, ...]) -> RuleOf:
        """Return the rule for these schools only."""
        return RuleOf(self.conditions, self.meaning, self.in_clever, schools)

    @property
    def everywhere(self) -> RuleOf:
        """The rule for all schools."""
        return RuleOf(self.conditions, self.meaning, self.in_clever)

    def holds(self, survey: Survey) -> Bools:
        """Return for each section of the district whether the rule keeps it."""
        kept = np.ones(survey.sections, dtype=np.bool_)
        for condition in self.conditions:
            kept &= holds(condition, survey.columns)
        if self.schools is not None:
            kept &= np.isin(survey.section_school, self.schools)
        return kept

    def to_filter_rule(self, survey: Survey) -> Rule:
        """Return it as a section filter has it."""
        if self.schools is None:
            return Rule(all=self.conditions)
        ids = tuple(survey.schools[school] for school in self.schools)
        others = [one for place, one in enumerate(survey.schools) if place not in self.schools]
        if len(ids) == 1:
            only = [Condition(field="school", op="is", value=ids[0])]
        elif 0 < len(others) <= MOST_OTHERS < len(ids) and not (survey.section_school == BLANK).any():
            only = [Condition(field="school", op="is_not", value=one) for one in others]
        else:
            only = [Condition(field="school", op="one_of", value=ids)]
        return Rule(all=(*self.conditions, *only))


def single(atom: CandidateCondition) -> RuleOf:
    """Return the rule of one condition."""
    return RuleOf((atom.condition,), atom.meaning, atom.in_clever)


def both(one: CandidateCondition, other: CandidateCondition) -> RuleOf:
    """Return the rule of two conditions; it means what the more telling of them does, which no grade is."""
    telling = [atom.meaning for atom in (one, other) if atom.condition.field != "grade"]
    return RuleOf(
        (one.condition, other.condition),
        min(telling, default=one.meaning),
        one.in_clever and other.in_clever,
    )
