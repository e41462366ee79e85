"""Turnover: how many students left a roster, or sit in another class, over some hours."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from worker.runtime.count_text import counted

_FIGURE: Final = re.compile(r"[0-9]{1,9}")
LONGEST_LOOK_BACK: Final = timedelta(hours=168)
"""The longest `removal_window_hours`; what commits moved is kept for so long."""


@dataclass(frozen=True, slots=True)
class Turnover:
    """How many students of a district or school were removed, or put into another class.

    `committed` are those that the roster had at the start of the time that counts. `earlier` of the
    `students` were moved by commits since then and not by the plan, and a person confirmed `confirmed` of
    them beforehand, with the filter that moves them.
    """

    students: int
    committed: int
    earlier: int = 0
    confirmed: int = 0

    def exceeds(self, limit_percent: float, floor: int) -> bool:
        """Whether the plan goes beyond the limit; never for `floor` students or fewer, or none of its own.

        Nothing goes beyond a limit of 100: no more than all can be moved.
        """
        if limit_percent >= 100:  # noqa: PLR2004 — percent
            return False
        limit = Decimal(str(limit_percent))  # as it was written: 41 of 500 are 8.2 %, and not more
        counted = self.students - self.confirmed
        is_the_plans = self.students - self.earlier > self.confirmed
        return is_the_plans and counted > floor and counted * 100 > limit * self.committed

    def detail(self, what: str, limit_percent: float) -> dict[str, Any]:
        """Return what a finding tells of it; `what` names the count."""
        detail = {what: self.students, "committed": self.committed, "limit_percent": limit_percent}
        return detail | ({"earlier": self.earlier} if self.earlier else {})


NO_TURNOVER: Final = Turnover(0, 0)


@dataclass(frozen=True, slots=True)
class SchoolLimits:
    """From when the turnover of a school has to be known: above this floor, and up to these limits."""

    floor: int = 0
    removal_percent: float = 100
    class_change_percent: float = 100


@dataclass(frozen=True, slots=True)
class Turnovers:
    """Removals and changes of class: of the whole district, and by school."""

    removal: Turnover = NO_TURNOVER
    class_change: Turnover = NO_TURNOVER
    school_removals: Mapping[str, Turnover] = field(default_factory=dict)
    school_class_changes: Mapping[str, Turnover] = field(default_factory=dict)
    since: datetime | None = None
    """When the first commit was that the counts rest on; None where they rest on the plan alone."""

    def confirmed_by(self, confirmation: Confirmation) -> Turnovers:
        """Return the same with what a person confirmed."""
        return replace(
            self,
            removal=replace(self.removal, confirmed=confirmation.removed),
            class_change=replace(self.class_change, confirmed=confirmation.class_changes),
            school_removals=_confirmed(self.school_removals, confirmation.school_removals),
            school_class_changes=_confirmed(self.school_class_changes, confirmation.school_class_changes),
        )

    def to_confirmation(self) -> Confirmation:
        """Return what the plan alone does, for a person to confirm."""
        return Confirmation(
            _planned(self.removal),
            _planned(self.class_change),
            {school: _planned(one) for school, one in self.school_removals.items() if _planned(one)},
            {school: _planned(one) for school, one in self.school_class_changes.items() if _planned(one)},
        )


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What a new section filter moves, as a person saw and confirmed it: so many students are no accident."""

    removed: int
    class_changes: int
    school_removals: Mapping[str, int] = field(default_factory=dict)
    school_class_changes: Mapping[str, int] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return it as it is stored."""
        return {
            "removed": self.removed,
            "class_changes": self.class_changes,
            "school_removals": dict(self.school_removals),
            "school_class_changes": dict(self.school_class_changes),
        }


@dataclass(frozen=True, slots=True)
class FilterEffect:
    """What a filter would do to a committed roster of so many students."""

    committed: int
    moves: Confirmation

    @property
    def needs_confirmation(self) -> bool:
        """Whether a student would sit in another class."""
        return self.moves.class_changes > 0

    @property
    def text(self) -> str:
        """The figures, in a sentence."""
        changes, removed = self.moves.class_changes, self.moves.removed
        committed = counted(self.committed, "student")
        told = f"{changes:,} of {committed} {'changes' if changes == 1 else 'change'} class"
        return told + (f", and {removed:,} {'is' if removed == 1 else 'are'} removed" if removed else "")

    @property
    def figures(self) -> str:
        """The figures, as a form carries them that a person confirms."""
        return f"{self.moves.class_changes}-{self.moves.removed}"

    def was_shown_by(self, figures: str) -> bool:
        """Whether a person who saw these figures saw at least as many students as this moves."""
        seen = figures.split("-")
        if len(seen) != len(self.figures.split("-")) or not all(_FIGURE.fullmatch(one) for one in seen):
            return False
        return self.moves.class_changes <= int(seen[0]) and self.moves.removed <= int(seen[1])


def _planned(turnover: Turnover) -> int:
    return turnover.students - turnover.earlier


def _confirmed(counts: Mapping[str, Turnover], confirmed: Mapping[str, int]) -> dict[str, Turnover]:
    return {school: replace(one, confirmed=confirmed.get(school, 0)) for school, one in counts.items()}
