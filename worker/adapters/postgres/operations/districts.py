"""What people ask and order, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import asyncpg

from schemas.timestamps import instant
from schemas.words import Trigger
from worker.adapters.postgres import statements
from worker.adapters.postgres.access.audit import audit
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.evaluation import approvals, commit_history, windows
from worker.adapters.postgres.operations.purge import check_purgeable, purge
from worker.domain.alerts.incidents import AlertRules
from worker.domain.preflight.turnover import Confirmation
from worker.domain.roster.section_filter import KEEP_ALL, SectionFilter
from worker.operations.district_details import DistrictRows, district_details, schools_named
from worker.operations.districts import WORKER, FilterVersion, NamedDistrict, PolicyVersion
from worker.runtime.errors import FilterChanged, PolicyError, UnknownDistrictError

_SQL: Final = statements.load("operations/districts")

FORGET_AT_ONCE: Final = 10_000
"""Ids of events that one transaction forgets: a fraction of a second."""


class PostgresDistricts:
    """Answers to `worker.operations.districts.Districts`."""

    def __init__(self, database: Database, rules: AlertRules = AlertRules()) -> None:  # noqa: B008 — frozen
        self._database = database
        self._rules = rules

    async def districts_called(self, text: str, beginning: str | None) -> list[NamedDistrict]:
        """Return the districts whose id or name a text is (case aside), or whose id begins so; at most 20."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["districts_called"], text, beginning)
        return [NamedDistrict(row["district_id"], row["name"]) for row in rows]

    async def show(self, district_id: str) -> dict[str, Any]:
        """Return one district as JSON values, all of one moment; raises `UnknownDistrictError`."""
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(_SQL["district"], district_id)
            if row is None:
                raise UnknownDistrictError(f"district {district_id} is not known here")
            window = await connection.fetchrow(_SQL["window"], district_id)
            decision = await connection.fetchrow(_SQL["last_decision"], district_id)
            batch = await connection.fetchrow(_SQL["last_batch"], district_id)
            review = None
            if row["standing_since"] is not None:
                review = await connection.fetchval(_SQL["last_review"], district_id)
            search = await connection.fetchrow(_SQL["last_search"], district_id)
            schools = schools_named(review)
            names = await connection.fetch(_SQL["school_names"], district_id, schools) if schools else []
            last_approvals = await approvals.last_approvals(connection, district_id)
        called = {school["record_id"]: school["name"] for school in names if school["name"]}
        rows = DistrictRows(row, window, decision, batch, last_approvals, review, search, called)
        return district_details(rows, datetime.now(UTC))

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
        confirmed: Confirmation | None = None,
    ) -> int:
        """Put a section filter in force and close the district's window; return the filter's version."""
        columns = (section_filter.model_dump(mode="json"), actor, reason, confirmed and confirmed.to_json())
        detail: dict[str, Any] = {"reason": reason}
        if confirmed is not None:
            detail |= {"class_changes": confirmed.class_changes, "removed": confirmed.removed}
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

        `policy` holds the fields of `Policy` that differ; {} is to follow the settings.
        It ends with `until`, after which the one before it is in force again; raises `PolicyError` where that
        is past.
        """
        if until is not None:
            async with self._database.connection() as connection:
                if not await connection.fetchval(_SQL["is_to_come"], until):
                    raise PolicyError(f"policy: until: expected a time in the future, got {instant(until)}")
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
                raise UnknownDistrictError(f"district {district_id} is not known here")
            await connection.execute(_SQL["unpark"], district_id)
            await windows.close(connection, [district_id], Trigger.FLUSH)
            await audit(connection, actor, "window.flush", district_id, {})

    async def note(self, district_id: str | None, action: str, actor: str, detail: dict[str, Any]) -> None:
        """Write what somebody did into the audit."""
        async with self._database.connection() as connection:
            await audit(connection, actor, action, district_id, detail)

    async def keep_search(self, district_id: str, suggestions: Sequence[Mapping[str, Any]]) -> None:
        """Keep what a search found for a district, in the place of what one found before."""
        async with self._database.connection() as connection:
            await connection.execute(_SQL["keep_search"], district_id, list(suggestions))

    async def purgeable(self, district_id: str) -> None:
        """Return if a district could be purged; raises `UnknownDistrictError`, and `MessagesWaiting`."""
        async with self._database.transaction() as connection:
            await check_purgeable(connection, district_id)

    async def purge(self, district_id: str, actor: str) -> dict[str, int]:
        """Delete all of a district's data; return how much there was, which the audit keeps."""
        async with self._database.transaction() as connection:
            deleted = await purge(connection, district_id, self._rules)
            await audit(connection, actor, "district.purge", district_id, deleted)
        return deleted

    async def statuses(self) -> dict[str, int]:
        """Return how many districts have each status."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(_SQL["statuses"])
        return {row["status"]: row["districts"] for row in rows}

    async def has_worker(self) -> bool:
        """Return whether a process that evaluates is connected to the same database."""
        async with self._database.connection() as connection:
            return bool(await connection.fetchval(_SQL["has_worker"], f"rostering/%/{WORKER}"))

    async def ping(self) -> None:
        """Return if the store answers; raises `StoreUnavailable`."""
        async with self._database.connection() as connection:
            await connection.fetchval(_SQL["ping"])

    async def forget_events_older_than(self, age: timedelta, at_once: int = FORGET_AT_ONCE) -> None:
        """Forget the ids of old evaluated events, a bounded number in a transaction.

        A duplicate of such an event would still change nothing.
        """
        reached = datetime.min.replace(tzinfo=UTC)
        while True:
            async with self._database.connection() as connection:
                gone = await connection.fetchrow(_SQL["forget_old_events"], age, reached, at_once)
            assert gone is not None  # noqa: S101 — an aggregate has one row
            if gone["rows"] < at_once:
                return
            reached = gone["reached"]

    async def forget_history_older_than(self, age: timedelta) -> None:
        """Forget what commits replaced longer ago; no rollback goes back behind them any more."""
        await commit_history.forget_older_than(self._database, age)

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
            await audit(connection, actor, f"{what}.set", district_id, told)
            if await connection.fetchval(_SQL["is_known"], district_id):
                await windows.close(connection, [district_id], Trigger.FILTER)
        return version


async def _check_version(connection: Connection, district_id: str, expected: int) -> None:
    row = await connection.fetchrow(_SQL["filter"], district_id)
    if row is not None and row["version"] != expected:
        raise FilterChanged(
            f"{row['actor']} saved filter version {row['version']} while you were editing version {expected}"
        )


def _filter_version(row: asyncpg.Record) -> FilterVersion:
    section_filter = SectionFilter.model_validate(row["filter"], strict=False)
    return FilterVersion(row["version"], section_filter, row["actor"], row["set_at"], row["reason"])
