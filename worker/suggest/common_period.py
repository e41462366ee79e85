"""The one period that no student of a school has free: attendance is taken in it, whatever its number is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from worker.suggest.conditions import CandidateCondition
from worker.suggest.exclusions import Sitting
from worker.suggest.rule_kinds import Meaning

ALL: Final = 0.99
"""Of the students: so many have exactly one section in the period."""
MOST_OF_OTHERS: Final = 0.95
"""Of the students: no more have exactly one in any other, or the one is like the others."""
FEWEST_OTHERS: Final = 2


def with_common_period(found: Sequence[CandidateCondition], sitting: Sitting) -> list[CandidateCondition]:
    """Return the conditions, that on the one period which all students have with the meaning of the first."""
    numbers = (Meaning.FIRST, Meaning.NUMBER)
    periods = [
        (sitting.single(atom.mask), atom)
        for atom in found
        if atom.condition.field == "period" and atom.condition.op == "is" and atom.meaning in numbers
    ]
    periods.sort(key=lambda one: -one[0])
    if len(periods) <= FEWEST_OTHERS or periods[0][0] < ALL * sitting.students:
        return list(found)
    if periods[1][0] > MOST_OF_OTHERS * sitting.students:
        return list(found)
    common = periods[0][1]
    return [replace(atom, meaning=Meaning.FIRST) if atom is common else atom for atom in found]
