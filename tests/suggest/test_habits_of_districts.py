"""Districts of many habits, made by rules that the search does not read: it finds the known best filter."""

from __future__ import annotations

import pytest
from habits import HABITS, Coverage, Habit
from suggest.surveys import suggestions

from worker.suggest.finding import Suggestion

fitting = [habit for habit in HABITS if not habit.is_hopeless]
hopeless = [habit for habit in HABITS if habit.is_hopeless]


def coverage(suggestion: Suggestion) -> Coverage:
    return Coverage(suggestion.exactly_one, suggestion.none, suggestion.several)


@pytest.mark.parametrize("habit", fitting, ids=lambda habit: habit.name)
def test_the_first_suggestion_serves_as_many_students_as_the_known_best_filter(
    habit: Habit,
) -> None:
    district = habit.district()
    assert district.best is not None
    known = district.coverage(district.best)

    first = suggestions(district.records, district.today)[0]

    assert district.coverage(first.section_filter).exactly_one >= known.exactly_one


@pytest.mark.parametrize("habit", HABITS, ids=lambda habit: habit.name)
def test_every_suggestion_tells_the_coverage_that_its_filter_has_by_the_rules(habit: Habit) -> None:
    district = habit.district()
    for suggestion in suggestions(district.records, district.today, seconds=1):
        assert district.coverage(suggestion.section_filter) == coverage(suggestion)


@pytest.mark.parametrize("habit", hopeless, ids=lambda habit: habit.name)
def test_where_no_rule_is_good_it_says_so_and_tells_whom_each_would_leave(habit: Habit) -> None:
    district = habit.district()
    for suggestion in suggestions(district.records, district.today, seconds=1):
        left = suggestion.none + suggestion.several
        told = sum(one.none + one.several for one in suggestion.leftovers)
        assert left > 0
        assert told == left or suggestion.leftover_groups > len(suggestion.leftovers)
