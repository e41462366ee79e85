"""How far ahead of now the times can lie that stages write: by the settings, and by their own constants."""

from __future__ import annotations

from datetime import timedelta

from config.settings import Settings
from worker.adapters.postgres.operations.clock import Longest
from worker.alerts import deliver
from worker.bootstrap import alerts
from worker.bootstrap import mail as postbox
from worker.mail import send
from worker.pipeline.evaluate import stage
from worker.pipeline.poll import stage as poll
from worker.pipeline.relay import stage as relay


def longest(settings: Settings) -> Longest:
    """Return the longest that times of each kind can lie ahead."""
    clever = settings.clever
    pauses = (clever.poll_seconds, clever.quiet_poll_seconds, clever.paused_poll_seconds)
    turn = timedelta(seconds=max(pauses))
    attempt = timedelta(seconds=settings.mail.attempt_seconds)
    return Longest(
        lease=timedelta(seconds=relay.LEASE_SECONDS),
        back_off=stage.FAILURE_BACK_OFF * 2 ** (stage.FAILURE_LIMIT - 1),
        turn=turn,
        turn_that_failed=max(turn, poll.LONGEST_BACK_OFF),
        delivery=max(alerts.LEASE, timedelta(seconds=deliver.LONGEST_RETRY)),
        mail=max(send.BEFORE * attempt, timedelta(seconds=send.LONGEST_RETRY)),
        mail_handed=send.AFTER * attempt,
        quiet=postbox.quiet_hours(settings.mail),
    )
