"""What the onboarding of districts needs of the settings."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time, timedelta

from config.settings import Settings
from worker.bootstrap import alerts
from worker.domain.mail.mails import Composed, Values
from worker.domain.onboarding.launch_dates import LaunchCalendar
from worker.domain.onboarding.todo import ReminderDelays
from worker.domain.onboarding.transitions import TransitionRules
from worker.onboarding.district_store import connect_page
from worker.onboarding.observation import OnboardingRules


def calendar(settings: Settings) -> LaunchCalendar:
    """Return which days are working days, and when districts are launched."""
    onboarding = settings.onboarding
    return LaunchCalendar(
        onboarding.lead_days, frozenset(onboarding.holidays), time.fromisoformat(onboarding.launch_time)
    )


def patience(settings: Settings) -> ReminderDelays:
    """Return for how long somebody may be waited for before the to-do list says so."""
    onboarding = settings.onboarding
    return ReminderDelays(timedelta(days=onboarding.district_days), timedelta(days=onboarding.team_days))


def onboarding_rules(settings: Settings) -> OnboardingRules:
    """Return what moves are decided by, and what writes their e-mails. Raises `MailError`."""
    onboarding = settings.onboarding
    thresholds = alerts.thresholds(settings)
    return OnboardingRules(
        TransitionRules(calendar(settings), onboarding.unsectioned_percent),
        onboarding.time_zone,
        timedelta(days=onboarding.link_days),
        thresholds.feed,
        thresholds.reads_clever,
        _compose(settings),
        settings.http.public_url,
    )


def _compose(settings: Settings) -> Callable[[Values], Composed] | None:
    if settings.mail.smtp_url is None:
        return None
    from worker.bootstrap import mail  # noqa: PLC0415 — slow to import, and only where mail is sent

    return mail.composer(settings).compose


def page_address(settings: Settings, token: str) -> str:
    """Return the address of the page behind a connect link: in the console."""
    http = settings.http
    return connect_page(http.public_url or f"http://{http.host}:{http.port}", token)


def connect_address(settings: Settings, district_id: str) -> str | None:
    """Return the address at Clever where a district connects; None where nobody said it."""
    link = settings.onboarding.clever_link
    if link is None:
        return None
    return link.format(client_id=settings.clever.client_id or "", district_id=district_id)
