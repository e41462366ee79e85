"""Days as they are in a district."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from worker.domain.roster.days import beginning_of, day_in


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "moment", "day"),
    [
        ("Pacific/Guam", "2026-11-29T13:59:59", date(2026, 11, 29)),
        ("Pacific/Guam", "2026-11-29T14:00:00", date(2026, 11, 30)),
        ("America/Los_Angeles", "2026-11-30T07:59:59", date(2026, 11, 29)),
        ("America/Los_Angeles", "2026-11-30T08:00:00", date(2026, 11, 30)),
        ("America/Los_Angeles", "2026-07-30T07:00:00", date(2026, 7, 30)),
    ],
)
def test_a_day_turns_at_the_districts_own_midnight(zone: str, moment: str, day: date) -> None:
    assert day_in(zone, utc(moment)) == day


@pytest.mark.parametrize(
    ("zone", "day", "moment"),
    [
        ("America/Los_Angeles", date(2026, 3, 8), "2026-03-08T08:00:00"),
        ("America/Los_Angeles", date(2026, 3, 9), "2026-03-09T07:00:00"),
        # Midnight is skipped: the day begins at one o'clock.
        ("America/Havana", date(2026, 3, 8), "2026-03-08T05:00:00"),
        # Midnight comes twice: the day begins at the first.
        ("America/Havana", date(2026, 11, 1), "2026-11-01T04:00:00"),
    ],
)
def test_a_day_begins_by_the_clock_even_if_that_is_moved(zone: str, day: date, moment: str) -> None:
    assert beginning_of(day, zone) == utc(moment)


@pytest.mark.parametrize("zone", ["Mars/Olympus", "", "America", "../etc/passwd"])
def test_a_zone_that_is_no_longer_known_stops_no_district(zone: str) -> None:
    assert day_in(zone, utc("2026-11-29T23:30:00")) == date(2026, 11, 29)
