"""Quiet hours by the clock on the wall, whatever the law does to it."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from worker.domain.mail.quiet_hours import QuietHours, next_allowed

NIGHT = QuietHours(time(20), time(7))
CHICAGO = ZoneInfo("America/Chicago")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "allowed"),
    [
        ("2026-09-15T19:59:59-05:00", "2026-09-15T19:59:59-05:00"),
        ("2026-09-15T20:00:00-05:00", "2026-09-16T07:00:00-05:00"),
        ("2026-09-16T00:30:00-05:00", "2026-09-16T07:00:00-05:00"),
        ("2026-09-16T07:00:00-05:00", "2026-09-16T07:00:00-05:00"),
        # The night in which clocks are set forward is an hour shorter, that of setting back an hour longer.
        ("2026-03-07T21:00:00-06:00", "2026-03-08T07:00:00-05:00"),
        ("2026-10-31T21:00:00-05:00", "2026-11-01T07:00:00-06:00"),
    ],
)
def test_a_mail_of_the_night_waits_for_the_morning(now: str, allowed: str) -> None:
    assert next_allowed(utc(now), CHICAGO, NIGHT) == utc(allowed)


def test_an_hour_that_comes_twice_is_quiet_both_times() -> None:
    quiet = QuietHours(time(0, 30), time(1, 30))

    second_time = utc("2026-11-01T01:10:00-06:00")

    assert next_allowed(second_time, CHICAGO, quiet) == utc("2026-11-01T01:30:00-06:00")


@pytest.mark.parametrize(
    ("begin", "end", "allowed"),
    [
        pytest.param(time(20), time(2, 30), "2026-03-08T03:30:00-05:00", id="the end"),
        pytest.param(time(3), time(2), "2026-03-09T02:00:00-05:00", id="all that is not quiet"),
    ],
)
def test_what_the_clocks_leap_over_comes_as_much_later_or_a_day(begin: time, end: time, allowed: str) -> None:
    assert next_allowed(utc("2026-03-08T01:00:00-06:00"), CHICAGO, QuietHours(begin, end)) == utc(allowed)
