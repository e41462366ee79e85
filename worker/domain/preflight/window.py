"""Windows: when the open accumulation of one district's events is closed, and by what.

The clock is the database's, passed in as `now`, so that processes on different machines agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from schemas.words import Trigger

CUT_SHORT = frozenset({Trigger.AGE, Trigger.SIZE})
"""Triggers that may close a window in mid-change: a student who moves is then in no class, or in two."""


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """How long a district's events may accumulate."""

    quiet: timedelta
    max_age: timedelta
    max_events: int
    max_deferral: timedelta


@dataclass(frozen=True, slots=True)
class Window:
    """One district's open window.

    `requested` is a trigger that somebody asked for (`settled` by the feed, others by a person or by a
    change of filter); `deferred_since` is when a failing verdict on it was first put off.
    """

    opened_at: datetime
    last_event_at: datetime
    events: int
    requested: Trigger | None = None
    deferred_since: datetime | None = None


def closing_trigger(window: Window, now: datetime, limits: WindowLimits) -> Trigger | None:
    """Return what closes the window now, or None while it stays open."""
    if window.requested is not None:
        return window.requested
    if window.events >= limits.max_events:
        return Trigger.SIZE
    if now - window.last_event_at >= limits.quiet:
        return Trigger.QUIET
    if window.events and now - window.opened_at >= limits.max_age:
        return Trigger.AGE
    if deferral_expired(window.deferred_since, now, limits):
        return Trigger.AGE
    return None


def deferral_expired(deferred_since: datetime | None, now: datetime, limits: WindowLimits) -> bool:
    """Whether a failing verdict has been put off for as long as it may be."""
    return deferred_since is not None and now - deferred_since >= limits.max_deferral


def closes_at(window: Window, now: datetime, limits: WindowLimits) -> datetime:
    """Return when the window closes if no event comes any more; `now` where it is due already."""
    if closing_trigger(window, now, limits) is not None:
        return now
    ends = [window.last_event_at + limits.quiet]
    if window.events:
        ends.append(window.opened_at + limits.max_age)
    if window.deferred_since is not None:
        ends.append(window.deferred_since + limits.max_deferral)
    return min(ends)
