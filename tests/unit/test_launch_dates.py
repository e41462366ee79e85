from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from worker.domain.onboarding.launch_dates import AssessmentWindow, LaunchCalendar

CHICAGO = ZoneInfo("America/Chicago")
THANKSGIVING = frozenset({date(2026, 11, 26), date(2026, 11, 27)})


@pytest.mark.parametrize(
    ("opens_on", "lead_days", "launch"),
    [
        (date(2026, 12, 10), 3, date(2026, 12, 7)),
        (date(2026, 12, 14), 3, date(2026, 12, 9)),
        (date(2026, 12, 12), 3, date(2026, 12, 9)),
        (date(2026, 12, 14), 0, date(2026, 12, 14)),
        (date(2026, 12, 13), 0, date(2026, 12, 11)),
        (date(2026, 12, 14), 1, date(2026, 12, 11)),
    ],
)
def test_a_launch_is_so_many_working_days_earlier(opens_on: date, lead_days: int, launch: date) -> None:
    assert LaunchCalendar(lead_days).launch_date(opens_on) == launch


def test_holidays_are_no_working_days() -> None:
    opens_on = date(2026, 11, 30)

    assert LaunchCalendar(3).launch_date(opens_on) == date(2026, 11, 25)
    assert LaunchCalendar(3, THANKSGIVING).launch_date(opens_on) == date(2026, 11, 23)


def test_a_window_opens_and_launches_by_the_clocks_of_the_district() -> None:
    window = AssessmentWindow(date(2026, 12, 10), CHICAGO)

    assert window.opens_at().astimezone(UTC) == datetime(2026, 12, 10, 6, tzinfo=UTC)
    assert window.launches_at(LaunchCalendar(launch_time=time(9, 30))).astimezone(UTC) == datetime(
        2026, 12, 7, 15, 30, tzinfo=UTC
    )


def test_the_same_hour_is_another_moment_in_summer() -> None:
    summer, winter = (
        AssessmentWindow(day, CHICAGO).opens_at() for day in (date(2026, 7, 1), date(2026, 12, 1))
    )

    assert summer.astimezone(UTC).hour == 5
    assert winter.astimezone(UTC).hour == 6


def test_a_launch_at_an_hour_that_the_clocks_skip_comes_when_they_moved_on() -> None:
    window = AssessmentWindow(date(2026, 3, 12), CHICAGO, launch_on=date(2026, 3, 8))

    launch = window.launches_at(LaunchCalendar(launch_time=time(2, 30)))

    assert launch.astimezone(UTC) == datetime(2026, 3, 8, 8, 30, tzinfo=UTC)


def test_a_day_that_a_person_set_goes_before_the_calendar() -> None:
    window = AssessmentWindow(date(2026, 12, 10), CHICAGO, launch_on=date(2026, 12, 6))

    assert window.launches_on(LaunchCalendar()) == date(2026, 12, 6)


def test_the_launch_of_a_day_has_come_from_its_hour_on_in_the_zone_of_the_district() -> None:
    calendar, at_eight = LaunchCalendar(), datetime(2026, 12, 7, 8, tzinfo=CHICAGO)

    assert calendar.due_on(at_eight.astimezone(UTC), CHICAGO) == date(2026, 12, 7)
    assert calendar.due_on(at_eight - timedelta(microseconds=1), CHICAGO) == date(2026, 12, 6)
