"""What a section filter gives: how many students get one class, none or several, and where they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from worker.domain.roster.scope_counts import ScopeValue


@dataclass(frozen=True, slots=True)
class Cell:
    """Students of one grade at one school, by how many classes a filter would give them."""

    school: str | None
    school_name: str | None
    grade: str | None
    exactly_one: int
    none: int
    several: int


@dataclass(frozen=True, slots=True)
class FilterCoverage:
    """What a filter would give: students with exactly one class, with none, with several; and where."""

    exactly_one: int
    none: int
    several: int
    sections: int
    """How many sections it keeps."""
    cells: Sequence[Cell]
    """Every grade of every school in scope, those with the most students left the first."""
    outside_scope: int = 0
    """Shared students out of scope."""
    scope_matches_nothing: Sequence[ScopeValue] = ()
    """Values of the scope that no shared student or school has."""

    @property
    def students(self) -> int:
        """All students in scope."""
        return self.exactly_one + self.none + self.several


@dataclass(frozen=True, slots=True)
class Seats:
    """How many students in scope would have one class, several or none if some sections alone counted."""

    exactly_one: int
    several: int
    none: int

    @property
    def students(self) -> int:
        """All students in scope whom these sections list."""
        return self.exactly_one + self.several
