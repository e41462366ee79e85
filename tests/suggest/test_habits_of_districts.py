"""Districts of many habits, made by rules that the search does not read: it finds each student's class."""

from __future__ import annotations

from typing import Final

import pytest

from tests.suggest.verdicts import judge_first, names_told, suggested
from tests.support.districts.habits import HABITS, Coverage, Habit
from tests.support.districts.habits.verdict import Verdict
from tests.support.sampling import part_of, tries_all
from worker.suggest.suggestions import Suggestion

NOT_FOUND_YET: Final[frozenset[str]] = frozenset()
"""Habits for which the first suggestion gives students something else than their class, or too few theirs."""
NAMES_TOLD_YET: Final[frozenset[str]] = frozenset()
"""Habits for which some suggestion tells a person's name."""

looked_at = [habit for habit in HABITS if tries_all() or part_of(habit.name, 2) == 0]
"""Half of them, always the same ones; `make test-full` looks at all."""


def coverage(suggestion: Suggestion) -> Coverage:
    return Coverage(suggestion.exactly_one, suggestion.none, suggestion.several)


@pytest.mark.parametrize("habit", looked_at, ids=lambda habit: habit.name)
def test_suggestions_are_the_classes_tell_their_coverage_and_nobodys_name(habit: Habit) -> None:
    """One search for all that is demanded of it: in a search is nearly all the time that this takes."""
    district = habit.district()
    found = suggested(habit, district)

    is_found = judge_first(district, found).verdict is Verdict.FOUND
    assert is_found == (habit.name not in NOT_FOUND_YET), "what the first suggestion gives students"
    told = names_told(district, found)
    assert bool(told) == (habit.name in NAMES_TOLD_YET), f"names in suggestions: {told}"
    for suggestion in found:
        assert district.coverage(suggestion.section_filter) == coverage(suggestion)
        if habit.is_hopeless and not habit.is_lockstep:
            assert_it_tells_whom_it_would_leave(suggestion)


def assert_it_tells_whom_it_would_leave(suggestion: Suggestion) -> None:
    """Where no rule is good by its count, it says so."""
    left = suggestion.none + suggestion.several
    told = sum(one.none + one.several for one in suggestion.leftovers)
    assert left > 0
    assert told == left or suggestion.leftover_groups > len(suggestion.leftovers)
