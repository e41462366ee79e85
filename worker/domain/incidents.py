"""Incidents: what operations are told of once when it begins, and once when it is over.

An alert holds ids and numbers only, never a person's data or a section's name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from worker.domain.announcements import alert_body, instant
from worker.domain.canonical import canonical
from worker.domain.decision import alert_id

PREFLIGHT_FAILED: Final = "preflight.failed"
BASELINE_REFUSED: Final = "baseline.refused"
SEVERITY: Final = "warning"
ALERT_KEY: Final = f"alert.{SEVERITY}"
"""The routing key of an alert."""


@dataclass(frozen=True, slots=True)
class Incident:
    """Something wrong with a district, since some time."""

    district_id: str
    code: str
    since: datetime


@dataclass(frozen=True, slots=True)
class Alert:
    """A message to operations: its id, the same whenever it is made, and its body as JSON."""

    id: str
    body: str


def firing(incident: Incident, summary: str, counts: Mapping[str, int] | None = None) -> Alert:
    """Return the alert that tells of an incident's beginning."""
    return _alert(incident, None, summary, counts or {})


def resolved(incident: Incident, ended: datetime, summary: str) -> Alert:
    """Return the alert that tells of its end."""
    return _alert(incident, ended, summary, {})


def _alert(incident: Incident, ended: datetime | None, summary: str, counts: Mapping[str, int]) -> Alert:
    status = "resolved" if ended else "firing"
    identifier = alert_id(incident.district_id, f"{incident.code}/{instant(incident.since)}", status)
    body = alert_body(
        district_id=incident.district_id,
        alert_id=identifier,
        code=incident.code,
        severity=SEVERITY,
        resolved=ended is not None,
        summary=summary,
        counts=counts,
        starts_at=incident.since,
        ends_at=ended,
    )
    return Alert(identifier, canonical(body))
