"""Days that people give are near; a district whose days are not spoils no file of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from tests.support.builders.onboarding import ZONE, record
from worker.cli.main import main
from worker.domain.onboarding.contact_text import check_dates
from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import State
from worker.domain.preflight.order_reason import checked_reason
from worker.domain.roster.given_dates import FURTHEST
from worker.domain.roster.keepable_text import can_be_kept
from worker.domain.roster.section_filter import parse_filter
from worker.onboarding.export_calendar import calendar
from worker.onboarding.export_table import table
from worker.runtime.errors import FilterError, OnboardingError, ReasonError

TODAY = date(2026, 9, 1)
GOOD = record(State.LAUNCH_SCHEDULED, "good", window=AssessmentWindow(date(2026, 9, 15), ZoneInfo(ZONE)))
BROKEN = record(State.LAUNCH_SCHEDULED, "broken", opens_at=datetime.max.replace(tzinfo=UTC))


@pytest.mark.parametrize("far", [date(9999, 12, 31), date(1, 1, 1), date(2032, 1, 1), date(2021, 1, 1)])
def test_a_window_or_a_launch_that_is_years_away_is_refused(far: date) -> None:
    expected = "today .2026-09-01. or a later day" if far < TODAY else "a day within five years of 2026-09-01"
    with pytest.raises(OnboardingError, match=f"window: expected {expected}"):
        check_dates(far, None, TODAY)
    with pytest.raises(OnboardingError, match="launch: expected a day"):
        check_dates(TODAY, far, TODAY)


def test_near_days_are_taken() -> None:
    check_dates(date(2031, 8, 1), TODAY, TODAY)
    check_dates(TODAY + FURTHEST, TODAY, TODAY)
    check_dates(None, None, TODAY)


def test_one_district_that_cannot_be_written_keeps_no_other_out_of_the_calendar_and_the_table() -> None:
    for broken in (BROKEN, record(district_id="broken", name=5, since=None)):
        written = calendar([broken, GOOD]).decode()
        rows = table([broken, GOOD]).decode().splitlines()

        assert "UID:opening.good@rostering" in written
        assert written.endswith("END:VCALENDAR\r\n")
        assert [row.partition(",")[0] for row in rows] == ["district_id", "broken", "good"]


# Texts that nothing can keep


@pytest.mark.parametrize("text", ["a\x00b", "\ud800", {"a": ["\udfff"]}, {"\x00": 1}])
def test_what_no_database_takes_is_told_apart_from_what_it_takes(text: object) -> None:
    assert not can_be_kept(text)
    assert can_be_kept({"a": ["é\u200b😀", 1, None]})


def test_filters_and_reasons_with_such_texts_are_refused_in_a_line() -> None:

    for escape in ("\\u0000", "\\ud800"):
        with pytest.raises(FilterError, match="without NUL"):
            parse_filter(f'{{"rules":[{{"all":[{{"field":"name","op":"is","value":"a{escape}"}}]}}]}}')
    with pytest.raises(ReasonError, match="without NUL"):
        checked_reason("a\x00b")


def test_an_argument_that_is_no_text_is_refused_by_its_number(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["rostering", "show", "\udcff\udcfe"])

    with pytest.raises(SystemExit) as ended:
        main()

    assert ended.value.code == 2
    assert capsys.readouterr().err == "rostering: argument 2: expected text in UTF-8, got other bytes\n"
