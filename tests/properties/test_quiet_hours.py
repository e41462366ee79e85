"""Quiet hours of any length, in any zone, on any day."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from worker.domain.mail.quiet_hours import QuietHours, next_allowed

ZONES = st.sampled_from(
    [
        *("America/Chicago", "America/St_Johns", "Pacific/Honolulu"),
        *("America/Phoenix", "Australia/Lord_Howe", "UTC"),
    ]
)
DAYS = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 — UTC is put on
TIMES = st.times().map(lambda each: each.replace(second=0, microsecond=0))


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
