"""Alerts, a channel that keeps what it is sent, and the stage that delivers to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta

from builders import DISTRICT, Json
from store_fixtures import StoreUnderTest

from worker.domain.incident_codes import PREFLIGHT_FAILED
from worker.metrics import Metrics
from worker.stages.deliver import DeliverStage

MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
FIRING, RESOLVED = "firing", "resolved"


def alert(status: str = FIRING, number: int = 1, **changed: object) -> Json:
    return {
        "alert_id": f"{number}/{status}",
        "dedup_key": f"preflight.failed/{number}",
        "status": status,
        "code": PREFLIGHT_FAILED,
        "severity": "warning",
        "district_id": DISTRICT,
        "summary": "…",
        "counts": {},
        "url": None,
        "starts_at": "2026-09-15T12:00:00.000Z",
        "ends_at": "2026-09-15T12:01:00.000Z" if status == RESOLVED else None,
    } | changed


async def tell(store: StoreUnderTest, *alerts: Json) -> None:
    """Write alerts, in their order."""
    for each in alerts:
        await store.rows(
            "INSERT INTO alerts (district_id, alert_id, dedup_key, status, starts_at, routing_key, "
            "trace_parent, body) VALUES ($1, $2, $3, $4, $5, 'alert.warning', '', $6)",
            each["district_id"],
            each["alert_id"],
            each["dedup_key"],
            each["status"],
            datetime.fromisoformat(each["starts_at"]),
            json.dumps(each),
        )


class Line:
    """A channel that keeps what it is sent; `trouble` is raised instead while it is set."""

    at_once = 8
    refresh_every: timedelta | None = None

    def __init__(self, name: str = "line-1", kind: str = "line") -> None:
        self.name, self.kind = name, kind
        self.sent: list[str] = []
        self.trouble: Exception | None = None

    async def send(self, bodies: Sequence[str]) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.sent += [json.loads(body)["alert_id"] for body in bodies]


def deliver(store: StoreUnderTest, channel: Line, give_up: timedelta = DAY) -> DeliverStage:
    return DeliverStage(channel, store.deliveries, Metrics(), give_up, MINUTE)


async def all_of(stage: DeliverStage) -> None:
    while await stage.once():
        pass


async def now_due(store: StoreUnderTest) -> None:
    await store.rows("UPDATE deliveries SET next_attempt_at = now()")
