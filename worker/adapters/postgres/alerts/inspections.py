"""Inspecting all districts for incidents: one question, compared with what was told, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.alerts.incidents import keep, memory_of
from worker.adapters.postgres.database import Connection, Database
from worker.alerts.inspection_store import Figures
from worker.domain.alerts.codes import DEAD_LETTERS_WAITING, INSPECTED
from worker.domain.alerts.detection import Conditions, Observed, StageFailure, Thresholds, inspected
from worker.domain.alerts.incidents import NO_DISTRICT, AlertRules, Memory
from worker.domain.alerts.updates import IncidentUpdate, Key, updates_of_inspection
from worker.domain.onboarding.transitions import Trouble
from worker.domain.preflight.window import WindowLimits
from worker.domain.roster.clever_sync import STALE_SYNC

_SQL: Final = statements.load("alerts/inspections")
_INCIDENTS: Final = statements.load("alerts/incidents")
_DELIVERIES: Final = statements.load("alerts/deliveries")
_ONBOARDING: Final = statements.load("onboarding/districts")
_MAILS: Final = statements.load("mail/mails")

SUMMED_UP: Final = 200
"""Changes of counts that are summed up: fewer cost less to read than to write again."""


class PostgresInspections:
    """Answers to `worker.alerts.inspection_store.Inspections` and `FiguresOfAll`."""

    def __init__(
        self,
        database: Database,
        limits: WindowLimits,
        thresholds: Thresholds = Thresholds(),  # noqa: B008 — frozen
        rules: AlertRules = AlertRules(),  # noqa: B008 — frozen
    ) -> None:
        self._database = database
        self._limits = limits
        self._thresholds = thresholds
        self._rules = rules

    async def is_due(self, every: timedelta) -> bool:
        """Return whether nobody has inspected for so long."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["is_due"], every))

    async def inspect(self, every: timedelta, dead_letters: int | None) -> int | None:
        """Compare what is wrong with what was told, and tell what is news; None where somebody else does."""
        async with self._database.transaction() as connection:
            now = await connection.fetchval(_INCIDENTS["claim"], every)
            if now is None:
                return None
            found = inspected(await self._observe(connection, dead_letters), now)
            steps = await self._updates(connection, found, now, knows_dead_letters=dead_letters is not None)
            await keep(connection, steps, self._rules)
            await connection.execute(_SQL["sum_up"], SUMMED_UP)
            await connection.execute(_INCIDENTS["claimed"])
        return sum(one.status is not None for one in steps)

    async def figures(self) -> Figures:
        """Return the figures of all districts as they are now."""
        limits = self._limits
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(
                _SQL["figures"], limits.quiet, limits.max_age, limits.max_deferral, limits.max_events
            )
            incidents = await connection.fetch(_INCIDENTS["open_by_code"])
            deliveries = await connection.fetch(_DELIVERIES["by_kind"])
            onboarding = await connection.fetch(_ONBOARDING["by_state"])
            mails = await connection.fetch(_MAILS["for_a_person"])
        return Figures(
            {each["code"]: each["incidents"] for each in incidents},
            **dict(row or {}),
            deliveries_waiting={each["kind"]: each["waiting"] for each in deliveries},
            deliveries_dead={each["kind"]: each["dead"] for each in deliveries},
            onboarding={each["state"]: each["districts"] for each in onboarding},
            mails_for_a_person=sum(each["mails"] for each in mails),
        )

    async def _observe(self, connection: Connection, dead_letters: int | None) -> Observed:
        limits, thresholds = self._limits, self._thresholds
        rows = await connection.fetch(
            _SQL["observed"],
            thresholds.reads_clever,
            STALE_SYNC,
            thresholds.feed,
            limits.quiet,
            limits.max_age,
            limits.max_deferral,
            thresholds.window,
            thresholds.outbox,
            thresholds.stage,
        )
        mails = await connection.fetch(_MAILS["for_a_person"])
        numbers = defaultdict[str, dict[str, int]](dict)
        held: dict[str, list[str]] = {}
        stages: dict[str, StageFailure] = {}
        syncs: dict[str, dict[str, Any]] = {}
        for row in rows:
            if row["what"] == "sync":
                syncs[row["district_id"]] = row["record"]
            elif row["what"] == "held":
                held[row["district_id"]] = row["record"]
            elif row["what"] == "stage":
                stages[row["district_id"]] = StageFailure(row["number"], row["record"])
            else:
                numbers[row["what"]][row["district_id"]] = row["number"]
        return Observed(
            syncs,
            numbers["failing"],
            numbers["unread"],
            numbers["parked"],
            numbers["overdue"],
            numbers["unpublished"],
            dead_letters,
            {district: set(map(Trouble, troubles)) for district, troubles in held.items()},
            {row["district_id"]: row["mails"] for row in mails},
            stages,
            numbers["unattributed"].get(NO_DISTRICT, 0),
        )

    async def _updates(
        self, connection: Connection, found: Conditions, now: datetime, *, knows_dead_letters: bool
    ) -> list[IncidentUpdate]:
        codes = [code for code in INSPECTED if knows_dead_letters or code != DEAD_LETTERS_WAITING]
        looked_at = await connection.fetch(_INCIDENTS["inspected"], codes)
        waiting = await connection.fetch(_INCIDENTS["to_be_told"], list(INSPECTED), now - self._rules.flap)
        return updates_of_inspection(_memories(looked_at), _memories(waiting), found, now, self._rules.flap)


def _memories(rows: Sequence[asyncpg.Record]) -> dict[Key, Memory]:
    return {(row["district_id"], row["code"]): memory_of(row) for row in rows}
