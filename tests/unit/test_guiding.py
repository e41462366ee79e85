"""What the onboarding takes from the settings, and which of them will not do."""

from __future__ import annotations

from datetime import date, time, timedelta
from pathlib import Path

import pytest

from config.loading import SettingsProblem, describe, load
from worker.bootstrap import onboarding
from worker.domain.onboarding.todo import Who

SET = {
    "ROSTERING_ONBOARDING__TIME_ZONE": "America/Denver",
    "ROSTERING_ONBOARDING__LEAD_DAYS": "2",
    "ROSTERING_ONBOARDING__HOLIDAYS": '["2026-11-26", "2026-11-27"]',
    "ROSTERING_ONBOARDING__LAUNCH_TIME": "07:30",
    "ROSTERING_ONBOARDING__DISTRICT_DAYS": "5",
    "ROSTERING_CLEVER__CLIENT_ID": "app",
    "ROSTERING_CLEVER__CLIENT_SECRET": "s",
    "ROSTERING_ONBOARDING__CLEVER_LINK": "https://clever.example/{client_id}?district={district_id}",
}


def test_what_is_set_guides_the_onboarding() -> None:
    settings = load(SET)

    onboarding_rules = onboarding.onboarding_rules(settings)
    calendar = onboarding_rules.rules.calendar

    assert (onboarding_rules.time_zone, onboarding_rules.reads_clever, onboarding_rules.compose) == (
        "America/Denver",
        True,
        None,
    )
    assert (calendar.lead_days, calendar.launch_time) == (2, time(7, 30))
    assert calendar.launch_date(date(2026, 11, 30)) == date(2026, 11, 24)
    assert onboarding.patience(settings).of(Who.DISTRICT) == timedelta(days=5)
    assert onboarding.connect_address(settings, "d1") == "https://clever.example/app?district=d1"
    assert onboarding.page_address(settings, "t") == "http://127.0.0.1:8080/connect/t"
    assert ("ROSTERING_ONBOARDING__HOLIDAYS", '["2026-11-26", "2026-11-27"]') in {
        (variable, value) for variable, value, _ in describe(settings)
    }


def test_with_a_mail_server_moves_write_and_without_nobody_says_where_to_connect() -> None:
    settings = load(
        {
            "ROSTERING_MAIL__SMTP_URL": "smtp://127.0.0.1:2525",
            "ROSTERING_MAIL__SENDER": "rostering@vendor.example",
            "ROSTERING_HTTP__PUBLIC_URL": "https://console.example/",
        }
    )

    assert onboarding.onboarding_rules(settings).compose is not None
    assert onboarding.connect_address(settings, "d1") is None
    assert onboarding.page_address(settings, "t") == "https://console.example/connect/t"


def test_a_file_may_have_its_holidays_as_dates(tmp_path: Path) -> None:
    file = tmp_path / "worker.toml"
    file.write_text("[onboarding]\nholidays = [2026-11-26]\n")

    assert load({}, file).onboarding.holidays == (date(2026, 11, 26),)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("TIME_ZONE", "Mars/Base"),
        ("TIME_ZONE", "../passwd"),
        ("LEAD_DAYS", "-1"),
        ("HOLIDAYS", '["Thanksgiving"]'),
        ("HOLIDAYS", "2026-11-26"),
        ("LAUNCH_TIME", "25:00"),
        ("UNSECTIONED_PERCENT", "101"),
        ("CLEVER_LINK", "https://clever.example/{secret}"),
        ("CLEVER_LINK", "clever.example"),
        ("LINK_DAYS", "0"),
    ],
)
def test_what_will_not_do_is_refused_by_its_name(key: str, value: str) -> None:
    with pytest.raises(SettingsProblem, match=f"ROSTERING_ONBOARDING__{key}: "):
        load({f"ROSTERING_ONBOARDING__{key}": value})
