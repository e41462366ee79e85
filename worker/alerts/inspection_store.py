"""Looking for incidents that no evaluation tells of; and the figures that metrics tell of all districts.

`worker.adapters.postgres.alerts.inspections` answers; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Figures:
    """Counts over all districts."""

    incidents: Mapping[str, int] = field(default_factory=dict)
    """Open ones, by code."""
    outbox_oldest_seconds: float = 0
    windows_due: int = 0
    window_overdue_seconds: float = 0
    """For how long the window has been due that has been due for longest."""
    deliveries_waiting: Mapping[str, int] = field(default_factory=dict)
    deliveries_dead: Mapping[str, int] = field(default_factory=dict)
    """Both by the kind of channel."""
    onboarding: Mapping[str, int] = field(default_factory=dict)
    """Districts in onboarding, by state."""
    mails_for_a_person: int = 0


class Inspections(Protocol):
    """One process at a time inspects."""

    async def is_due(self, every: timedelta) -> bool:
        """Return whether nobody has inspected for so long."""

    async def inspect(self, every: timedelta, dead_letters: int | None) -> int | None:
        """Compare what is wrong with what was told, and put what is news into the outbox of alerts.

        `dead_letters` is how many wait, None where nobody knows. Returns how many alerts came of it; None
        where somebody else inspects, or just did.
        """


class FiguresOfAll(Protocol):
    """Where metrics have their figures from."""

    async def figures(self) -> Figures:
        """Return them as they are now."""
