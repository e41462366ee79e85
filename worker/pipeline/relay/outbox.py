"""The outbox, as the relay sees it: messages to publish, in order per district.

Every call may raise `StoreUnavailable`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

from worker.messaging.outbox_message import OutboxMessage


@dataclass(frozen=True, slots=True)
class Queued:
    """A message in the outbox with its place in its district's order."""

    district_id: str
    position: int
    message: OutboxMessage


class Outbox(Protocol):
    """Messages to publish, in order per district."""

    async def lease(self, districts: int, seconds: float) -> list[str]:
        """Take the outboxes of up to `districts` districts for `seconds`, oldest message first."""

    async def renew(self, district_id: str, seconds: float) -> None:
        """Keep one for longer; raises `LeaseLost`."""

    async def first(self, district_id: str, limit: int) -> list[Queued]:
        """Return the first messages of a district."""

    async def published(self, message: Queued) -> None:
        """Take a message out, since it is published; raises `LeaseLost`."""

    async def release(self, district_ids: Iterable[str]) -> None:
        """Give leases back."""

    async def wait(self, seconds: float) -> None:
        """Return when somebody says that there are messages, or after `seconds`."""


class OutboxGauge(Protocol):
    """How full the outbox is."""

    async def unpublished(self) -> int:
        """Return how many messages wait."""
