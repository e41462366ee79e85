"""Alerts, a channel that keeps what it is sent, and the stage that delivers to it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from builders import DISTRICT, Json
from store_fixtures import StoreUnderTest

from worker.alerts.deliver import DeliverStage
from worker.domain.alerts.codes import PREFLIGHT_FAILED
from worker.runtime.metrics import Metrics

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


# Rows of one kind each

KINDS: Final = {
    "waits": "delivered_at = NULL",
    "delivered": "delivered_at = now(), refreshed_at = now()",
    "dead": "dead_at = '2026-01-01Z', problem = 'refused'",
    "discarded": "dead_at = '2026-01-01Z', discarded_at = now()",
}


async def add(store: StoreUnderTest, name: str, /, **columns: object) -> int:
    """Add a delivery of an incident of its own, or of `dedup_key`, with these columns; return its id."""
    row: Json = {
        "channel": "line-1",
        "dedup_key": f"preflight.failed/{name}",
        "status": "firing",
        "starts_at": datetime.now(UTC),
    }
    row |= {"alert_id": name, "body": name, "position": -1} | columns
    values = ", ".join(f"${place}" for place in range(1, len(row) + 1))
    statement = f"INSERT INTO deliveries ({', '.join(row)}) VALUES ({values}) RETURNING id"
    (made,) = await store.rows(statement, *row.values())
    return int(made["id"])


async def add_each_kind(store: StoreUnderTest, channel: str = "line-1") -> None:
    for name, changed in KINDS.items():
        await add(store, name, channel=channel)
        await store.rows(f"UPDATE deliveries SET {changed} WHERE body = $1 AND channel = $2", name, channel)


async def states(store: StoreUnderTest, channel: str = "line-1") -> dict[str, str]:
    """Return what became of each, by its name."""
    rows = await store.rows(
        "SELECT body, CASE WHEN discarded_at IS NOT NULL THEN 'discarded' WHEN dead_at IS NOT NULL "
        "THEN 'dead' WHEN delivered_at IS NOT NULL THEN 'delivered' ELSE 'waits' END AS state "
        "FROM deliveries WHERE channel = $1",
        channel,
    )
    return {row["body"]: row["state"] for row in rows}


AS_MADE: Final = {name: name for name in KINDS}


async def stand(store: StoreUnderTest, code: str, district: str = "d", *, is_told: bool = True) -> str:
    """Have an incident; return the key of its alerts."""
    await store.rows(
        "INSERT INTO incidents (district_id, code, since, told) VALUES ($1, $2, now(), $3)",
        *(district, code, "" if is_told else None),
    )
    return f"{code}/{district or '-'}"
