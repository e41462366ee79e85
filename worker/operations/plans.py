"""A district's plan, to be looked at before it is approved; every call may raise `StoreUnavailable`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from worker.domain.preflight.checks import Finding
from worker.domain.preflight.tally import Tally
from worker.domain.roster.plan_changes import Op, PlannedChange

START = ("", "")
"""Where the list of changes begins."""


@dataclass(frozen=True, slots=True)
class Removal:
    """How many of a school's committed students the plan removes."""

    school_id: str
    name: str | None
    removed: int
    committed: int


@dataclass(frozen=True, slots=True)
class Plan:
    """A plan, all of one moment, and some of its changes."""

    tally: Tally
    guards: list[Finding]
    """The open errors that an approval waives."""
    removals: list[Removal]
    """By school, the most first; only where the list of changes begins."""
    changes: list[PlannedChange]
    following: tuple[str, str] | None
    """The place to read on from; None where that was all."""

    @property
    def needs_approval(self) -> bool:
        """Whether guards are all that stands against the plan."""
        return 0 < self.tally.errors == len(self.guards)


class Plans(Protocol):
    """Where plans are read."""

    async def of(
        self,
        district_id: str,
        *,
        kind: str | None = None,
        op: Op | None = None,
        after: tuple[str, str] = START,
        limit: int = 50,
    ) -> Plan:
        """Return a district's plan with its changes behind the place `after`, by kind and id.

        Only those of one `kind`, or that do one thing, where that is given. Raises `UnknownDistrictError`.
        """
