"""Alerts on their way to each channel, as the notify stage and an operator see them.

`worker.adapters.postgres.alerts.deliveries` answers; every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Due:
    """An alert to deliver now; `attempts` counts this one, and is what it is held by."""

    id: int
    alert_id: str
    body: str
    attempts: int
    age: timedelta
    """Since the channel took it over."""
    trace_parent: str | None = None


@dataclass(frozen=True, slots=True)
class OpenAlert:
    """The last alert of an incident that is not over."""

    dedup_key: str
    body: str


@dataclass(frozen=True, slots=True)
class ChannelLine:
    """What waits for a channel, and what was given up."""

    channel: str
    waiting: int
    dead: int
    since: datetime
    problem: str | None


@dataclass(frozen=True, slots=True)
class DeadDelivery:
    """An alert that a channel did not take in time."""

    channel: str
    alert_id: str
    dedup_key: str
    status: str
    dead_at: datetime
    attempts: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class OpenIncident:
    """What operations were told of and is not over; `district_id` is '' where it is nobody's."""

    district_id: str
    code: str
    since: datetime
    summary: str
    is_flapping: bool


class Deliveries(Protocol):
    """One row for each alert and channel; an incident's leave in order."""

    async def take_over(self, channel: str, limit: int) -> int:
        """Take over up to `limit` alerts that the channel does not have yet; return how many."""

    async def take(self, channel: str, limit: int, lease: timedelta) -> list[Due]:
        """Take alerts that are due; they are due again after `lease`, unless something is said of them."""

    async def delivered(self, due: Due) -> None:
        """Say that the channel has it."""

    async def failed(self, due: Due, problem: str, again: timedelta, give_up: timedelta) -> bool:
        """Put it off; return whether it is dead, being older than `give_up`."""

    async def now(self) -> datetime:
        """Return the store's time."""

    async def refresh(self, channel: str, every: timedelta, limit: int) -> list[OpenAlert]:
        """Take the last alerts of incidents that stand, which were not said again for so long."""

    async def refreshed(self, channel: str, dedup_keys: Collection[str], since: datetime) -> None:
        """Say that these were said again: an end that was delivered since is delivered once more."""

    async def wait(self, channel: str, seconds: float) -> None:
        """Return when there may be alerts to deliver, or after `seconds`."""
