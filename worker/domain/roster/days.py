"""Days are a district's own: which day it is there, and when a day begins there."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo


def day_in(zone: str, moment: datetime) -> date:
    """Return the day that it is in a time zone at a moment."""
    return moment.astimezone(_zone(zone)).date()


def beginning_of(day: date, zone: str) -> datetime:
    """Return the moment, in UTC, at which a day begins in a time zone.

    Where the clock skips midnight that day, this is the moment at which it skips it; where midnight comes
    twice, the first of the two.
    """
    return datetime.combine(day, time(), _zone(zone)).astimezone(UTC)


@lru_cache(maxsize=512)
def _zone(name: str) -> tzinfo:
    """Return a time zone by its name: UTC where the tables of zones no longer know one that they knew."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # a name may be that of a folder, or of nothing
        return UTC
