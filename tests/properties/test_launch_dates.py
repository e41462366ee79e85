"""Launches and windows of any calendar."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from worker.domain.onboarding.launch_dates import LaunchCalendar

days = st.dates(date(2024, 1, 1), date(2032, 12, 31))
calendars = st.builds(LaunchCalendar, st.integers(0, 15), st.frozensets(days, max_size=20))


@given(calendars, days)
def test_exactly_the_working_days_lie_before_a_window(calendar: LaunchCalendar, opens_on: date) -> None:
    launch = calendar.launch_date(opens_on)

    between = [launch + timedelta(days=count) for count in range((opens_on - launch).days)]
    assert calendar.is_working_day(launch)
    assert launch <= opens_on
    working = sum(map(calendar.is_working_day, between))
    if calendar.lead_days:
        assert working == calendar.lead_days
    else:
        assert working == (launch != opens_on)


@given(calendars, days)
def test_the_last_opening_is_launched_by_that_day(calendar: LaunchCalendar, launched_by: date) -> None:
    opens_on = calendar.last_opening(launched_by)

    assert opens_on >= launched_by
    assert calendar.launch_date(opens_on) <= launched_by
    assert calendar.launch_date(opens_on + timedelta(days=1)) > launched_by
