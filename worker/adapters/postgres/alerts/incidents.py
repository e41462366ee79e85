"""Incidents in PostgreSQL: remembered, and told to operations, in the transaction of whoever noticed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import asyncpg

from schemas.words import AlertStatus
from worker.adapters.postgres import statements, wakeups
from worker.adapters.postgres.database import Connection
from worker.domain.alerts.incidents import Alert, AlertRules, Memory, Problem, alert, dedup_key
from worker.domain.alerts.updates import IncidentUpdate, updates_of_district, updates_of_ending
from worker.runtime.tracing import trace_parent

_SQL: Final = statements.load("alerts/incidents")
_ALERTS: Final = statements.load("alerts/alerts")


@dataclass(frozen=True, slots=True)
class DecisionRef:
    """The decision that is the reason of alerts: its number in the district, and its batch."""

    sequence: int | None = None
    batch_id: str | None = None


NO_DECISION: Final = DecisionRef()


async def note(
    connection: Connection,
    district_id: str,
    found: Mapping[str, Problem | None],
    now: datetime,
    rules: AlertRules,
    cause: DecisionRef = NO_DECISION,
) -> None:
    """Note what is so of a district now, by code: what is wrong, or None where nothing is."""
    rows = await connection.fetch(_SQL["lock"], district_id, sorted(found))
    before = {row["code"]: memory_of(row) for row in rows}
    updates = updates_of_district(district_id, before, found, now, rules.flap)
    new = [one for one in updates if one.code not in before]
    begun = await _begin(connection, new)
    await keep(connection, [one for one in updates if one.code in before], rules, cause)
    await _write_alerts(connection, [one for one in new if one.code in begun], rules, cause)
    if len(begun) < len(new):  # another process began the same incident first: this is what it goes on with
        rest = {one.code: found[one.code] for one in new if one.code not in begun}
        await note(connection, district_id, rest, now, rules, cause)


async def end_all(
    connection: Connection, district_id: str, now: datetime, rules: AlertRules, ending: str
) -> None:
    """Tell of the end of all of a district's incidents, and forget them."""
    rows = await connection.fetch(_SQL["lock_all"], district_id)
    before = {row["code"]: memory_of(row) for row in rows}
    await _write_alerts(
        connection, updates_of_ending(district_id, before, now, rules.flap, ending), rules, NO_DECISION
    )
    await connection.execute(_SQL["forget_all"], district_id)


async def keep(
    connection: Connection,
    steps: Sequence[IncidentUpdate],
    rules: AlertRules,
    cause: DecisionRef = NO_DECISION,
) -> None:
    """Remember what became of incidents, and write their alerts."""
    kept = [one for one in steps if one.memory is not None]
    gone = [one for one in steps if one.memory is None]
    if kept:
        await connection.execute(_SQL["keep"], *_columns(kept))
    if gone:
        await connection.execute(
            _SQL["forget"], [one.district_id for one in gone], [one.code for one in gone]
        )
    await _write_alerts(connection, steps, rules, cause)


async def _begin(connection: Connection, steps: Sequence[IncidentUpdate]) -> set[str]:
    """Remember incidents of one district that begin; return the codes of those nobody else has begun."""
    if not steps:
        return set()
    return {row["code"] for row in await connection.fetch(_SQL["keep_new"], *_columns(steps))}


def memory_of(row: asyncpg.Record) -> Memory:
    """Read what is remembered of an incident."""
    return Memory(
        row["since"],
        Problem(row["picture"], row["summary"], row["counts"]),
        row["told"],
        row["told_at"],
        row["updated_at"],
        row["updates"],
        row["clear_since"],
        row["returns"],
    )


async def _write_alerts(
    connection: Connection, steps: Sequence[IncidentUpdate], rules: AlertRules, cause: DecisionRef
) -> None:
    """Write the alerts of incidents whose rows are locked: the relay and each channel read them."""
    rows = [
        _alert_row(one, one.memory, one.status, rules, cause) for one in steps if one.memory and one.status
    ]
    if not rows:
        return
    await connection.execute(_ALERTS["add"], *map(list, zip(*rows, strict=True)))
    await wakeups.notify(connection, wakeups.ALERTS)
    await wakeups.notify(connection, wakeups.DELIVERIES)


def _alert_row(
    one: IncidentUpdate, memory: Memory, status: AlertStatus, rules: AlertRules, cause: DecisionRef
) -> tuple[Any, ...]:
    told = alert(one.district_id, one.code, memory, status, rules, one.ending)
    return (
        one.district_id,
        told.id,
        dedup_key(one.district_id, one.code),
        status.value,
        memory.since,
        told.routing_key,
        cause.sequence or None,
        _trace(told, cause),
        told.body,
    )


def _trace(told: Alert, cause: DecisionRef) -> str:
    return trace_parent(cause.batch_id or told.id, told.id)


def _columns(steps: Sequence[IncidentUpdate]) -> list[list[Any]]:
    rows = [
        (
            one.district_id,
            one.code,
            memory.since,
            memory.condition.picture,
            memory.condition.summary,
            dict(memory.condition.counts),
            memory.told,
            memory.told_at,
            memory.updated_at,
            memory.updates,
            memory.clear_since,
            memory.returns,
        )
        for one in steps
        if (memory := one.memory) is not None
    ]
    return [list(column) for column in zip(*rows, strict=True)]
