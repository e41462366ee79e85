"""Incidents that begin outside an evaluation: remembered, and told to operations once."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from worker.adapters.postgres import notices, sql
from worker.adapters.postgres.database import Connection
from worker.domain.announcements import ALERT_SCHEMA
from worker.domain.incidents import ALERT_KEY, Alert, Incident, firing, resolved
from worker.tracing import trace_parent

_SQL: Final = sql.load("incidents")


async def open_incident(connection: Connection, district_id: str, code: str, summary: str) -> None:
    """Remember an incident and put its alert into the outbox; nothing happens where it is open already."""
    since = await connection.fetchval(_SQL["open"], district_id, code)
    if since is not None:
        await _tell(connection, district_id, firing(Incident(district_id, code, since), summary))


async def tell_resolved(connection: Connection, incident: Incident, ended: datetime, summary: str) -> None:
    """Put the alert that tells of an incident's end into the outbox."""
    await _tell(connection, incident.district_id, resolved(incident, ended, summary))


async def _tell(connection: Connection, district_id: str, alert: Alert) -> None:
    place = await connection.fetchrow(_SQL["next_position"], district_id)
    if place is None:
        return
    await connection.execute(
        _SQL["enqueue"],
        district_id,
        place["outbox_position"],
        place["decision_number"],
        ALERT_KEY,
        ALERT_SCHEMA,
        alert.id,
        trace_parent(alert.id, alert.id),
        alert.body,
    )
    await notices.notify(connection, notices.OUTBOX)


async def close_incident(connection: Connection, district_id: str, code: str) -> Incident | None:
    """Forget an incident and return it, for its end to be told; None where there was none."""
    since = await connection.fetchval(_SQL["close"], district_id, code)
    return None if since is None else Incident(district_id, code, since)
