"""Which stages can run with which settings."""

from __future__ import annotations

import pytest

from config.loading import load
from worker.bootstrap.checks import STAGES, check_stages
from worker.runtime.errors import SettingsError

CLEVER = {"ROSTERING_CLEVER__CLIENT_ID": "app", "ROSTERING_CLEVER__CLIENT_SECRET": "sesame"}
BROKER = {"ROSTERING_BROKER_URL": "amqps://broker.test/"}
ALERTMANAGER = {"ROSTERING_ALERTS__ALERTMANAGER_URL": "https://alerts.test"}

MAIL = {"ROSTERING_MAIL__SMTP_URL": "smtp://me:sesame@mail.test", "ROSTERING_MAIL__SENDER": "us@vendor.test"}


def test_all_stages_run_with_no_settings_and_with_clevers() -> None:
    check_stages(STAGES, load({}))
    check_stages(STAGES, load(CLEVER))
    check_stages(["poll"], load(CLEVER | BROKER))
    check_stages(["http"], load({}))
    check_stages(STAGES, load(ALERTMANAGER))
    check_stages(["notify"], load(ALERTMANAGER | BROKER))
    check_stages(["notify"], load(ALERTMANAGER))
    check_stages(["ingest", "relay"], load(ALERTMANAGER))
    check_stages(["relay"], load(ALERTMANAGER | BROKER))
    check_stages(["notify"], load(MAIL))


@pytest.mark.parametrize(
    ("stages", "settings", "told"),
    [
        (["poll"], {}, "ROSTERING_CLEVER__CLIENT_ID: expected the app's client id"),
        (["poll", "http"], BROKER, "ROSTERING_CLEVER__CLIENT_ID: expected the app's client id"),
        (["poll"], CLEVER, "--stages: poll also needs ingest"),
        (STAGES, {"ROSTERING_CLEVER__CLIENT_ID": "app"}, "ROSTERING_CLEVER__CLIENT_SECRET: expected a value"),
        (
            STAGES,
            {"ROSTERING_CLEVER__CLIENT_SECRET": "sesame"},
            "ROSTERING_CLEVER__CLIENT_ID: expected a value",
        ),
        (["pol"], {}, "--stages: expected some of poll, ingest, evaluate, relay, notify, http"),
        (["notify", "http"], BROKER, "ROSTERING_ALERTS__CHANNELS: expected a channel, or ROSTERING_ALERTS"),
        (
            STAGES,
            {"ROSTERING_MAIL__SMTP_URL": "smtp://me:sesame@mail.test"},
            "ROSTERING_MAIL__SENDER: expected a sender",
        ),
        (
            STAGES,
            MAIL | {"ROSTERING_MAIL__BOUNCES_IMAP_URL": "imaps://sesame@mail.test"},
            "ROSTERING_MAIL__BOUNCES_IMAP_URL: expected a user and a password",
        ),
    ],
)
def test_stages_that_cannot_work_are_refused(stages: list[str], settings: dict[str, str], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        check_stages(stages, load(settings))

    assert str(refused.value).startswith(told)
    assert "sesame" not in str(refused.value)
