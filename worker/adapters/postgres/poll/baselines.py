"""Baselines in PostgreSQL: pages kept as they come, with how far the reading is, in one transaction each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from schemas.words import Trigger
from worker.adapters.postgres import statements
from worker.adapters.postgres.alerts import incidents
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation import windows
from worker.domain.alerts.codes import BASELINE_REFUSED
from worker.domain.alerts.incidents import AlertRules, Problem
from worker.domain.preflight.policy import Policy, in_force
from worker.domain.roster.records import KINDS
from worker.domain.roster.versions import highest_id, id_at, latest_id_in_order
from worker.pipeline.poll.baseline_store import BaselineRecord, Older, Run, Saved, Version
from worker.runtime.errors import BaselineLost, UsageError

_SQL: Final = statements.load("poll/baselines")
_STATE: Final = statements.load("evaluation/district_state")

REFUSED_PAUSE: Final = timedelta(minutes=15)
"""After a refused baseline before the next is read; a person who asks for one does not wait."""
_LARGE_READS: Final = "SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on"
"""A baseline is compared and counted whole; see `worker.adapters.postgres.database` for the usual way."""


class PostgresBaselines:
    """Answers to `worker.pipeline.poll.baseline_store.Baselines`."""

    def __init__(
        self,
        database: Database,
        rules: AlertRules = AlertRules(),  # noqa: B008 — frozen
        policy: Policy = Policy(),  # noqa: B008 — frozen
    ) -> None:
        self._database = database
        self._policy = policy
        self._rules = rules

    async def current(self, district_id: str) -> Run | None:
        """Return the district's baseline, if there is one."""
        async with self._database.connection() as connection:
            return await _current(connection, district_id)

    async def begin(
        self,
        district_id: str,
        seed: str,
        overlap: str,
        collections: Sequence[str],
        saved: Saved | None = None,
        *,
        over_newer: bool = False,
    ) -> Run:
        """Begin a baseline; one that was begun and not read to its end is given up."""
        async with self._database.transaction() as connection:
            await connection.execute(_LARGE_READS)
            now = highest_id(await connection.fetchval("SELECT clock_timestamp()"))
            newest = await connection.fetchval(_SQL["newest_event"], district_id, now)
            run = str(uuid.uuid4())
            changed_at = dict(saved.changed_at) if saved else {}
            if changed_at and over_newer:
                newest = max(newest, id_at(max(changed_at.values())))
            if changed_at:
                changed_at[""] = max(changed_at.values())
            await connection.execute(
                _SQL["begin"],
                district_id,
                run,
                seed,
                overlap,
                max(min(seed, now), newest),
                list(collections),
                saved is not None,
                changed_at or None,
                over_newer,
                await self._demanded_fields(connection, district_id),
            )
            await connection.execute(_SQL["drop_records"], district_id)
            await connection.execute(_SQL["clear_demand"], district_id)
            await connection.execute(_SQL["know_district"], district_id)
            return _there(await _current(connection, district_id))

    async def _demanded_fields(self, connection: Connection, district_id: str) -> list[str] | None:
        """Return the fields of students to keep; None, for all, where the policy cannot be read."""
        own = await connection.fetchrow(_STATE["read_policy"], district_id)
        try:
            return sorted(in_force(self._policy, own["policy"] if own else None).demanded_fields)
        except (ValueError, TypeError, UsageError):  # its evaluation says what is wrong
            return None

    async def add(self, run: Run, records: Sequence[BaselineRecord], after: str | None) -> Run:
        """Keep a page; `after` is where the next one of the collection begins, None at its end."""
        columns = (
            [record.kind for record in records],
            [record.record_id for record in records],
            [record.record for record in records],
            [record.reason for record in records],
            [record.explanation for record in records],
            [record.modified for record in records],
        )
        async with self._database.transaction() as connection:
            if not await connection.fetchval(_SQL["turn_page"], run.district_id, run.id, after):
                raise BaselineLost(run.district_id)
            if records:
                await connection.execute(_SQL["add_records"], run.district_id, *columns)
            return _there(await _current(connection, run.district_id))

    async def skip(self, run: Run) -> Run:
        """Leave the collection that is next out of the baseline: what is staged of it stays as it is."""
        async with self._database.transaction() as connection:
            skipped = await connection.fetchval(_SQL["skip"], run.district_id, run.id, run.collection)
            if not skipped:
                raise BaselineLost(run.district_id)
            await connection.execute(_SQL["drop_records_of"], run.district_id, KINDS[run.collection or ""])
            return _there(await _current(connection, run.district_id))

    async def census(self, run: Run) -> tuple[dict[str, int], dict[str, int]]:
        """Return how many live records are staged, and how many were read, by what they are."""
        async with self._database.transaction() as connection:
            held = await _current(connection, run.district_id)
            if held is None or held.id != run.id:
                raise BaselineLost(run.district_id)
            await connection.execute(_LARGE_READS)
            staged = await connection.fetchrow(_SQL["staged_counts"], run.district_id)
            read = await connection.fetchrow(_SQL["read_counts"], run.district_id)
            if staged is None or read is None or read["records"] != run.records:
                if await connection.fetchval(_SQL["delete"], run.district_id, run.id):
                    await connection.execute(_SQL["drop_records"], run.district_id)
                    await connection.execute(_SQL["demand_again"], run.district_id)
                staged = None
        if staged is None or read is None:
            raise BaselineLost(run.district_id)
        return dict(staged), {name: count for name, count in read.items() if name != "records"}

    async def older(self, run: Run) -> Older:
        """Return what of the baseline is older than what is staged, and changes nothing."""
        kinds = [kind for name in run.collections if (kind := KINDS[name]) is not None]
        async with self._database.transaction() as connection:
            await connection.execute(_LARGE_READS)
            now = await connection.fetchval("SELECT clock_timestamp()")
            (row,) = await connection.fetch(
                _SQL["older_rows"], run.district_id, latest_id_in_order(now), kinds
            )
        return Older(**row)

    async def older_than_staged(self, rows: Sequence[Version]) -> int:
        """Return how many of these versions of records are older than what is staged."""
        columns = (
            [row.district_id for row in rows],
            [row.kind for row in rows],
            [row.record_id for row in rows],
            [row.modified for row in rows],
        )
        async with self._database.connection() as connection:
            return int(await connection.fetchval(_SQL["older_than_staged"], *columns))

    async def believe(self, run: Run, *, moves_cursor: bool) -> None:
        """Say that every page is there. With `moves_cursor` the feed goes on from the seed, or beyond it."""
        async with self._database.transaction() as connection:
            row = await connection.fetchrow(_SQL["believe"], run.district_id, run.id)
            if row is not None and moves_cursor:
                await connection.execute(_SQL["move_cursor"], run.district_id, row["seed"], row["overlap"])

    async def ready(self, run: Run, *, close_window: bool) -> None:
        """Say that it can be adopted when the district's window closes; `close_window` closes it now."""
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["ready"], run.district_id, run.id)
            if close_window:
                await windows.close(connection, [run.district_id], Trigger.RESYNC)

    async def refuse(self, run: Run, reason: str) -> None:
        """Give it up, and alert operations unless they were told already."""
        async with self._database.transaction() as connection:
            if await connection.fetchval(_SQL["delete"], run.district_id, run.id):
                await connection.execute(_SQL["drop_records"], run.district_id)
                await connection.execute(_SQL["not_before"], run.district_id, REFUSED_PAUSE)
                summary = f"A baseline was refused, nothing was changed: {reason}."
                refused = {BASELINE_REFUSED: Problem("", summary)}
                now = await connection.fetchval("SELECT clock_timestamp()")
                await incidents.note(connection, run.district_id, refused, now, self._rules)


async def _current(connection: Connection, district_id: str) -> Run | None:
    row = await connection.fetchrow(_SQL["current"], district_id)
    if row is None:
        return None
    fields = row["student_fields"]
    return Run(**{**row, "student_fields": None if fields is None else frozenset(fields)})


def _there(run: Run | None) -> Run:
    assert run is not None  # noqa: S101 — its row was written in this transaction
    return run
