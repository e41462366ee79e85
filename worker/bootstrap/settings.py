"""Settings as values of the domain."""

from __future__ import annotations

import os
import socket
from datetime import timedelta

from config.settings import Settings
from worker.domain.preflight.policy import Code, Policy, Severity
from worker.domain.preflight.window import WindowLimits
from worker.operations.districts import WORKER


def policy(settings: Settings) -> Policy:
    """Return what the settings demand of a district without a policy of its own."""
    preflight = settings.preflight
    return Policy(
        required_fields=preflight.required_fields,
        unique_fields=preflight.unique_fields,
        removal_limit_percent=float(preflight.removal_limit_percent),
        school_removal_limit_percent=float(preflight.school_removal_limit_percent),
        removal_limit_floor=preflight.removal_limit_floor,
        term_grace_days=preflight.term_grace_days,
        class_change_limit_percent=float(preflight.class_change_limit_percent),
        removal_window_hours=float(preflight.removal_window_hours),
        extra_fields=settings.commit.extra_fields,
        needs_baseline=settings.clever.client_id is not None,
        time_zone=settings.onboarding.time_zone,
        severities={Code(code): Severity(severity) for code, severity in preflight.severities.items()},
    )


def window_limits(settings: Settings) -> WindowLimits:
    """Return how long a district's events may accumulate."""
    window = settings.window
    return WindowLimits(
        quiet=timedelta(seconds=window.quiet_seconds),
        max_age=timedelta(seconds=window.max_age_seconds),
        max_events=window.max_events,
        max_deferral=timedelta(seconds=window.max_deferral_seconds),
    )


def process_name(*, is_worker: bool = False) -> str:
    """Return how this process is called in the lists of connections of broker and database."""
    name = f"rostering/{socket.gethostname()}/{os.getpid()}"
    return f"{name}/{WORKER}" if is_worker else name
