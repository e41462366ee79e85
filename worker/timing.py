"""How far ahead of now the times can lie that stages write: by the settings, and by their own constants."""

from __future__ import annotations

from datetime import timedelta

from config.settings import Settings
from worker import alerting, postbox
from worker.adapters.postgres.clock import Longest
from worker.stages import deliver, evaluate, mail, poll, relay


def longest(settings: Settings) -> Longest:
    """Return the longest that times of each kind can lie ahead."""
    turn = timedelta(seconds=settings.clever.poll_seconds)
    attempt = timedelta(seconds=settings.mail.attempt_seconds)
    lease = timedelta(seconds=alerting.LEASED_ATTEMPTS * settings.alerts.attempt_seconds)
    return Longest(
        lease=timedelta(seconds=relay.LEASE_SECONDS),
        back_off=evaluate.FAILURE_BACK_OFF * 2 ** (evaluate.FAILURE_LIMIT - 1),
        turn=turn,
        turn_that_failed=max(turn, poll.LONGEST_BACK_OFF),
        delivery=max(lease, timedelta(seconds=deliver.LONGEST_RETRY)),
        mail=max(mail.BEFORE * attempt, timedelta(seconds=mail.LONGEST_RETRY)),
        mail_handed=mail.AFTER * attempt,
        quiet=postbox.quiet_hours(settings.mail),
    )
