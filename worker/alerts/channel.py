"""A channel that alerts are delivered to."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Protocol


class Channel(Protocol):
    """One way to operations. Its name and its errors never hold its address, which may be a secret."""

    name: str
    """Its kind, and a digest of its address: `mailto-1f0a93bc`."""
    kind: str
    at_once: int
    """Alerts, each of another incident, that it takes side by side within the time of one attempt."""
    refresh_every: timedelta | None
    """After which it has to be told again of what stands; None: it remembers."""

    async def send(self, bodies: Sequence[str]) -> None:
        """Return once the channel has these alerts, bodies of `rostering.alert/v1`; raises `ChannelFailed`.

        More than one come only where it is told again of what stands.
        """
