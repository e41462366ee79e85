"""Which stages can run with which settings."""

from __future__ import annotations

import pytest

from config.settings import load
from worker.errors import SettingsError
from worker.process import STAGES, check_stages

CLEVER = {"ROSTERING_CLEVER__CLIENT_ID": "app", "ROSTERING_CLEVER__CLIENT_SECRET": "sesame"}
BROKER = {"ROSTERING_BROKER_URL": "amqp://broker.test/"}


def test_all_stages_run_with_no_settings_and_with_clevers() -> None:
    check_stages(STAGES, load({}))
    check_stages(STAGES, load(CLEVER))
    check_stages(["poll"], load(CLEVER | BROKER))
    check_stages(["http"], load({}))


@pytest.mark.parametrize(
    ("stages", "settings", "told"),
    [
        (["poll"], {}, "ROSTERING_CLEVER__CLIENT_ID: expected the app's client id"),
        (["poll", "http"], BROKER, "ROSTERING_CLEVER__CLIENT_ID: expected the app's client id"),
        (["poll"], CLEVER, "--stages: poll needs ingest beside it"),
        (STAGES, {"ROSTERING_CLEVER__CLIENT_ID": "app"}, "ROSTERING_CLEVER__CLIENT_SECRET: expected it"),
        (STAGES, {"ROSTERING_CLEVER__CLIENT_SECRET": "sesame"}, "ROSTERING_CLEVER__CLIENT_ID: expected it"),
        (["pol"], {}, "--stages: expected some of poll, ingest, evaluate, relay, http"),
        (STAGES, {"ROSTERING_ALERTS__ALERTMANAGER_URL": "http://alerts.test"}, "ROSTERING_ALERTS__*"),
    ],
)
def test_stages_that_cannot_work_are_refused_by_the_setting_that_they_need(
    stages: list[str], settings: dict[str, str], told: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        check_stages(stages, load(settings))

    assert str(refused.value).startswith(told)
    assert "sesame" not in str(refused.value)
