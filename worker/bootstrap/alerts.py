"""What alerts need of the settings: how they are made, which channels there are, and who delivers to them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from config.settings import Settings
from worker.alerts.channel import Channel
from worker.alerts.delivery_store import Deliveries
from worker.domain.alerts.detection import Thresholds
from worker.domain.alerts.incidents import AlertRules
from worker.runtime.errors import SettingsError

if TYPE_CHECKING:
    from worker.alerts.deliver import DeliverStage
    from worker.runtime.metrics import Metrics
    from worker.runtime.tracing import Tracer

PATIENT_POLLS: Final = 3
"""Turns that a district may miss, however rarely it has one."""
ATTEMPT: Final = timedelta(seconds=10)
"""How long one attempt to deliver an alert to a channel may take."""
LEASE: Final = 3 * ATTEMPT
"""After which an alert that was taken is free again: an attempt is surely over by then."""
REFRESH: Final = timedelta(minutes=1)
"""After which open alerts are sent to an Alertmanager again, so that it knows them after a restart."""
GIVE_UP: Final = timedelta(hours=24)
"""How long a channel is tried; after that, alerts wait for `rostering alerts retry`."""


def check(names: Collection[str], settings: Settings) -> None:
    """Raise `SettingsError` for a wrong address, or where notify lacks a setting."""
    check_channels(settings)
    if "notify" in names and set(names) <= {"notify", "http"} and not notifies(settings):
        raise SettingsError(
            "ROSTERING_ALERTS__CHANNELS: expected a channel, or ROSTERING_ALERTS__ALERTMANAGER_URL, or "
            "ROSTERING_MAIL__SMTP_URL, for the stage notify, got nothing"
        )


def check_channels(settings: Settings) -> None:
    """Raise `SettingsError` for the first address of a channel that is wrong, without quoting it."""
    if not settings.alerts.channels:
        return
    from worker.adapters.channels.open_channels import check_address  # noqa: PLC0415 — slow to import

    may_be_plain = "alerts" in settings.security.allow_plaintext
    for place, url in enumerate(settings.alerts.channels, start=1):
        try:
            check_address(url.get_secret_value(), may_be_plain=may_be_plain)
        except SettingsError as error:
            raise SettingsError(f"ROSTERING_ALERTS__CHANNELS: item {place}: {error}") from None


@asynccontextmanager
async def open_channels(settings: Settings) -> AsyncIterator[list[Channel]]:
    """Open the channels that alerts are delivered to."""
    from worker.adapters.channels import open_channels as opening  # noqa: PLC0415 — slow to import

    alerts = settings.alerts
    async with opening.open_channels(
        [url.get_secret_value() for url in alerts.channels],
        alerts.alertmanager_url,
        ATTEMPT.total_seconds(),
        REFRESH,
    ) as channels:
        yield channels


def delivers(settings: Settings) -> bool:
    """Whether alerts are to be delivered anywhere."""
    return bool(settings.alerts.channels) or settings.alerts.alertmanager_url is not None


def notifies(settings: Settings) -> bool:
    """Whether the stage notify has anything to do: alerts to deliver, or mails to send."""
    return delivers(settings) or settings.mail.smtp_url is not None


def rules(settings: Settings) -> AlertRules:
    """Return how alerts are made."""
    return AlertRules(timedelta(seconds=settings.alerts.flap_seconds), settings.http.public_url)


def thresholds(settings: Settings) -> Thresholds:
    """Return for how long something may be so before it is an incident."""
    alerts = settings.alerts
    feed = max(alerts.feed_stuck_seconds, PATIENT_POLLS * settings.clever.poll_seconds)
    return Thresholds(
        feed=timedelta(seconds=feed),
        outbox=timedelta(seconds=alerts.outbox_stuck_seconds),
        stage=timedelta(seconds=alerts.stage_failing_seconds),
        reads_clever=settings.clever.client_id is not None,
    )


def delivery_stages(
    deliveries: Deliveries, channels: Sequence[Channel], metrics: Metrics, tracer: Tracer
) -> list[DeliverStage]:
    """Return what delivers alerts: a stage for each channel, so that none waits for another."""
    from worker.alerts.deliver import DeliverStage  # noqa: PLC0415 — slow to import

    return [DeliverStage(channel, deliveries, metrics, GIVE_UP, LEASE, tracer) for channel in channels]
