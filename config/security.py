"""Plain text off this machine: one rule for every connection that is opened; part of `config.settings`.

A connection is either to this machine, or uses TLS and checks the certificate, or an operator has named it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Final, Literal
from urllib.parse import parse_qs, urlsplit

from pydantic import Field

from config.addresses import is_local, postgres_url
from config.checks import AsJson
from config.group import Group

if TYPE_CHECKING:
    from config.settings import Settings

Connection = Literal["alerts", "broker", "clever", "database", "mail", "traces"]

VERIFYING: Final = ("verify-ca", "verify-full")


class SecuritySettings(Group):
    """Exceptions that are safe only on a network of your own."""

    allow_plaintext: Annotated[tuple[Connection, ...], AsJson] = Field(
        default=(),
        description="Connections to other machines that may go without TLS or without certificate checks, "
        "as JSON: any of alerts, broker, clever, database, mail and traces. None by default: rosters and "
        "passwords would be readable on the network.",
    )


def in_plain_text(settings: Settings) -> Iterator[tuple[Connection, str, str]]:
    """Yield each connection off this machine that is not protected: its name, its setting, what would be."""
    if settings.broker_url is not None and _broker(settings.broker_url.get_secret_value()):
        yield "broker", "ROSTERING_BROKER_URL", "amqps:// without no_verify_ssl"
    for url, key in (
        (settings.database_url, "ROSTERING_DATABASE_URL"),
        (settings.database_direct_url, "ROSTERING_DATABASE_DIRECT_URL"),
    ):
        if url is not None and _database(url.get_secret_value()):
            yield "database", key, "sslmode=verify-full"
    clever, alerts, traces = settings.clever, settings.alerts, settings.tracing.otlp_endpoint
    if clever.client_id is not None:
        if _web(clever.api_url):
            yield "clever", "ROSTERING_CLEVER__API_URL", "https://"
        elif _web(clever.token_service):
            yield "clever", "ROSTERING_CLEVER__OAUTH_URL", "https://"
    if alerts.alertmanager_url is not None and _web(alerts.alertmanager_url):
        yield "alerts", "ROSTERING_ALERTS__ALERTMANAGER_URL", "https://"
    if traces is not None and _web(traces.get_secret_value()):
        yield "traces", "ROSTERING_TRACING__OTLP_ENDPOINT", "https://"


def refusal(settings: Settings) -> str | None:
    """Return why these settings are refused, in one line; None where they are not."""
    for connection, key, protected in in_plain_text(settings):
        if connection not in settings.security.allow_plaintext:
            return f"{key}: {why(connection, protected)}"
    return None


def why(connection: Connection, protected: str) -> str:
    """Return what is said of a connection that is not protected."""
    return (
        f"expected TLS with a checked certificate ({protected}) to another machine; if the network "
        f"is your own, name {connection} in ROSTERING_SECURITY__ALLOW_PLAINTEXT"
    )


def _broker(url: str) -> bool:
    parts = urlsplit(url)
    if is_local(parts.hostname or ""):
        return False
    unverified = parse_qs(parts.query, keep_blank_values=True).get("no_verify_ssl", ["0"])
    return parts.scheme != "amqps" or any(value != "0" for value in unverified)


def _database(url: str) -> bool:
    address = postgres_url(url)
    return not address.is_local and address.parameters.get("sslmode") not in VERIFYING


def _web(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme != "https" and not is_local(parts.hostname or "")
