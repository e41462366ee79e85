"""Whether the stages of a process go with its settings."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from config.settings import Settings
from worker.bootstrap import alerts, mail
from worker.runtime.errors import SettingsError

STAGES: Final = ("poll", "ingest", "evaluate", "relay", "notify", "http")


def check_stages(names: Collection[str], settings: Settings) -> None:
    """Raise `SettingsError` for a stage that there is not, or that lacks a setting or another stage."""
    for name in names:
        if name not in STAGES:
            raise SettingsError(f"--stages: expected some of {', '.join(STAGES)}, got {name}")
    if (settings.clever.client_id is None) != (settings.clever.client_secret is None):
        missing = "CLIENT_ID" if settings.clever.client_id is None else "CLIENT_SECRET"
        raise SettingsError(
            f"ROSTERING_CLEVER__{missing}: expected a value, because the other of the two credentials is set"
        )
    if settings.clever.client_id is None and "poll" in names and set(names) <= {"poll", "http"}:
        raise SettingsError(
            "ROSTERING_CLEVER__CLIENT_ID: expected the app's client id for the stage poll, got nothing"
        )
    reads_clever = settings.clever.client_id is not None and "poll" in names
    if reads_clever and settings.broker_url is None and "ingest" not in names:
        raise SettingsError(
            "--stages: poll also needs ingest where the broker is inside the process (no "
            "ROSTERING_BROKER_URL)"
        )
    _check_proxy(settings)
    alerts.check(names, settings)
    mail.check(settings)


def _check_proxy(settings: Settings) -> None:
    """Raise `SettingsError` where a header would be believed of nobody, or of nobody's name."""
    http = settings.http
    if (http.user_header or http.role_header) and not http.trusted_proxies:
        raise SettingsError(
            "ROSTERING_HTTP__TRUSTED_PROXIES: expected the proxies whose headers are trusted, got nothing"
        )
    if http.role_header and not http.user_header:
        raise SettingsError("ROSTERING_HTTP__USER_HEADER: expected a value, because the role header is set")
