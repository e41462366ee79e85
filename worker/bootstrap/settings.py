"""Settings as values of the domain."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable
from datetime import timedelta

from pydantic import ValidationError

from config.loading import PREFIX
from config.settings import Settings
from worker.domain.preflight.policy import FieldNames, OwnPolicy, Policy
from worker.domain.preflight.window import WindowLimits
from worker.operations.districts import WORKER
from worker.runtime.errors import SettingsError
from worker.runtime.validation_text import explain


class _Demands(OwnPolicy):
    """A policy of which nothing is left out, and what its commits carry besides."""

    extra_fields: FieldNames


def policy(settings: Settings) -> Policy:
    """Return what the settings demand of a district without a policy of its own; raises `SettingsError`.

    Which fields and which codes there are is known here, and not by `config`.
    """
    values = settings.preflight.model_dump(mode="json", include=set(OwnPolicy.model_fields))
    values["extra_fields"] = settings.commit.extra_fields
    try:
        demands = _Demands.model_validate_json(json.dumps(values))
    except ValidationError as error:
        raise SettingsError(explain(error, PREFIX, _variable)) from None
    return Policy(
        **dict(demands),
        needs_baseline=settings.clever.client_id is not None,
        time_zone=settings.onboarding.time_zone,
    )


def _variable(steps: Iterable[str | int]) -> str:
    key = str(next(iter(steps)))
    return f"{'COMMIT' if key == 'extra_fields' else 'PREFLIGHT'}__{key.upper()}"


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
