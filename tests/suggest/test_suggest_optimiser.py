"""The optimiser: what it chooses is held to an exhaustive search."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.suggest.columns import Bools
from worker.suggest.counting import ProfileGroup, collapsed
from worker.suggest.optimiser import GOOD_ENOUGH, MOST_IN_TURN, choose, in_turn

Instance = tuple[ProfileGroup, Bools, np.ndarray[tuple[int], np.dtype[np.float64]]]


@st.composite
def instances(draw: st.DrawFn) -> Instance:
    kinds, rules = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    row = st.lists(st.integers(0, 2), min_size=kinds, max_size=kinds)
    counts = np.array(draw(st.lists(row, min_size=1, max_size=8)), dtype=np.float32)
    number = len(counts)
    weights = np.array(draw(st.lists(st.integers(1, 40), min_size=number, max_size=number)), dtype=float)
    keeps = st.lists(st.booleans(), min_size=kinds, max_size=kinds)
    kept = np.array(draw(st.lists(keeps, min_size=rules, max_size=rules)), dtype=np.bool_)
    costs = np.array(draw(st.lists(st.integers(0, 12), min_size=rules, max_size=rules)), dtype=float) / 4
    return collapsed(counts, weights), kept, costs


def value(instance: Instance, chosen: Sequence[int]) -> float:
    """Return students with exactly one section, less the costs, counted by hand."""
    students, kept, costs = instance
    total = -float(sum(costs[rule] for rule in chosen))
    for row, weight in zip(students.counts, students.weights, strict=True):
        have = sum(n for kind, n in enumerate(row) if any(kept[rule][kind] for rule in chosen))
        total += float(weight) if have == 1 else 0
    return total


def best(instance: Instance) -> float:
    rules = range(len(instance[1]))
    return max(
        value(instance, chosen) for number in range(len(rules) + 1) for chosen in combinations(rules, number)
    )


BLIND_ALLEY: Instance = (
    # The rule that gives most by itself is in no best set: two others give one section to everybody.
    ProfileGroup(
        np.array([[1, 0, 1], [0, 1, 1], [1, 0, 0], [0, 1, 0], [1, 0, 2]], dtype=np.float32),
        np.array([40.0, 40.0, 5.0, 5.0, 30.0]),
    ),
    np.array([[False, False, True], [True, False, False], [False, True, False]]),
    np.array([1.0, 1.0, 1.0]),
)
"""Rule 0 gives 80 students one section, rules 1 and 2 together 120, each alone 75 and 45."""


@given(instances())
def test_it_chooses_as_well_as_an_exhaustive_search(instance: Instance) -> None:
    found = choose(*instance, seconds=10, good_enough=0)

    optimum = best(instance)
    assert found.is_proven
    assert value(instance, found.rules) >= optimum - GOOD_ENOUGH * optimum - 1e-6


@given(instances(), st.sampled_from([0.05, 0.3]))
def test_it_stops_where_a_set_is_good_enough(instance: Instance, good_enough: float) -> None:
    found = choose(*instance, seconds=10, good_enough=good_enough)

    students = float(instance[0].weights.sum())
    optimum = best(instance)
    assert value(instance, found.rules) >= optimum - max(good_enough * students, GOOD_ENOUGH * optimum) - 1e-6


def test_it_finds_a_set_that_adding_rule_after_rule_does_not() -> None:
    found = choose(*BLIND_ALLEY, seconds=10, good_enough=0)

    assert (found.rules, found.is_proven) == ((1, 2), True)


@given(instances())
def test_without_time_it_claims_a_proof_only_where_there_is_no_better_set(instance: Instance) -> None:
    found = choose(*instance, seconds=0, good_enough=0)

    assert value(instance, found.rules) >= 0
    if found.is_proven:
        assert value(instance, found.rules) == pytest.approx(best(instance))


def test_without_time_it_gives_what_adding_rule_after_rule_finds_and_says_so() -> None:
    found = choose(*BLIND_ALLEY, seconds=0, good_enough=0)

    assert (found.rules, found.is_proven) == ((0,), False)


def test_nothing_to_choose_from_is_an_answer() -> None:
    students, kept, costs = BLIND_ALLEY
    assert choose(students, kept[:0], costs[:0], 1).is_proven
    nobody = ProfileGroup(students.counts[:0], students.weights[:0])
    assert choose(nobody, kept, costs, 1).rules == ()


def test_rules_that_reach_nobody_are_not_chosen() -> None:
    students, kept, costs = BLIND_ALLEY
    found = choose(students, np.zeros_like(kept), costs, 1, good_enough=0)

    assert (found.rules, found.is_proven) == ((), True)


def test_the_solver_writes_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    choose(*BLIND_ALLEY, seconds=10, good_enough=0)

    assert capfd.readouterr() == ("", "")


def test_the_same_question_has_the_same_answer() -> None:
    assert choose(*BLIND_ALLEY, seconds=10) == choose(*BLIND_ALLEY, seconds=10)


# One rule after the other


def in_place(students: ProfileGroup, kept: Bools, rules: Sequence[int]) -> list[float]:
    """Return what each profile has, by the first of the rules that gives it anything."""
    found = []
    for row in students.counts:
        counts = (float(row @ kept[rule].astype(np.float32)) for rule in rules)
        found.append(next((count for count in counts if count), 0.0))
    return found


@given(instances())
def test_a_rule_in_turn_makes_nobody_worse_and_is_worth_what_it_costs(instance: Instance) -> None:
    students, kept, costs = instance
    turns = in_turn(students, kept, costs)

    assert len(turns) == len(set(turns)) <= MOST_IN_TURN
    for number, rule in enumerate(turns):
        before, after = (
            in_place(students, kept, turns[:number]),
            in_place(students, kept, turns[: number + 1]),
        )
        assert all(now == then for then, now in zip(before, after, strict=True) if then)
        more = students.weights @ (np.array(after) == 1) - students.weights @ (np.array(before) == 1)
        assert more > costs[rule]
