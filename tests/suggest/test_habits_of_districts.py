"""Districts of many habits, made by rules that the search does not read: it finds each student's class."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import cache
from typing import Final

import pytest
from _pytest.mark import ParameterSet

from tests.suggest.verdicts import judge_first, names_told, suggested
from tests.support.districts.habits import HABITS, Coverage, Habit
from tests.support.districts.habits.verdict import Verdict
from worker.suggest.suggestions import Suggestion

hopeless_by_count = [habit for habit in HABITS if habit.is_hopeless and not habit.is_lockstep]
naming = [habit for habit in HABITS if habit.district().names]

NOT_FOUND_YET: Final[frozenset[str]] = frozenset()
"""Habits for which the first suggestion gives students something else than their class, or too few theirs."""
NAMES_TOLD_YET: Final[frozenset[str]] = frozenset()
"""Habits for which some suggestion tells a person's name."""


def but_not_yet(habits: Iterable[Habit], failing: Collection[str]) -> list[ParameterSet]:
    """Return habits to be tested; of those that fail today it is demanded that they fail."""
    fails = pytest.mark.xfail(strict=True)
    return [
        pytest.param(habit, id=habit.name, marks=[fails] if habit.name in failing else []) for habit in habits
    ]


def coverage(suggestion: Suggestion) -> Coverage:
    return Coverage(suggestion.exactly_one, suggestion.none, suggestion.several)


@pytest.fixture(scope="module")
def found() -> Callable[[Habit], list[Suggestion]]:
    """What is suggested to a habit's district, looked for once."""

    @cache
    def look(habit: Habit) -> list[Suggestion]:
        return suggested(habit, habit.district())

    return look


@pytest.mark.parametrize("habit", but_not_yet(HABITS, NOT_FOUND_YET))
def test_the_first_suggestion_gives_students_their_classes(
    habit: Habit, found: Callable[[Habit], list[Suggestion]]
) -> None:
    assert judge_first(habit.district(), found(habit)).verdict is Verdict.FOUND


@pytest.mark.parametrize("habit", but_not_yet(naming, NAMES_TOLD_YET))
def test_no_suggestion_tells_a_name_of_the_district(
    habit: Habit, found: Callable[[Habit], list[Suggestion]]
) -> None:
    assert names_told(habit.district(), found(habit)) == set()


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_suggestions_tell_their_coverage(habit: Habit, found: Callable[[Habit], list[Suggestion]]) -> None:
    district = habit.district()
    for suggestion in found(habit):
        assert district.coverage(suggestion.section_filter) == coverage(suggestion)


@pytest.mark.parametrize("habit", hopeless_by_count, ids=lambda habit: habit.name)
def test_where_no_rule_is_good_it_says_so_and_tells_whom_each_would_leave(
    habit: Habit, found: Callable[[Habit], list[Suggestion]]
) -> None:
    for suggestion in found(habit):
        left = suggestion.none + suggestion.several
        told = sum(one.none + one.several for one in suggestion.leftovers)
        assert left > 0
        assert told == left or suggestion.leftover_groups > len(suggestion.leftovers)
