"""What the desk shows of a district, as JSON values, from the rows that it read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import asyncpg

from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection
from worker.domain.preflight.tally import Tally, plan_counts
from worker.domain.roster.canonical import from_bytes, to_hex
from worker.domain.roster.clever_sync import sync_state
from worker.domain.roster.timestamps import instant

_SQL: Final = statements.load("operations/districts")


def figures(row: asyncpg.Record) -> dict[str, Any]:
    """Return the counts, digests and states of one district."""
    tally = Tally.from_json(
        row["counts"], from_bytes(row["candidate_digest"]), from_bytes(row["error_digest"])
    )
    record = row["record"] or {}
    return {
        "district_id": row["district_id"],
        "name": record.get("name"),
        "status": status(row),
        "standing_since": _instant(row["standing_since"]),
        "students": {
            "total": tally.students,
            "ready": tally.students - tally.blocked,
            "blocked": tally.blocked,
            "outside_scope": tally.outside_scope,
        },
        "findings": {"errors": tally.errors, "warnings": tally.warnings, "by_code": tally.by_code()},
        "plan": {"digest": to_hex(tally.candidate_digest), "counts": plan_counts(tally)},
        "roster": {**row["committed_counts"], "digest": to_hex(from_bytes(row["committed_digest"]))},
        "commits": row["commit_sequence"],
        "reviews": row["review_sequence"],
        "last_commit_id": row["last_commit_id"],
        "quarantined": row["quarantined"],
        "unpublished": row["unpublished"],
        "evaluation_failures": {"count": row["failures"] or 0, "last": row["error"]},
        "sync": sync_state(record, datetime.now(UTC)),
        "source": _source(row),
        "fields_not_kept": row["lacking_fields"],
        "incidents": row["incidents"],
    }


async def school_names(
    connection: Connection, district_id: str, summary: dict[str, Any] | None
) -> dict[str, str]:
    """Return what the schools are called that a review's causes name by their ids."""
    named = {school for cause in (summary or {}).get("causes", ()) for school in cause["schools"]}
    rows = await connection.fetch(_SQL["school_names"], district_id, sorted(named)) if named else []
    return {row["record_id"]: row["name"] for row in rows if row["name"]}


def review(summary: dict[str, Any]) -> dict[str, Any]:
    """Return what the review that a district stands in tells it to do; older ones told less."""
    findings = summary["findings"]
    return {
        **{name: summary[name] for name in ("review_id", "sequence", "decided_at", "causes", "suggestions")},
        "since": findings.get("since"),
        **{name: findings.get(name) for name in ("new", "resolved", "standing", "changes")},
    }


def status(row: asyncpg.Record) -> str:
    """Return the status: the last that applies."""
    if row["purged_at"]:
        return "purged"
    if row["disconnected_at"]:
        return "disconnected"
    if row["parked_at"]:
        return "parked"
    return "on_hold" if row["held_at"] else str(row["status"])


def hold(row: asyncpg.Record) -> dict[str, Any] | None:
    """Return who stopped the district's commits, when and why; None where nobody did."""
    if row["held_at"] is None:
        return None
    return {"since": _instant(row["held_at"]), "actor": row["held_by"], "reason": row["held_why"]}


def approval(said: Sequence[asyncpg.Record]) -> dict[str, Any]:
    """Return the approval that is open, and the last one that ended."""
    is_open = bool(said) and said[0]["ended_at"] is None
    return {
        "open": instants(said[0]) if is_open else None,
        "last_ended": next((instants(row) for row in said if row["ended_at"]), None),
    }


def _source(row: asyncpg.Record) -> dict[str, Any] | None:
    """Return how the district is read from Clever; None where it is not, and was not."""
    if not row["is_connected"]:
        return None
    return {
        "connected_at": _instant(row["connected_at"]),
        "disconnected_at": _instant(row["disconnected_at"]),
        "baseline_at": _instant(row["baseline_at"]),
        "baseline": row["baseline"],
        "resync": row["resync"],
        "feed_read_at": _instant(row["cursor_at"]),
        "next_turn_at": _instant(row["due_at"]),
        "problem": row["problem"],
        "turns_failed": row["turns_failed"],
    }


def instants(row: asyncpg.Record | None) -> dict[str, Any] | None:
    """Return a row with its times as text; None where there is none."""
    if row is None:
        return None
    return {name: _instant(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)
