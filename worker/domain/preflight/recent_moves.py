"""Turnover of a plan that stands nowhere: counted student by student, as guards count one that is stored.

What commits of some hours and the plan make of a student is a chain; what counts is what the student was
before the first of its links. The statement `turnovers` of the guards says the same of a plan in the store.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from worker.domain.preflight.turnover import Turnover, Turnovers

School = str | None


class RecentChain(NamedTuple):
    """What commits made of a student who was in the roster before the first of them."""

    school: School
    class_id: str | None
    is_there: bool
    last_class: str | None


@dataclass(frozen=True, slots=True)
class RecentMoves:
    """Whom the commits of some hours moved."""

    came: Collection[str] = frozenset()
    """Students who were not in the roster before the first of these commits that moved them."""
    chains: Mapping[str, RecentChain] = field(default_factory=dict)
    """The other ones."""
    shifts: Mapping[School, int] = field(default_factory=dict)
    """By how many students each school's roster was larger before these commits than it is now."""


NO_MOVES = RecentMoves()


class PlannedMove(NamedTuple):
    """What a plan makes of a student whom it adds, removes, or gives another class.

    `school` and `before` are those that are committed; `after` is the class that he would have.
    """

    student: str
    school: School
    before: str | None
    after: str | None
    was_there: bool
    is_there: bool


@dataclass(slots=True)
class _Counts:
    removed: Counter[School] = field(default_factory=Counter)
    moved: Counter[School] = field(default_factory=Counter)
    removed_earlier: Counter[School] = field(default_factory=Counter)
    moved_earlier: Counter[School] = field(default_factory=Counter)

    def count(
        self,
        school: School,
        before: str | None,
        after: str | None,
        *,
        is_there: bool,
        is_planned: bool = True,
    ) -> None:
        if not is_there:
            self.removed[school] += 1
            self.removed_earlier[school] += not is_planned
        elif before is not None and after is not None and before != after:
            self.moved[school] += 1
            self.moved_earlier[school] += not is_planned

    def turnovers(self, committed: Mapping[School, int], whole: int) -> Turnovers:
        def of(counts: Counter[School], earlier: Counter[School]) -> dict[str, Turnover]:
            return {
                school: Turnover(number, committed.get(school, 0), earlier[school])
                for school, number in counts.items()
                if school is not None
            }

        return Turnovers(
            Turnover(self.removed.total(), whole, self.removed_earlier.total()),
            Turnover(self.moved.total(), whole, self.moved_earlier.total()),
            of(self.removed, self.removed_earlier),
            of(self.moved, self.moved_earlier),
        )


class PlannedMoves:
    """Counts whom a plan moves, after the commits of some hours."""

    def __init__(self, recent: RecentMoves) -> None:
        self._recent = recent
        self._alone, self._window = _Counts(), _Counts()
        self._planned = set[str]()
        self._moves_anyone = False

    def count(self, moves: Iterable[PlannedMove]) -> None:
        """Count students whom the plan moves."""
        came, chains, alone, window = self._recent.came, self._recent.chains, self._alone, self._window
        for student, school, before, after, was_there, is_there in moves:
            self._moves_anyone = True
            if was_there:
                alone.count(school, before, after, is_there=is_there)
            if student in came:
                continue
            if student in chains:
                chain = chains[student]
                self._planned.add(student)
                window.count(chain.school, chain.class_id, after, is_there=is_there)
            elif was_there:
                window.count(school, before, after, is_there=is_there)

    def alone(self, committed: Mapping[School, int], whole: int) -> Turnovers:
        """Return what the plan alone removes and moves; `committed` are all students, by school."""
        return self._alone.turnovers(committed, whole)

    def with_commits(self, committed: Mapping[School, int], whole: int) -> Turnovers:
        """Return what the commits and the plan remove and move together; to be asked once, at the end."""
        if not self._moves_anyone:
            return Turnovers()
        for student, chain in self._recent.chains.items():
            if student not in self._planned:
                self._window.count(
                    chain.school,
                    chain.class_id,
                    chain.last_class,
                    is_there=chain.is_there,
                    is_planned=False,
                )
        shifts = self._recent.shifts
        before = Counter(committed)
        before.update(shifts)
        return self._window.turnovers(before, whole + sum(shifts.values()))
