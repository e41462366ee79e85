"""Deleting a district: everything that was ever told of it, but for numbers."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from worker.adapters.postgres import statements
from worker.adapters.postgres.alerts import incidents
from worker.adapters.postgres.database import Connection
from worker.domain.alerts.incidents import AlertRules
from worker.runtime.count_text import counted
from worker.runtime.errors import MessagesWaiting, UnknownDistrictError

_SQL: Final = statements.load("operations/purge")

TABLES: Final = (
    *("inbox", "evaluated_events", "feed_marks", "quarantine", "dead_letters", "evaluation_failures"),
    *("baseline_records", "baselines", "connections"),
    *("staged", "enrollments", "section_links", "kept_sections", "identities", "findings", "roster"),
    "school_terms",
    *("decisions", "batches", "filters", "policies"),
    *("holds", "approvals", "commit_history", "guard_history", "suggestions", "searches", "erased_students"),
    *("onboarding", "onboarding_drops"),
    "mails",
    "windows",
)
"""Every table with rows of a district (a onboarding takes with it what hangs on it), but for its own row, the
outbox, which is empty, its incidents, which are ended, and the audit.

Windows come last, as with everybody who closes one: first what he has to say, then the window.
"""
SUMMARY: Final = "The district's data was deleted."


async def purge(connection: Connection, district_id: str, rules: AlertRules) -> dict[str, int]:
    """Delete the district's rows in this transaction; return how many, by table, those without left out."""
    now = await check_purgeable(connection, district_id)
    deleted = {table: await _delete(connection, table, district_id) for table in TABLES}
    # Operations are told that what they were told of is over, one way or another.
    await incidents.end_all(connection, district_id, now, rules, SUMMARY)
    await connection.execute(_SQL["blank"], district_id)
    await connection.execute(_SQL["redact_audit"], district_id)
    return {table: rows for table, rows in deleted.items() if rows}


async def check_purgeable(connection: Connection, district_id: str) -> datetime:
    """Lock the district's row and return the time; raises `UnknownDistrictError` and `MessagesWaiting`."""
    # An evaluation has this lock from its beginning to its end, and is waited for.
    row = await connection.fetchrow(_SQL["lock"], district_id)
    if row is None:
        raise UnknownDistrictError(f"district {district_id} is not known here")
    waiting = await connection.fetchval(_SQL["unpublished"], district_id)
    if waiting:
        raise MessagesWaiting(
            f"district {district_id}: {counted(waiting, 'message')} not published yet; try again later"
        )
    now: datetime = row["now"]
    return now


async def _delete(connection: Connection, table: str, district_id: str) -> int:
    status = await connection.execute(_SQL[f"delete_{table}"], district_id)
    return int(status.rpartition(" ")[2])
