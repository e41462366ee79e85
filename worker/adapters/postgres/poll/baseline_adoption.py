"""Adopting a baseline inside an evaluation: set-based, so that a million records are a few statements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.domain.roster.records import KINDS, EventId, RecordId, RecordKind
from worker.domain.roster.staging import Change
from worker.domain.roster.versions import highest_id, latest_id_in_order
from worker.pipeline.evaluate.state import Adopted

_SQL: Final = statements.load("poll/baselines")
_STAGED: Final = statements.load("evaluation/staged_roster")

_BY_SETS: Final = """
    SET LOCAL plan_cache_mode = force_custom_plan;
    SET LOCAL enable_seqscan = on; SET LOCAL enable_bitmapscan = on; SET LOCAL work_mem = '32MB'"""
"""What 200,000 records take in memory is compared there, and not in files."""
_BY_KEYS: Final = """
    SET LOCAL plan_cache_mode = force_generic_plan;
    SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL work_mem TO DEFAULT"""
"""The usual way; see `worker.adapters.postgres.database`."""


@dataclass(frozen=True, slots=True)
class ReadyBaseline:
    """A baseline that waits to be adopted."""

    run: str
    floor: EventId
    collections: Sequence[str]
    records: int
    started_at: datetime
    saved: bool
    over_newer: bool
    """Whether a person said that what was read stays, however old."""
    pages_at: Mapping[str, int] | None
    """Of saved pages: their newest `last_modified` by kind, and of all under the empty text."""
    lifts_floor: bool
    """Whether it has what every event up to its floor came to; saved pages may be of any day."""
    student_fields: frozenset[str] | None
    """The fields of students that were kept besides the usual ones; None: all."""


async def ready_baseline(connection: Connection, district_id: str, now: datetime) -> ReadyBaseline | None:
    """Lock the district's baseline, if one is ready and all that was read is still there."""
    row = await connection.fetchrow(_SQL["lock_ready"], district_id)
    if row is None:
        return None
    floor = EventId(min(row["floor"], highest_id(now)))  # a worker of another version may have begun it
    lifts_floor = not row["saved"] or row["over_newer"] or row["pages_at"] is None
    fields = None if row["student_fields"] is None else frozenset(row["student_fields"])
    baseline = ReadyBaseline(
        row["id"],
        floor,
        row["collections"],
        row["records"],
        row["started_at"],
        row["saved"],
        row["over_newer"],
        row["pages_at"],
        lifts_floor,
        fields,
    )
    if await connection.fetchval(_SQL["count_records"], district_id) != baseline.records:
        # The server crashed and emptied what is not logged: it has to be read again.
        await _end(connection, district_id, baseline)
        await connection.execute(_SQL["demand_again"], district_id)
        return None
    return baseline


async def adopt(
    connection: Connection, district_id: str, baseline: ReadyBaseline, now: datetime, limit: int
) -> Adopted:
    """Make the staged roster what the baseline has read."""
    kinds = [kind for name in baseline.collections if (kind := KINDS[name]) is not None]
    await connection.execute(_BY_SETS)
    await connection.execute(
        _SQL["make_difference"],
        district_id,
        baseline.floor,
        kinds,
        latest_id_in_order(now),
        baseline.saved,
        baseline.over_newer,
        baseline.pages_at,
    )
    changed = int(await connection.fetchval(_SQL["count_difference"]))
    changes = None
    if changed <= limit:
        rows = await connection.fetch(_SQL["difference"])
        changes = [_change(row) for row in rows]
    await connection.execute(_SQL["remove_old_links"], district_id)
    await connection.execute(_SQL["add_new_links"], district_id)
    await connection.execute(_SQL["change_enrollments"], district_id)
    await connection.execute(_SQL["stage_difference"], district_id)
    await connection.execute(_STAGED["forget_all_school_terms"], district_id)
    await connection.execute(_STAGED["count_all_school_terms"], district_id)
    await connection.execute(_SQL["forgive_quarantine"], district_id, baseline.started_at)
    await connection.execute(_SQL["quarantine_records"], district_id)
    await connection.execute(_SQL["drop_difference"])
    await _end(connection, district_id, baseline)
    await connection.execute(_BY_KEYS)
    return Adopted(baseline.records, changed, changes)


async def _end(connection: Connection, district_id: str, baseline: ReadyBaseline) -> None:
    await connection.execute(_SQL["drop_records"], district_id)
    await connection.fetchval(_SQL["delete"], district_id, baseline.run)


def _change(row: asyncpg.Record) -> Change:
    return Change(
        RecordKind(row["kind"]),
        RecordId(row["record_id"]),
        EventId(row["event_id"]),
        row["before"],
        row["after"],
        row["modified"],
    )
