"""Districts of many habits, made by rules that the search does not read: it finds the known best filter."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from tests.suggest.surveys import suggestions
from tests.support.districts.habits import HABITS, Coverage, Habit
from worker.suggest.suggestions import Suggestion

fitting = [habit for habit in HABITS if not habit.is_hopeless]
hopeless = [habit for habit in HABITS if habit.is_hopeless]


def coverage(suggestion: Suggestion) -> Coverage:
    return Coverage(suggestion.exactly_one, suggestion.none, suggestion.several)


@pytest.fixture(scope="module")
def found() -> Callable[[Habit], list[Suggestion]]:
    """What is suggested to a habit's district, looked for once."""

    @cache
    def look(habit: Habit) -> list[Suggestion]:
        district = habit.district()
        return suggestions(district.records, district.today, seconds=1 if habit.is_hopeless else 60)

    return look


@pytest.mark.parametrize("habit", fitting, ids=lambda habit: habit.name)
def test_the_first_suggestion_is_the_best(habit: Habit, found: Callable[[Habit], list[Suggestion]]) -> None:
    district = habit.district()
    assert district.best is not None
    known = district.coverage(district.best)
    assert district.coverage(found(habit)[0].section_filter).exactly_one >= known.exactly_one


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_suggestions_tell_their_coverage(habit: Habit, found: Callable[[Habit], list[Suggestion]]) -> None:
    district = habit.district()
    for suggestion in found(habit):
        assert district.coverage(suggestion.section_filter) == coverage(suggestion)


@pytest.mark.parametrize("habit", hopeless, ids=lambda habit: habit.name)
def test_where_no_rule_is_good_it_says_so_and_tells_whom_each_would_leave(
    habit: Habit, found: Callable[[Habit], list[Suggestion]]
) -> None:
    for suggestion in found(habit):
        left = suggestion.none + suggestion.several
        told = sum(one.none + one.several for one in suggestion.leftovers)
        assert left > 0
        assert told == left or suggestion.leftover_groups > len(suggestion.leftovers)
