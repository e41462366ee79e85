"""What pages tell of districts' onboarding beside what the store knows: calendar, e-mails, addresses."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

from worker.domain.onboarding.launch_dates import LaunchCalendar
from worker.domain.onboarding.todo import ReminderDelays
from worker.mail.compose import Composer, Vendor


@dataclass(frozen=True, slots=True)
class OnboardingContext:
    """What the settings say of districts in onboarding."""

    patience: ReminderDelays
    calendar: LaunchCalendar
    time_zone: str
    """Of a district of which nobody said another."""
    composer: Composer
    writes: bool
    """Whether there is a mail server, so that districts are written to."""
    public_url: str | None
    connect_address: Callable[[str], str | None]
    """The address at Clever where a district connects, by its id; None where nobody said it."""

    @property
    def vendor(self) -> Vendor:
        """Who writes to districts, and for which product."""
        return self.composer.vendor


def local_day(value: date | datetime) -> str:
    """Return a day as pages show it: `Tue, Sep 15, 2026`, by the clock that a time has."""
    return f"{value:%a, %b} {value.day}, {value:%Y}"


def local_moment(value: datetime) -> str:
    """Return a time of a district by its own clock, without the zone."""
    return f"{local_day(value)}, {value:%H:%M}"
