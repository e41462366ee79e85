"""Incidents: what is wrong, since when, what operations were told of it, and what they are told next.

An incident begins with one alert and ends with one; in between there is another only where its picture, the
set of codes that make it, has changed. One that comes and goes is damped, so that it costs a handful of
messages and not one a minute. An alert holds ids and numbers only, never a person's data or a section's name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from schemas.messages.alert import ALERT_SCHEMA, AlertMessage
from schemas.timestamps import instant
from schemas.words import AlertStatus
from worker.domain.alerts.codes import CATALOGUE
from worker.domain.preflight.decision import alert_id
from worker.domain.roster.canonical import canonical

NO_DISTRICT: Final = ""
"""Whose an incident is that is nobody's in particular; null in its alerts."""


FLAPPING_RETURNS: Final = 2
"""One that comes back once was mended in haste; one that comes back again flaps."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong now: its picture, and how that is told. The picture alone decides what is news."""

    picture: str
    summary: str
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Memory:
    """What is remembered of an incident; `told` is the picture that was last told, None once it is over."""

    since: datetime
    condition: Problem
    told: str | None
    told_at: datetime
    """When the last alert was made: of its beginning, of another picture, or of its end."""
    updated_at: datetime | None = None
    """When another picture was last told."""
    updates: int = 0
    clear_since: datetime | None = None
    """Since when nothing is wrong any more, though its end was not told yet."""
    returns: int = 0
    """How often it began again soon after it was over."""

    @property
    def is_open(self) -> bool:
        """Whether operations were told of it, and not of its end."""
        return self.told is not None

    @property
    def is_flapping(self) -> bool:
        """Whether its end is told only once it has stayed away: it has come back more than once."""
        return self.returns >= FLAPPING_RETURNS


@dataclass(frozen=True, slots=True)
class AlertRules:
    """How alerts are made: `flap` is how soon an incident comes again to count as flapping."""

    flap: timedelta = timedelta(minutes=10)
    public_url: str | None = None
    """Where the console is served; None: nowhere that an alert could point to."""


@dataclass(frozen=True, slots=True)
class Alert:
    """A message to operations: its id, the same whenever it is made, and its body as JSON."""

    id: str
    routing_key: str
    body: str


def step(
    memory: Memory | None, condition: Problem | None, now: datetime, flap: timedelta
) -> tuple[Memory | None, AlertStatus | None]:
    """Return what is remembered of an incident from now on, and what operations are told, if anything.

    `condition` is what is wrong now, None where nothing is. At most one alert comes of it.
    """
    if memory is None or not memory.is_open:
        return _while_over(memory, condition, now, flap)
    if condition is None:
        return _while_clear(memory, now, flap)
    memory = replace(memory, condition=condition, clear_since=None)
    is_news = condition.picture != memory.told
    may_tell = memory.updated_at is None or now - memory.updated_at >= flap
    if not (is_news and may_tell):
        return memory, None
    told = replace(memory, told=condition.picture, told_at=now, updated_at=now, updates=memory.updates + 1)
    return told, AlertStatus.UPDATED


def _while_over(
    memory: Memory | None, condition: Problem | None, now: datetime, flap: timedelta
) -> tuple[Memory | None, AlertStatus | None]:
    recent = memory if memory is not None and now - memory.told_at < flap else None
    if condition is None:
        return recent, None
    returns = 0 if recent is None else recent.returns + 1
    return Memory(now, condition, condition.picture, now, returns=returns), AlertStatus.FIRING


def _while_clear(memory: Memory, now: datetime, flap: timedelta) -> tuple[Memory, AlertStatus | None]:
    clear_since = memory.clear_since or now
    if memory.is_flapping and now - clear_since < flap:
        return replace(memory, clear_since=clear_since), None
    return replace(memory, told=None, told_at=now, clear_since=None), AlertStatus.RESOLVED


def alert(
    district_id: str,
    code: str,
    memory: Memory,
    status: AlertStatus,
    rules: AlertRules,
    ending: str | None = None,
) -> Alert:
    """Return the alert that tells of an incident as it is remembered after the step.

    `ending` says why it is over, where that is not what it usually means.
    """
    kind = CATALOGUE[code]
    is_over = status is AlertStatus.RESOLVED
    ordinal = f"{status}/{memory.updates}" if status is AlertStatus.UPDATED else status.value
    identifier = alert_id(district_id, f"{code}/{instant(memory.since)}", ordinal)
    message = AlertMessage(
        schema_name=ALERT_SCHEMA,
        district_id=district_id or None,
        alert_id=identifier,
        dedup_key=dedup_key(district_id, code),
        code=code,
        severity=kind.severity,
        status=status,
        summary=(ending or kind.ending) if is_over else memory.condition.summary,
        counts={} if is_over else memory.condition.counts,
        url=_page(district_id, rules.public_url),
        starts_at=memory.since,
        # A clock that was put back meanwhile ends nothing before it began, which Alertmanager would refuse.
        ends_at=max(memory.told_at, memory.since) if is_over else None,
    )
    return Alert(identifier, f"alert.{kind.severity}", canonical(message.wire()))


def dedup_key(district_id: str, code: str) -> str:
    """Return what an incident is known by, in all of its alerts."""
    return f"{code}/{district_id or '-'}"


def picture(codes: Iterable[str]) -> str:
    """Return the picture that a set of codes makes."""
    return ",".join(sorted(codes))


def _page(district_id: str, public_url: str | None) -> str | None:
    if public_url is None:
        return None
    root = public_url.rstrip("/")
    return f"{root}/districts/{quote(district_id, safe='')}" if district_id else f"{root}/"
