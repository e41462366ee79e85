"""What `show` says of a district, as JSON values, put together from the rows that the store has of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from schemas.timestamps import instant
from worker.domain.messages.bodies import plan_summary, students_summary
from worker.domain.preflight.tally import Tally
from worker.domain.roster.canonical import from_bytes, to_hex
from worker.domain.roster.clever_sync import sync_state


class Row(Protocol):
    """A row by the names of its columns: a mapping, or a record of the database."""

    def __getitem__(self, column: str, /) -> Any: ...

    def items(self) -> Iterable[tuple[str, Any]]:
        """Return the columns with their values."""


@dataclass(frozen=True, slots=True)
class DistrictRows:
    """What the store has of one district, all of one moment."""

    district: Row
    window: Row | None
    decision: Row | None
    """The last one, and the last batch."""
    batch: Row | None
    approvals: Sequence[Row]
    """The last two, the newest first."""
    review: dict[str, Any] | None
    """What was kept of the review that the district is in."""
    search: Row | None
    """The last search for section filters that a person made."""
    school_names: dict[str, str]
    """Of the schools that the review's causes name, by their ids."""


def district_details(rows: DistrictRows, now: datetime) -> dict[str, Any]:
    """Return the details of one district; `now` tells whether its sync is late."""
    review = None if rows.review is None else {**_review(rows.review), "school_names": rows.school_names}
    return {
        **_figures(rows.district, now),
        "hold": hold(rows.district),
        "approval": _approval(rows.approvals),
        "filter_version": rows.district["filter_version"],
        "window": _instants(rows.window),
        "last_decision": _instants(rows.decision),
        "last_batch": _instants(rows.batch),
        "review": review,
        "search": _instants(rows.search),
    }


def schools_named(review: dict[str, Any] | None) -> list[str]:
    """Return the ids of the schools that a review's causes name, in order."""
    return sorted({school for cause in (review or {}).get("causes", ()) for school in cause["schools"]})


def _figures(row: Row, now: datetime) -> dict[str, Any]:
    """Return the counts, digests and states of one district."""
    tally = Tally.from_json(
        row["counts"], from_bytes(row["candidate_digest"]), from_bytes(row["error_digest"])
    )
    return {
        "district_id": row["district_id"],
        "name": row["name"],
        "status": row["status"],
        "standing_since": _instant(row["standing_since"]),
        "students": students_summary(tally).wire(),
        "findings": {"errors": tally.errors, "warnings": tally.warnings, "by_code": tally.by_code()},
        "plan": plan_summary(tally).wire(),
        "roster": {**row["committed_counts"], "digest": to_hex(from_bytes(row["committed_digest"]))},
        "commits": row["commit_sequence"],
        "reviews": row["review_sequence"],
        "last_commit_id": row["last_commit_id"],
        "quarantined": row["quarantined"],
        "unpublished": row["unpublished"],
        "evaluation_failures": {"count": row["failures"] or 0, "last": row["error"]},
        "sync": sync_state(row["record"], now).wire(),
        "source": _source(row),
        "fields_not_kept": row["lacking_fields"],
        "incidents": row["incidents"],
    }


def _review(summary: dict[str, Any]) -> dict[str, Any]:
    """Return what the review that a district stands in tells it to do; older ones told less."""
    findings = summary["findings"]
    return {
        **{name: summary[name] for name in ("review_id", "sequence", "decided_at", "causes", "suggestions")},
        "since": findings.get("since"),
        **{name: findings.get(name) for name in ("new", "resolved", "standing", "changes")},
    }


def hold(row: Row) -> dict[str, Any] | None:
    """Return who stopped the district's commits, when and why; None where nobody did."""
    if row["held_at"] is None:
        return None
    return {"since": _instant(row["held_at"]), "actor": row["held_by"], "reason": row["held_why"]}


def _approval(said: Sequence[Row]) -> dict[str, Any]:
    """Return the approval that is open, and the last one that ended."""
    is_open = bool(said) and said[0]["ended_at"] is None
    return {
        "open": _instants(said[0]) if is_open else None,
        "last_ended": next((_instants(row) for row in said if row["ended_at"]), None),
    }


def _source(row: Row) -> dict[str, Any] | None:
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


def _instants(row: Row | None) -> dict[str, Any] | None:
    """Return a row with its times as text; None where there is none."""
    if row is None:
        return None
    return {name: _instant(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)
