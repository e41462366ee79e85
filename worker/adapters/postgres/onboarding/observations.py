"""What is seen of districts in onboarding: rows read into the domain's values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import State
from worker.domain.onboarding.transitions import DistrictFacts, Onboarding, Sharing, Trouble
from worker.onboarding.observation import Observation, OnboardingRules, sync_troubles

_SQL: Final = statements.load("onboarding/districts")


@dataclass(frozen=True, slots=True)
class Days:
    """The time zones of all districts, and of each: its day, and until when launches and openings are due."""

    zones: Sequence[str]
    today: Sequence[date]
    due_on: Sequence[date]
    last_opening: Sequence[date]


async def days(connection: Connection, onboarding_rules: OnboardingRules) -> Days:
    """Return what day it is in the zones of all districts."""
    calendar, default = onboarding_rules.rules.calendar, onboarding_rules.time_zone
    ((now, known),) = await connection.fetch(_SQL["zones"])
    zones = sorted({default, *(known or ())})
    due = [calendar.due_on(now, ZoneInfo(zone)) for zone in zones]
    today = [now.astimezone(ZoneInfo(zone)).date() for zone in zones]
    return Days(zones, today, due, [calendar.last_opening(day) for day in due])


async def timely(connection: Connection, onboarding_rules: OnboardingRules) -> list[str]:
    """Return the districts that may move because time went by, or whose launch is delayed."""
    now = await days(connection, onboarding_rules)
    rows = await connection.fetch(_SQL["timely"], max(now.due_on), max(now.last_opening), max(now.today))
    return [row["district_id"] for row in rows]


async def candidates(
    connection: Connection,
    onboarding_rules: OnboardingRules,
    after: str,
    limit: int,
    among: Sequence[str] | None = None,
) -> list[str]:
    """Lock those that may move, or whose launch is delayed: so many behind `after`; return their ids."""
    now = await days(connection, onboarding_rules)
    rows = await connection.fetch(
        _SQL["candidates"],
        *(onboarding_rules.rules.unsectioned_percent, onboarding_rules.time_zone),
        *(now.zones, now.today, now.due_on, now.last_opening, after, limit, among),
    )
    return [row["district_id"] for row in rows]


async def observe(
    connection: Connection, district_ids: Sequence[str], onboarding_rules: OnboardingRules
) -> list[Observation]:
    """Return what is seen of districts now, by id; none of it is decided on until the transaction ends.

    Whose verdict is being reached right now is not waited for: that is a trouble of the moment.
    """
    deciding = await connection.fetchval(_SQL["keep_undecided"], list(district_ids))
    rows = await connection.fetch(
        _SQL["facts"], list(district_ids), onboarding_rules.reads_clever, onboarding_rules.feed, deciding
    )
    return [_seen(row, onboarding_rules) for row in rows]


def onboarding_of(row: asyncpg.Record, onboarding_rules: OnboardingRules) -> Onboarding:
    """Read where a district stands."""
    returns_to = State(row["returns_to"]) if row["returns_to"] else None
    return Onboarding(
        row["district_id"],
        State(row["state"]),
        returns_to,
        _window(row, onboarding_rules),
        row["commits_before"],
    )


def sharing_of(row: asyncpg.Record) -> Sharing | None:
    """Read how much is shared, as last judged."""
    if row["sections"] is None:
        return None
    return Sharing(row["sections"], row["students"], row["unsectioned"])


def zone_of(row: asyncpg.Record, onboarding_rules: OnboardingRules) -> str:
    """Return the name of a district's time zone."""
    return str(row["time_zone"] or onboarding_rules.time_zone)


def _window(row: asyncpg.Record, onboarding_rules: OnboardingRules) -> AssessmentWindow | None:
    if row["opens_on"] is None:
        return None
    return AssessmentWindow(row["opens_on"], ZoneInfo(zone_of(row, onboarding_rules)), row["launch_on"])


def _seen(row: asyncpg.Record, onboarding_rules: OnboardingRules) -> Observation:
    record, now = row["clever_record"], row["now"]
    facts = DistrictFacts(
        row["is_connected"],
        sharing_of(row),
        row["has_filter"],
        row["commits"],
        frozenset(map(Trouble, row["seen_troubles"])) | sync_troubles(record, now, is_read=row["is_read"]),
    )
    return Observation(
        onboarding_of(row, onboarding_rules),
        facts,
        now,
        row["called"],
        tuple(row["contacts"]),
        row["time_zone"],
        zone_of(row, onboarding_rules),
        row["committed_counts"],
        record,
        frozenset(map(Trouble, row["troubles"])),
    )
