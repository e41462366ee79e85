"""What becomes of incidents: those of a district where something was noticed, or all that are looked at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeAlias

from schemas.words import AlertStatus
from worker.domain.alerts.detection import Conditions, folded
from worker.domain.alerts.incidents import Memory, Problem, step

Key: TypeAlias = tuple[str, str]
"""Whose an incident is, and its code."""


@dataclass(frozen=True, slots=True)
class IncidentUpdate:
    """What becomes of one incident: what is remembered of it now, and what operations are sent."""

    district_id: str
    code: str
    memory: Memory | None
    status: AlertStatus | None
    ending: str | None = None


def updates_of_district(
    district_id: str,
    before: Mapping[str, Memory],
    found: Mapping[str, Problem | None],
    now: datetime,
    flap: timedelta,
) -> list[IncidentUpdate]:
    """Return what becomes of a district's incidents, by code, where that is news.

    `found` has what is wrong now by code, or None where nothing is; `before` what was remembered.
    """
    updates = [
        IncidentUpdate(district_id, code, *step(before.get(code), condition, now, flap))
        for code, condition in sorted(found.items())
    ]
    return [one for one in updates if one.memory != before.get(one.code)]


def updates_of_ending(
    district_id: str, before: Mapping[str, Memory], now: datetime, flap: timedelta, ending: str
) -> list[IncidentUpdate]:
    """Return the ends of all of a district's incidents; that of one that flaps is sent at once as well."""
    return [
        IncidentUpdate(district_id, code, *step(replace(memory, returns=0), None, now, flap), ending)
        for code, memory in before.items()
    ]


def updates_of_inspection(
    before: Mapping[Key, Memory],
    waiting: Mapping[Key, Memory],
    found: Conditions,
    now: datetime,
    flap: timedelta,
) -> list[IncidentUpdate]:
    """Return what becomes of the incidents of all districts, where that is news.

    `before` are those that are looked at, and `found` is what is wrong with them now; `waiting` are others of
    which something was to be sent when it had stayed so for a while.
    """
    found = folded(found, {key for key, memory in before.items() if memory.is_open})
    updates = [
        IncidentUpdate(*key, *step(before.get(key), found.get(key), now, flap))
        for key in sorted({*before, *found})
    ]
    for key, memory in waiting.items():
        is_wrong = memory.is_open and memory.clear_since is None
        condition = memory.condition if is_wrong else None
        updates.append(IncidentUpdate(*key, *step(memory, condition, now, flap)))
    known = {**before, **waiting}
    return [one for one in updates if one.memory != known.get((one.district_id, one.code))]
