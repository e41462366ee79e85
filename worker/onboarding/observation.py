"""A district with all that decides on its moves, and the rules by which it moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from worker.domain.alerts.codes import SYNC_PAUSED
from worker.domain.alerts.detection import sync_incident
from worker.domain.mail.mails import Composed, Values
from worker.domain.onboarding.transitions import (
    DistrictFacts,
    Onboarding,
    Step,
    TransitionRules,
    Trouble,
    moved,
)


@dataclass(frozen=True, slots=True)
class OnboardingRules:
    """What the onboarding needs of the settings."""

    rules: TransitionRules = field(default_factory=TransitionRules)
    time_zone: str = "America/New_York"
    """Of districts of which nobody said another."""
    link_life: timedelta = timedelta(days=30)
    feed: timedelta = timedelta(minutes=15)
    """For how long a feed may stay unread."""
    reads_clever: bool = True
    compose: Callable[[Values], Composed] | None = None
    """What writes e-mails; None: nothing does, since there is no server to send them by."""
    public_url: str | None = None
    """Where people reach the console, and districts the pages behind their links."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A district with all that decides on its moves and stands in its e-mails, of one moment, `now`."""

    onboarding: Onboarding
    facts: DistrictFacts
    now: datetime
    name: str | None
    """As people call it or, where nobody said, as Clever does."""
    contacts: tuple[str, ...]
    """The addresses of its administration team."""
    own_time_zone: str | None
    """As people said."""
    time_zone: str
    """Its own, or the one of the settings."""
    committed: Mapping[str, int]
    """How many schools, classes and students were committed."""
    clever_record: Mapping[str, Any] | None
    """What Clever tells of the district itself."""
    kept_troubles: frozenset[Trouble]
    """Why its launch was delayed when that was last looked at."""

    @property
    def district_id(self) -> str:
        """The district's id in Clever."""
        return self.onboarding.district_id

    @property
    def today(self) -> date:
        """The day it is in the district."""
        return self.now.astimezone(ZoneInfo(self.time_zone)).date()

    def after(self, steps: Iterable[Step]) -> Onboarding:
        """Return where it stands after these steps."""
        onboarding = self.onboarding
        for step in steps:
            onboarding = moved(onboarding, step)
        return onboarding


def sync_troubles(record: Mapping[str, Any] | None, now: datetime, *, is_read: bool) -> frozenset[Trouble]:
    """Return what is wrong with a district's sync by its own record; nothing where no feed of it is read."""
    incident = sync_incident(record, now) if is_read and record is not None else None
    if incident is None:
        return frozenset()
    return frozenset({Trouble.SYNC_PAUSED if incident[0] == SYNC_PAUSED else Trouble.SYNC_STALE})
