"""What Clever says of a district's sync."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.messages.review import Sync


def sync_state(district: Mapping[str, Any] | None, now: datetime) -> Sync:
    """Return what Clever last told of the district's sync; None where it told nothing.

    The warning says why data or sharing rules that the district revises now would not arrive promptly.
    """
    known = district or {}
    state, last_sync = known.get("state"), known.get("last_sync")
    start, end = known.get("pause_start"), known.get("pause_end")
    is_told = state is not None or start is not None
    paused = (state == "paused" or _is_between(start, now, end)) if is_told else None
    return Sync(
        state=state,
        paused=paused,
        pause_start=start,
        pause_end=end,
        last_sync=last_sync,
        warning=_sync_warning(state, end, last_sync, now, paused=bool(paused)),
    )


STALE_SYNC: Final = timedelta(days=4)
"""Without a successful sync for longer, one does not run daily: a long weekend alone is no reason."""

_STATE_WARNINGS: Final = {
    "pending": "The district's sync has an error that the district must fix in Clever",
    "error": "The district's sync has an error that Clever must fix",
}


def _sync_warning(
    state: str | None, pause_end: str | None, last_sync: str | None, now: datetime, *, paused: bool
) -> str | None:
    if paused:
        until = f" until {pause_end[:10]}" if pause_end else ""
        why = f"The district's sync is paused{until}"
    elif state in _STATE_WARNINGS:
        why = _STATE_WARNINGS[state]
    elif (synced := _moment(last_sync)) and now - synced > STALE_SYNC:
        why = f"The district's last successful sync was on {synced.date()}"
    else:
        return None
    return f"{why}: changed data or sharing rules do not arrive until it runs again."


def _is_between(start: str | None, now: datetime, end: str | None) -> bool:
    begun, over = _moment(start), _moment(end)
    return begun is not None and begun <= now and (over is None or now < over)


def _moment(text: str | None) -> datetime | None:
    """Read one of Clever's times; None where there is none, or it is something else."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
