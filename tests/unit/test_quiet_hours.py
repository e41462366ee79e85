"""Quiet hours by the clock on the wall, whatever the law does to it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.domain.mail.quiet_hours import QuietHours, next_allowed

NIGHT = QuietHours(time(20), time(7))
CHICAGO = ZoneInfo("America/Chicago")
ZONES = st.sampled_from(
    [
        *("America/Chicago", "America/St_Johns", "Pacific/Honolulu"),
        *("America/Phoenix", "Australia/Lord_Howe", "UTC"),
    ]
)
DAYS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 — UTC is put on
TIMES = st.times().map(lambda each: each.replace(second=0, microsecond=0))


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


@given(now=DAYS, zone=ZONES, at=TIMES)
def test_with_equal_times_nothing_is_ever_put_off(now: datetime, zone: str, at: time) -> None:
    assert next_allowed(now, ZoneInfo(zone), QuietHours(at, at)) == now


@given(now=DAYS, zone=ZONES, begin=TIMES, end=TIMES)
def test_what_is_allowed_is_within_a_day(now: datetime, zone: str, begin: time, end: time) -> None:
    place, quiet = ZoneInfo(zone), QuietHours(begin, end)

    allowed = next_allowed(now, place, quiet)

    assert not quiet.holds(allowed.astimezone(place).time())
    assert now <= allowed <= now + timedelta(hours=49)
    assert (allowed == now) == (not quiet.holds(now.astimezone(place).time()))


@given(now=DAYS, zone=ZONES, begin=TIMES, end=TIMES)
def test_all_that_is_skipped_is_quiet_but_for_what_clocks_leap_over(
    now: datetime, zone: str, begin: time, end: time
) -> None:
    place, quiet = ZoneInfo(zone), QuietHours(begin, end)

    allowed = next_allowed(now, place, quiet)

    quarters = int((allowed - now) / timedelta(minutes=15))
    skipped = [(now + timedelta(minutes=15 * quarter)).astimezone(place) for quarter in range(quarters)]
    loud = [moment for moment in skipped if not quiet.holds(moment.time())]
    assert len(loud) <= 4
    assert not loud or any(
        moment.utcoffset() != skipped[0].utcoffset() for moment in [*skipped, allowed.astimezone(place)]
    )
