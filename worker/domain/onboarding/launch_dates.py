"""Launch dates: some working days before the assessment window opens, in the district's own time zone."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

_ONE_DAY: Final = timedelta(days=1)
_SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class LaunchCalendar:
    """Which days are working days, how many of them before a window a launch comes, and at what time."""

    lead_days: int = 3
    holidays: Collection[date] = frozenset()
    launch_time: time = time(8)
    """Local time of the district."""

    def is_working_day(self, day: date) -> bool:
        """Whether people are at work that day."""
        return day.weekday() < _SATURDAY and day not in self.holidays

    def launch_date(self, opens_on: date) -> date:
        """Return the day of a launch: so many working days before the window opens.

        With none, it is the day the window opens, or the last working day before it.
        """
        day, left = opens_on, self.lead_days
        while left or not self.is_working_day(day):
            day -= _ONE_DAY
            left -= self.is_working_day(day) and left > 0
        return day

    def due_on(self, now: datetime, zone: ZoneInfo) -> date:
        """Return the last day of which the launch has come."""
        today = now.astimezone(zone).date()
        return today if _moment(today, self.launch_time, zone) <= now else today - _ONE_DAY

    def last_opening(self, launched_by: date) -> date:
        """Return the last day a window may open on for its launch to be that day or before."""
        opens_on = launched_by
        while self.launch_date(opens_on + _ONE_DAY) <= launched_by:
            opens_on += _ONE_DAY
        return opens_on


@dataclass(frozen=True, slots=True)
class AssessmentWindow:
    """An assessment window: the day it opens in a district; `launch_on` where a person set the launch."""

    opens_on: date
    zone: ZoneInfo
    launch_on: date | None = None

    def launches_on(self, calendar: LaunchCalendar) -> date:
        """Return the day of the launch."""
        return self.launch_on or calendar.launch_date(self.opens_on)

    def launches_at(self, calendar: LaunchCalendar) -> datetime:
        """Return the moment of the launch; a time that a clock skips that day is the one it moves on to."""
        return _moment(self.launches_on(calendar), calendar.launch_time, self.zone)

    def opens_at(self) -> datetime:
        """Return the moment the window opens: the beginning of its first day."""
        return _moment(self.opens_on, time(0), self.zone)


def _moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, at, zone)
