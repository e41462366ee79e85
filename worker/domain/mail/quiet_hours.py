"""Quiet hours: when no e-mail is begun, by the clock on the wall of a district."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `begin` until before `end`, over midnight where the end is the earlier one; equal: none."""

    begin: time
    end: time

    def holds(self, at: time) -> bool:
        """Whether it is quiet at that time of the day."""
        if self.begin <= self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


def next_allowed(now: datetime, zone: ZoneInfo, quiet: QuietHours) -> datetime:
    """Return `now`, or the end of the quiet hours that it is in.

    Where clocks are set forward over that end, it is as long after as they jump; where they are set back, an
    hour that is quiet is so both times.
    """
    local = now.astimezone(zone)
    if not quiet.holds(local.time()):
        return now
    day = local.date() + timedelta(days=local.time() >= quiet.end)
    ends = (datetime.combine(day, quiet.end.replace(fold=fold), zone).astimezone(UTC) for fold in (0, 1))
    first = next(end for end in ends if end > now)
    # Only where a jump of the clocks leaps over what is not quiet is the end quiet itself.
    return first if not quiet.holds(first.astimezone(zone).time()) else next_allowed(first, zone, quiet)
