"""The body of an alert."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from worker.domain.roster.timestamps import instant

ALERT_SCHEMA: Final = "rostering.alert/v1"


def alert_body(
    *,
    district_id: str | None,
    alert_id: str,
    dedup_key: str,
    code: str,
    severity: str,
    status: str,
    summary: str,
    counts: Mapping[str, int],
    url: str | None,
    starts_at: datetime,
    ends_at: datetime | None,
) -> dict[str, Any]:
    """Return an alert; its texts hold ids and numbers only."""
    return {
        "schema": ALERT_SCHEMA,
        "alert_id": alert_id,
        "dedup_key": dedup_key,
        "status": status,
        "severity": severity,
        "code": code,
        "district_id": district_id,
        "summary": summary,
        "counts": dict(counts),
        "url": url,
        "starts_at": instant(starts_at),
        "ends_at": instant(ends_at) if ends_at else None,
    }
