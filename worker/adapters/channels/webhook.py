"""A webhook: the alert as it stands on the queue, to any address that takes JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import aiohttp

from worker.adapters.channels.http import post
from worker.adapters.channels.names import channel_name


class Webhook:
    """Answers to `worker.alerts.channel.Channel`."""

    kind = "webhook"
    at_once = 8
    refresh_every: timedelta | None = None

    def __init__(self, session: aiohttp.ClientSession, url: str, seconds: float) -> None:
        self._session = session
        self._url = url
        self._seconds = seconds
        self.name = channel_name(self.kind, url)

    async def send(self, bodies: Sequence[str]) -> None:
        """Post each alert by itself; raises `ChannelFailed`."""
        for body in bodies:
            await post(self._session, self._url, body.encode(), self._seconds)
