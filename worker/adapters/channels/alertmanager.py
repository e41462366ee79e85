"""Prometheus' Alertmanager, by its API v2.

It knows an alert by its labels, and forgets it at its `endsAt`. One that stands is sent with an end far away
and sent again every minute, so that a restarted Alertmanager knows it; one that is over, with its end.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiohttp
import orjson

from schemas.timestamps import instant
from worker.adapters.channels.http import post
from worker.adapters.channels.names import channel_name

STANDS_FOR: Final = timedelta(hours=24)
"""How long an alert stands at Alertmanager that nobody sends again: a notify stage may be away at night."""
SERVICE: Final = "rostering"


class Alertmanager:
    """Answers to `worker.alerts.channel.Channel`."""

    kind = "alertmanager"
    at_once = 8

    def __init__(
        self, session: aiohttp.ClientSession, url: str, seconds: float, refresh_every: timedelta
    ) -> None:
        self._session = session
        self._url = url.rstrip("/") + "/api/v2/alerts"
        self._seconds = seconds
        self.refresh_every: timedelta | None = refresh_every
        self.name = channel_name(self.kind, url)

    async def send(self, bodies: Sequence[str]) -> None:
        """Post the alerts; raises `ChannelFailed`."""
        now = datetime.now(UTC)
        alerts = [posted(orjson.loads(body), now) for body in bodies]
        await post(self._session, self._url, orjson.dumps(alerts), self._seconds)


def posted(alert: dict[str, Any], now: datetime) -> dict[str, Any]:
    """Return an alert as Alertmanager takes it."""
    labels = {
        "alertname": alert["code"],
        "code": alert["code"],
        "severity": alert["severity"],
        "service": SERVICE,
        **({"district_id": alert["district_id"]} if alert["district_id"] else {}),
    }
    return {
        "labels": labels,
        "annotations": {"summary": alert["summary"]},
        "startsAt": min(alert["starts_at"], instant(now)),  # ahead, where the clock was put back
        "endsAt": alert["ends_at"] or instant(now + STANDS_FOR),
        **({"generatorURL": alert["url"]} if alert["url"] else {}),
    }
