"""What is forgotten, and when."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Final

from config.settings import Settings
from worker.bootstrap import alerts
from worker.bootstrap.store import Stores
from worker.operations.housekeeping import HousekeepingStage
from worker.runtime.loop import Stop

REMEMBER_EVENTS: Final = timedelta(days=45)
"""How long ids of evaluated events are kept: Clever keeps the events for 30 days."""

REMEMBER_ALERTS: Final = timedelta(days=7)
"""How long alerts are kept after they left, for whoever asks whether a channel has had one."""

UNATTENDED: Final = timedelta(hours=1)
"""After which an alert that should have been given up is, though nobody delivers to its channel."""


def housekeeping(store: Stores, stop: Stop, settings: Settings) -> HousekeepingStage:
    """Return what forgets what is no longer needed."""
    history = timedelta(days=settings.commit.history_days)
    give_up = alerts.GIVE_UP + UNATTENDED
    return HousekeepingStage(
        [
            partial(store.districts.forget_events_older_than, REMEMBER_EVENTS),
            partial(store.districts.forget_history_older_than, history),
            store.access.sessions.forget,
            store.access.attempts.forget,
            store.access.local_keys.forget,
            partial(store.deliveries.tidy, REMEMBER_ALERTS, give_up),
            store.retention.forget,
            store.student_fields.forget,
        ],
        stop.sleep,
    )
