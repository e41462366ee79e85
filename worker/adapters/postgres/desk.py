"""What people ask and order, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from worker.adapters.postgres import approvals, history, sql, windows
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.purge import purge
from worker.domain.announcements import instant, plan_counts, sync_state
from worker.domain.canonical import from_bytes, to_hex
from worker.domain.filter import KEEP_ALL, SectionFilter
from worker.domain.incidents import Rules
from worker.domain.tally import Tally
from worker.domain.window import Trigger
from worker.errors import FilterChanged, PolicyError, UnknownDistrictError
from worker.ports.desk import DistrictLine, FilterVersion, PolicyVersion

_SQL: Final = sql.load("desk")


class PostgresDesk:
    """Answers to `worker.ports.desk.Desk`."""

    def __init__(self, database: Database, rules: Rules = Rules()) -> None:  # noqa: B008 — frozen
        self._database = database
        self._rules = rules

    async def districts(self) -> list[DistrictLine]:
        """Return every district, by id."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["districts"])
        return [
            DistrictLine(
                row["district_id"],
                row["name"],
                _status(row),
                Tally.from_json(row["counts"], 0, 0),
                row["committed_counts"],
                row["commit_sequence"],
                row["review_sequence"],
                row["standing_since"],
                row["decided_at"],
                row["waiting_events"] or 0,
                _hold(row),
            )
            for row in rows
        ]

    async def show(self, district_id: str) -> dict[str, Any]:
        """Return one district as JSON values, all of one moment; raises `UnknownDistrictError`."""
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(_SQL["district"], district_id)
            if row is None:
                raise UnknownDistrictError(f"district {district_id} was never seen here")
            window = await connection.fetchrow(_SQL["window"], district_id)
            decision = await connection.fetchrow(_SQL["last_decision"], district_id)
            batch = await connection.fetchrow(_SQL["last_batch"], district_id)
            review = await connection.fetchval(_SQL["last_review"], district_id) if _stands(row) else None
            names = await _school_names(connection, district_id, review)
            said = await approvals.last_approvals(connection, district_id)
        return {
            **_figures(row),
            "hold": _hold(row),
            "approval": _approval(said),
            "filter_version": row["filter_version"],
            "window": _instants(window),
            "last_decision": _instants(decision),
            "last_batch": _instants(batch),
            "review": None if review is None else {**_review(review), "school_names": names},
        }

    async def current_filter(self, district_id: str) -> FilterVersion:
        """Return the section filter in force."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["filter"], district_id)
        if row is None:
            return FilterVersion(0, KEEP_ALL, None, None)
        return _filter_version(row)

    async def filters(self, district_id: str) -> list[FilterVersion]:
        """Return every section filter that the district ever had, the oldest first."""
        async with self._database.connection() as connection:
            return [_filter_version(row) for row in await connection.fetch(_SQL["filters"], district_id)]

    async def is_known(self, district_id: str) -> bool:
        """Return whether the district was ever seen."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["is_known"], district_id))

    async def set_filter(
        self,
        district_id: str,
        section_filter: SectionFilter,
        actor: str,
        reason: str | None = None,
        *,
        instead_of: int | None = None,
    ) -> int:
        """Put a section filter in force and close the district's window; return the filter's version."""
        columns = (section_filter.model_dump(mode="json"), actor, reason)
        detail = {"reason": reason}
        return await self._set("filter", district_id, actor, columns, detail, instead_of=instead_of)

    async def own_policy(self, district_id: str) -> PolicyVersion:
        """Return what differs from the settings for this district now."""
        async with self._database.connection() as connection:
            row = await connection.fetchrow(_SQL["policy"], district_id)
        return PolicyVersion(**row) if row else PolicyVersion(0, {}, None, None)

    async def policies(self, district_id: str) -> list[PolicyVersion]:
        """Return every policy that the district ever had of its own."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["policies"], district_id)
        return [PolicyVersion(**row) for row in rows]

    async def set_policy(
        self,
        district_id: str,
        policy: dict[str, Any],
        actor: str,
        *,
        until: datetime | None = None,
        reason: str | None = None,
    ) -> int:
        """Put a policy of the district's own in force and close its window; return the policy's version.

        `policy` holds the fields of `worker.domain.policy.Policy` that differ; {} is to follow the settings.
        It ends with `until`, after which the one before it is in force again; raises `PolicyError` where that
        is past.
        """
        if until is not None:
            async with self._database.connection() as connection:
                if not await connection.fetchval(_SQL["is_to_come"], until):
                    raise PolicyError(f"policy: until: expected a time to come, got {instant(until)}")
        detail = {"until": until and instant(until), "reason": reason}
        return await self._set("policy", district_id, actor, (policy, actor, reason, until), detail)

    async def hold(self, district_id: str, actor: str, reason: str) -> None:
        """Stop the district's commits; raises `UnknownDistrictError`, `OrderRefused` where it is on hold."""
        async with self._database.transaction() as connection:
            await approvals.hold(connection, district_id, actor, reason)

    async def resume(self, district_id: str, actor: str, reason: str) -> None:
        """End a hold; raises `UnknownDistrictError`, `OrderRefused` where there is none."""
        async with self._database.transaction() as connection:
            await approvals.resume(connection, district_id, actor, reason)

    async def approve(self, district_id: str, plan: str, actor: str, reason: str) -> None:
        """Approve the plan with this digest; raises `OrderRefused` where that could not be used."""
        async with self._database.transaction() as connection:
            await approvals.approve(connection, district_id, plan, actor, reason)

    async def flush(self, district_id: str, actor: str) -> None:
        """Close the window now, and give a parked district another try; raises `UnknownDistrictError`."""
        async with self._database.transaction() as connection:
            if not await connection.fetchval(_SQL["is_known"], district_id):
                raise UnknownDistrictError(f"district {district_id} was never seen here")
            await connection.execute(_SQL["unpark"], district_id)
            await windows.close(connection, [district_id], Trigger.FLUSH)
            await connection.execute(_SQL["audit"], actor, "window.flush", district_id, {})

    async def note(self, district_id: str | None, action: str, actor: str, detail: dict[str, Any]) -> None:
        """Write what somebody did into the audit."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["audit"], actor, action, district_id, detail)

    async def purge(self, district_id: str, actor: str) -> dict[str, int]:
        """Delete all of a district's data; return how much there was, which the audit keeps."""
        async with self._database.transaction() as connection:
            deleted = await purge(connection, district_id, self._rules)
            await connection.execute(_SQL["audit"], actor, "district.purge", district_id, deleted)
        return deleted

    async def statuses(self) -> dict[str, int]:
        """Return how many districts have each status."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["statuses"])
        return {row["status"]: row["districts"] for row in rows}

    async def ping(self) -> None:
        """Return if the store answers; raises `StoreUnavailable`."""
        async with self._database.connection() as connection:
            await connection.fetchval(_SQL["ping"])

    async def forget_events_older_than(self, age: timedelta) -> None:
        """Forget the ids of old evaluated events; a duplicate of one would still change nothing."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["forget_old_events"], age)

    async def forget_history_older_than(self, age: timedelta) -> None:
        """Forget what commits replaced longer ago; no rollback goes back behind them any more."""
        await history.forget_older_than(self._database, age)

    async def _set(
        self,
        what: str,
        district_id: str,
        actor: str,
        columns: tuple[Any, ...],
        detail: dict[str, Any],
        *,
        instead_of: int | None = None,
    ) -> int:
        async with self._database.transaction() as connection:
            await connection.execute(_SQL["lock_settings"], district_id)
            if instead_of is not None:
                await _check_version(connection, district_id, instead_of)
            version = int(await connection.fetchval(_SQL[f"add_{what}"], district_id, *columns))
            told = {"version": version} | {name: value for name, value in detail.items() if value is not None}
            await connection.execute(_SQL["audit"], actor, f"{what}.set", district_id, told)
            if await connection.fetchval(_SQL["is_known"], district_id):
                await windows.close(connection, [district_id], Trigger.FILTER)
        return version


async def _check_version(connection: Connection, district_id: str, expected: int) -> None:
    row = await connection.fetchrow(_SQL["filter"], district_id)
    if row is not None and row["version"] != expected:
        raise FilterChanged(
            f"{row['actor']} set filter version {row['version']} of district {district_id} meanwhile; you "
            f"began with version {expected}"
        )


def _filter_version(row: asyncpg.Record) -> FilterVersion:
    section_filter = SectionFilter.model_validate(row["filter"], strict=False)
    return FilterVersion(row["version"], section_filter, row["actor"], row["set_at"], row["reason"])


def _figures(row: asyncpg.Record) -> dict[str, Any]:
    tally = Tally.from_json(
        row["counts"], from_bytes(row["candidate_digest"]), from_bytes(row["error_digest"])
    )
    record = row["record"] or {}
    return {
        "district_id": row["district_id"],
        "name": record.get("name"),
        "status": _status(row),
        "standing_since": _instant(row["standing_since"]),
        "students": {
            "total": tally.students,
            "ready": tally.students - tally.blocked,
            "blocked": tally.blocked,
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
        "incidents": row["incidents"],
    }


def _stands(row: asyncpg.Record) -> bool:
    return row["standing_since"] is not None


async def _school_names(
    connection: Connection, district_id: str, summary: dict[str, Any] | None
) -> dict[str, str]:
    """Return what the schools are called that a review's causes name by their ids."""
    named = {school for cause in (summary or {}).get("causes", ()) for school in cause["schools"]}
    rows = await connection.fetch(_SQL["school_names"], district_id, sorted(named)) if named else []
    return {row["record_id"]: row["name"] for row in rows if row["name"]}


def _review(summary: dict[str, Any]) -> dict[str, Any]:
    """Return what the review that a district stands in tells it to do; older ones told less."""
    findings = summary["findings"]
    return {
        **{name: summary[name] for name in ("review_id", "sequence", "decided_at", "causes", "suggestions")},
        "since": findings.get("since"),
        **{name: findings.get(name) for name in ("new", "resolved", "standing", "changes")},
    }


def _status(row: asyncpg.Record) -> str:
    if row["purged_at"]:
        return "purged"
    if row["disconnected_at"]:
        return "disconnected"
    if row["parked_at"]:
        return "parked"
    return "on_hold" if row["held_at"] else str(row["status"])


def _hold(row: asyncpg.Record) -> dict[str, Any] | None:
    """Return who stopped the district's commits, when and why; None where nobody did."""
    if row["held_at"] is None:
        return None
    return {"since": _instant(row["held_at"]), "actor": row["held_by"], "reason": row["held_why"]}


def _approval(said: Sequence[asyncpg.Record]) -> dict[str, Any]:
    """Return the approval that is open, and the last one that ended."""
    is_open = bool(said) and said[0]["ended_at"] is None
    return {
        "open": _instants(said[0]) if is_open else None,
        "last_ended": next((_instants(row) for row in said if row["ended_at"]), None),
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


def _instants(row: asyncpg.Record | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {name: _instant(value) if isinstance(value, datetime) else value for name, value in row.items()}


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else instant(moment)
