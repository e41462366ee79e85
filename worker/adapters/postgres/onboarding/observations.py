"""What is seen of districts in onboarding: rows read into the domain's values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.domain.alerts.codes import SYNC_PAUSED
from worker.domain.alerts.detection import sync_incident
from worker.domain.mail.mails import Composed, Values
from worker.domain.onboarding.launch_dates import AssessmentWindow
from worker.domain.onboarding.states import State
from worker.domain.onboarding.transitions import (
    DistrictFacts,
    Onboarding,
    Sharing,
    Step,
    TransitionRules,
    Trouble,
    moved,
)

_SQL: Final = statements.load("onboarding/districts")


@dataclass(frozen=True, slots=True)
class OnboardingRules:
    """What the onboarding needs of the settings."""

    rules: TransitionRules = field(default_factory=TransitionRules)
    time_zone: str = "America/New_York"
    """Of districts of which nobody said another."""
    link_life: timedelta = timedelta(days=30)
    feed: timedelta = timedelta(minutes=15)
    """For how long a feed may stay unread."""
    reads_clever: bool = True
    compose: Callable[[Values], Composed] | None = None
    """What writes e-mails; None: nothing does, since there is no server to send them by."""
    public_url: str | None = None
    """Where people reach the console, and districts the pages behind their links."""


@dataclass(frozen=True, slots=True)
class Observation:
    """A district with all that decides on its moves, of one moment, `now`."""

    onboarding: Onboarding
    facts: DistrictFacts
    now: datetime
    row: asyncpg.Record
    """What else is known of it."""

    @property
    def district_id(self) -> str:
        """The district's id in Clever."""
        return self.onboarding.district_id

    @property
    def contacts(self) -> list[str]:
        """The addresses of its administration team."""
        return list(self.row["contacts"])

    def after(self, steps: Iterable[Step]) -> Onboarding:
        """Return where it stands after these steps."""
        onboarding = self.onboarding
        for step in steps:
            onboarding = moved(onboarding, step)
        return onboarding


async def candidates(connection: Connection, guidance: OnboardingRules, after: str, limit: int) -> list[str]:
    """Lock those that may move, or whose launch is held back: so many behind `after`; return their ids."""
    rules, default = guidance.rules, guidance.time_zone
    ((now, known),) = await connection.fetch(_SQL["zones"])
    zones = sorted({default, *(known or ())})
    due = [rules.calendar.due_on(now, ZoneInfo(zone)) for zone in zones]
    rows = await connection.fetch(
        _SQL["candidates"],
        rules.unsectioned_percent,
        default,
        zones,
        [now.astimezone(ZoneInfo(zone)).date() for zone in zones],
        due,
        [rules.calendar.last_opening(day) for day in due],
        after,
        limit,
    )
    return [row["district_id"] for row in rows]


async def observe(
    connection: Connection, district_ids: Sequence[str], guidance: OnboardingRules
) -> list[Observation]:
    """Return what is seen of districts now, by id; none of it is decided on until the transaction ends.

    Whose verdict is being reached right now is not waited for: that is a trouble of the moment.
    """
    deciding = await connection.fetchval(_SQL["keep_undecided"], list(district_ids))
    rows = await connection.fetch(
        _SQL["facts"], list(district_ids), guidance.reads_clever, guidance.feed, deciding
    )
    return [_seen(row, guidance) for row in rows]


def onboarding_of(row: asyncpg.Record, guidance: OnboardingRules) -> Onboarding:
    """Read where a district stands."""
    returns_to = State(row["returns_to"]) if row["returns_to"] else None
    return Onboarding(
        row["district_id"], State(row["state"]), returns_to, _window(row, guidance), row["commits_before"]
    )


def sharing_of(row: asyncpg.Record) -> Sharing | None:
    """Read how much is shared, as last judged."""
    if row["sections"] is None:
        return None
    return Sharing(row["sections"], row["students"], row["unsectioned"])


def zone_of(row: asyncpg.Record, guidance: OnboardingRules) -> str:
    """Return the name of a district's time zone."""
    return str(row["time_zone"] or guidance.time_zone)


def _window(row: asyncpg.Record, guidance: OnboardingRules) -> AssessmentWindow | None:
    if row["opens_on"] is None:
        return None
    return AssessmentWindow(row["opens_on"], ZoneInfo(zone_of(row, guidance)), row["launch_on"])


def _seen(row: asyncpg.Record, guidance: OnboardingRules) -> Observation:
    facts = DistrictFacts(
        row["is_connected"],
        sharing_of(row),
        row["has_filter"],
        row["commits"],
        frozenset(map(Trouble, row["seen_troubles"])) | _of_sync(row),
    )
    return Observation(onboarding_of(row, guidance), facts, row["now"], row)


def _of_sync(row: asyncpg.Record) -> frozenset[Trouble]:
    record: dict[str, Any] | None = row["clever_record"]
    if not row["is_read"] or record is None:
        return frozenset()
    incident = sync_incident(record, row["now"])
    if incident is None:
        return frozenset()
    return frozenset({Trouble.SYNC_PAUSED if incident[0] == SYNC_PAUSED else Trouble.SYNC_STALE})
