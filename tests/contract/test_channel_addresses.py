"""Addresses of channels in the settings, as Apprise reads them."""

from __future__ import annotations

import json

import pytest

from config.loading import load
from worker.bootstrap.checks import STAGES, check_stages
from worker.runtime.errors import SettingsError

SECRET = "s3sam3"  # noqa: S105 — nobody's
SLACK = "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#x"
OTHERS = ["broker", "clever", "database", "mail", "traces"]


def check(channels: list[str], allowed: list[str]) -> None:
    """Check settings with these channels, and with connections that may be plain, as `check-config` does."""
    values = {"ALERTS__CHANNELS": channels, "SECURITY__ALLOW_PLAINTEXT": allowed}
    check_stages(STAGES, load({f"ROSTERING_{key}": json.dumps(value) for key, value in values.items()}))


def refusal(channels: list[str], allowed: list[str]) -> str:
    with pytest.raises(SettingsError) as refused:
        check(channels, allowed)
    return str(refused.value)


@pytest.mark.parametrize(
    "channels",
    [
        [f"http://hooks.test/{SECRET}"],
        [SLACK, f"mailto://me:{SECRET}@mail.test"],
        [f"mailtos://me:{SECRET}@mail.test?mode=insecure"],
        [f"{SLACK}?verify=no"],
    ],
)
def test_an_unprotected_channel_is_refused_unless_alerts_may_be_plain(channels: list[str]) -> None:
    text = refusal(channels, OTHERS)

    assert text.startswith(f"ROSTERING_ALERTS__CHANNELS: item {len(channels)}: ")
    assert "name alerts in ROSTERING_SECURITY__ALLOW_PLAINTEXT" in text
    assert SECRET not in text
    assert "\n" not in text
    check(channels, ["alerts"])


@pytest.mark.parametrize(
    "channels",
    [
        [SLACK, "https://hooks.test/x", "mailtos://me:pw@mail.test"],
        ["json://localhost/x", "http://[::1]:8000/x"],
    ],
)
def test_this_machine_and_tls_with_a_check_are_taken_as_they_are(channels: list[str]) -> None:
    check(channels, [])


@pytest.mark.parametrize(
    "channels", [["mailtos://me:pw@mail.test", f"slack://{SECRET}"], [f"nobody://{SECRET}"], ["http://"]]
)
def test_an_address_of_no_channel_is_refused_by_its_place_and_not_quoted(channels: list[str]) -> None:
    text = refusal(channels, [])

    assert text.startswith(f"ROSTERING_ALERTS__CHANNELS: item {len(channels)}: ")
    assert SECRET not in text
