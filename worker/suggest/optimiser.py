"""The optimiser: the small set of rules that gives most students exactly one section, by HiGHS.

The sections kept are those of any rule chosen. For each rule a binary x, for each kind of section (kinds that
the same rules keep are one) a y that is the OR of its rules, for each profile of students a binary z that may
be 1 only if exactly one of its sections is kept:

    maximise   sum(weight z) - sum(cost x)
    with       y >= x for each rule of a kind,  y <= sum of them,
               z <= sum(count y),  sum(count y) + (all - 1) z <= all
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import highspy
import numpy as np
import numpy.typing as npt

from worker.suggest.columns import Bools
from worker.suggest.counting import ProfileGroup, collapsed, kinds_of, places

MOST_PROFILES: Final = 1500
"""Of a model, the heaviest: the rest are a few odd students each."""
MOST_IN_TURN: Final = 4
"""Rules applied one after the other."""
GOOD_ENOUGH: Final = 0.003
"""Of the students: so little is not worth a search."""
_SOLVED: Final = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kObjectiveBound)


@dataclass(frozen=True, slots=True)
class ChosenRules:
    """The rules chosen, and whether no better set is known to be possible."""

    rules: Sequence[int]
    is_proven: bool


@dataclass(frozen=True)
class _Model:
    """The problem with kinds and profiles that the rules do not tell apart made one."""

    students: ProfileGroup
    rules: Bools
    costs: npt.NDArray[np.float64]

    def value(self, chosen: Sequence[int]) -> float:
        kept = self.rules[list(chosen)].any(axis=0).astype(np.float32)
        exact = self.students.weights @ (self.students.counts @ kept == 1)
        return float(exact - self.costs[list(chosen)].sum())


def choose(
    students: ProfileGroup,
    rules: Bools,
    costs: npt.NDArray[np.float64],
    seconds: float,
    good_enough: float = GOOD_ENOUGH,
) -> ChosenRules:
    """Return the best set of `rules[rule, kind]`, within `seconds`; `costs` are in students.

    A set that is within `good_enough` (a share of the students) of any that may be there is not searched on.
    """
    if not len(rules) or not len(students.weights):
        return ChosenRules((), is_proven=True)
    model = _reduced(students, rules, costs)
    first = _greedy(model)
    reachable = float(model.students.weights.sum())
    if model.value(first) >= reachable * (1 - good_enough) - float(costs.min()):
        return ChosenRules(first, is_proven=True)
    if seconds <= 0:
        return ChosenRules(first, is_proven=False)
    return _solve(model, first, seconds)


def in_turn(
    students: ProfileGroup,
    rules: Bools,
    costs: npt.NDArray[np.float64],
    first: Bools | None = None,
    most: int = MOST_IN_TURN,
) -> list[int]:
    """Return rules to be applied one after the other, each to those whom the ones before left with none.

    Only those that are `first` may begin, if it is given.
    """
    chosen: list[int] = []
    if not len(rules):
        return chosen
    exact, several = _alone(students, rules)
    waiting = students.weights.copy()
    while len(chosen) < most:
        share = waiting.sum() / students.students
        gains = waiting @ exact - waiting @ several - costs * share
        gains[chosen] = 0
        if first is not None and not chosen:
            gains[~first] = 0
        best = int(np.argmax(gains))
        if gains[best] <= 0:
            break
        chosen.append(best)
        waiting[exact[:, best] | several[:, best]] = 0
    return chosen


def _alone(students: ProfileGroup, rules: Bools) -> tuple[Bools, Bools]:
    counts = places(students, rules)
    return counts == 1, counts > 1


def _reduced(students: ProfileGroup, rules: Bools, costs: npt.NDArray[np.float64]) -> _Model:
    kinds, kept = kinds_of(rules)
    merged = np.zeros((len(students.counts), kept.shape[1]), dtype=np.float32)
    for kind in range(kept.shape[1]):
        merged[:, kind] = students.counts[:, kinds == kind].sum(axis=1)
    told = kept.any(axis=0)
    whole = collapsed(merged[:, told], students.weights)
    reached = whole.counts.any(axis=1)
    counts, weights = whole.counts[reached], whole.weights[reached]
    heaviest = np.sort(np.argsort(-weights, kind="stable")[:MOST_PROFILES])
    return _Model(ProfileGroup(counts[heaviest], weights[heaviest]), kept[:, told], costs)


def _greedy(model: _Model) -> tuple[int, ...]:
    """Add, one after the other, the rule that helps most; then leave out those that help no more."""
    chosen: list[int] = []
    best = 0.0
    while len(chosen) < len(model.rules):
        values = {
            rule: model.value([*chosen, rule]) for rule in range(len(model.rules)) if rule not in chosen
        }
        rule = max(values, key=lambda rule: (values[rule], -rule))
        if values[rule] <= best:
            break
        best = values[rule]
        chosen.append(rule)
        for other in chosen[:-1]:
            without = [rule for rule in chosen if rule != other]
            if model.value(without) >= best:
                chosen, best = without, model.value(without)
    return tuple(sorted(chosen))


class _Silent(highspy.Highs):
    """HiGHS without a word on standard output, which belongs to the program."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def enableCallbacks(self) -> None:  # noqa: N802 - the library's name
        """Do nothing: enabling them prints a banner, before anybody can switch the output off."""


def _solve(model: _Model, first: Sequence[int], seconds: float) -> ChosenRules:
    rules, kinds, profiles = len(model.rules), model.rules.shape[1], len(model.students.weights)
    solver = _Silent()
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 1)
    solver.setOptionValue("time_limit", seconds)
    solver.setOptionValue("mip_rel_gap", GOOD_ENOUGH)
    lp = _program(model, rules, kinds, profiles)
    solver.passModel(lp)
    start = highspy.HighsSolution()
    start.col_value = list(_start(model, first))
    solver.setSolution(start)
    solver.run()
    found = solver.getSolution().col_value
    chosen = tuple(rule for rule in range(rules) if found and found[rule] > 0.5)  # noqa: PLR2004
    is_proven = solver.getModelStatus() in _SOLVED
    if model.value(chosen) < model.value(first):
        return ChosenRules(first, is_proven=False)
    return ChosenRules(chosen, is_proven)


def _start(model: _Model, first: Sequence[int]) -> npt.NDArray[np.float64]:
    x = np.zeros(len(model.rules))
    x[list(first)] = 1
    y = model.rules[list(first)].any(axis=0)
    z = model.students.counts @ y.astype(np.float32) == 1
    return np.concatenate((x, y, z)).astype(np.float64)


def _program(model: _Model, rules: int, kinds: int, profiles: int) -> highspy.HighsLp:
    x, y, z = 0, rules, rules + kinds
    rows: list[tuple[list[int], list[float], float, float]] = []
    infinity = highspy.kHighsInf
    for kind in range(kinds):
        keepers = np.flatnonzero(model.rules[:, kind])
        rows += [([y + kind, x + int(rule)], [1.0, -1.0], 0.0, infinity) for rule in keepers]
        rows.append(
            ([y + kind, *(x + int(r) for r in keepers)], [-1.0, *[1.0] * len(keepers)], 0.0, infinity)
        )
    for profile in range(profiles):
        seats = model.students.counts[profile]
        at = np.flatnonzero(seats)
        columns, values = [y + int(kind) for kind in at], [float(seats[kind]) for kind in at]
        every = float(seats.sum())
        rows.append(([*columns, z + profile], [*values, -1.0], 0.0, infinity))
        if every > 1:
            rows.append(([*columns, z + profile], [*values, every - 1], -infinity, every))
    columns_total = rules + kinds + profiles
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns_total, len(rows)
    lp.col_cost_ = np.concatenate((model.costs, np.zeros(kinds), -model.students.weights))
    lp.col_lower_, lp.col_upper_ = np.zeros(columns_total), np.ones(columns_total)
    binary, free = highspy.HighsVarType.kInteger, highspy.HighsVarType.kContinuous
    lp.integrality_ = [binary] * rules + [free] * kinds + [binary] * profiles
    lp.row_lower_ = np.array([row[2] for row in rows])
    lp.row_upper_ = np.array([row[3] for row in rows])
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = np.concatenate(([0], np.cumsum([len(row[0]) for row in rows]))).astype(np.int32)
    lp.a_matrix_.index_ = np.array([column for row in rows for column in row[0]], dtype=np.int32)
    lp.a_matrix_.value_ = np.array([value for row in rows for value in row[1]])
    return lp
