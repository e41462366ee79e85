"""What pages show, read from PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import asyncpg

from schemas.words import Trigger
from worker.adapters.postgres import statements
from worker.adapters.postgres.database import Connection, Database
from worker.domain.preflight.tally import Tally
from worker.domain.preflight.window import Window
from worker.domain.roster.clever_sync import sync_state
from worker.domain.roster.texts import folded
from worker.operations.district_details import hold
from worker.operations.district_queries import (
    CoverageCell,
    DecisionLine,
    DistrictOrder,
    DistrictPage,
    DistrictRow,
    DistrictsAsked,
    FindingPlace,
    FindingRow,
    FindingsAsked,
)

_SQL: Final = statements.load("operations/district_queries")
_DISTRICTS: Final = statements.load("operations/districts")
_PAGED: Final[Mapping[DistrictOrder | None, tuple[str, *tuple[bool, ...]]]] = {
    "attention": ("attention", False),
    "students": ("by_students",),
    "blocked": ("attention", True),
}
"""The orders that an index has: the statement that reads a page of each, and what else it is given."""
_SEVERITIES: Final = ("error", "warning")


class PostgresViews:
    """Answers to `worker.operations.district_queries.Views`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def districts(self, asked: DistrictsAsked) -> DistrictPage:
        """Return districts; see the port."""
        if (paged := _PAGED.get(asked.order)) and not folded(asked.text) and asked.limit is not None:
            return await self._page(paged, asked.status, asked.offset, asked.limit)
        async with self._database.connection() as connection:
            found = await _called(connection, asked.text)
            rows = await connection.fetch(
                _SQL["districts"], asked.status, found, asked.order, asked.offset, asked.limit
            )
            now = rows[0]["now"] if rows else await connection.fetchval(_SQL["now"])
        return DistrictPage([_district(row) for row in rows], rows[0]["matching"] if rows else 0, now)

    async def _page(
        self, paged: tuple[str, *tuple[bool, ...]], status: str | None, offset: int, limit: int
    ) -> DistrictPage:
        """Return a page that is read by an index; how many match is counted apart."""
        statement, *more = paged
        async with self._database.connection() as connection:
            found = await connection.fetch(_SQL[statement], status, offset, limit, *more)
            rows = await connection.fetch(_SQL["listed"], [row["district_id"] for row in found])
            counted = await connection.fetch(_DISTRICTS["statuses"])
            now = rows[0]["now"] if rows else await connection.fetchval(_SQL["now"])
        matching = sum(row["districts"] for row in counted if status is None or row["status"] == status)
        return DistrictPage([_district(row) for row in rows], matching, now)

    async def coverage(self, district_id: str, *, removed: bool = False) -> list[CoverageCell]:
        """Return the district's students in scope by school and grade; with those the plan would remove."""
        return [CoverageCell(**row) for row in await self._rows(_SQL["coverage"], district_id, removed)]

    async def decisions(self, district_id: str, before: int | None, limit: int) -> list[DecisionLine]:
        """Return decisions, the newest first: those numbered below `before`."""
        rows = await self._rows(_SQL["decisions"], district_id, before, limit)
        return [DecisionLine(**row) for row in rows]

    async def findings(self, district_id: str, asked: FindingsAsked) -> list[FindingRow]:
        """Return open findings in their order, behind the place asked for."""
        after = asked.after
        place = (after.severity, after.code, after.kind, after.record_id) if after else (None,) * 4
        member = bytes.fromhex(after.member) if after else None
        severities = [asked.severity] if asked.severity else list(_SEVERITIES)
        arguments: list[Any] = [severities, asked.code, *place, member, asked.limit]
        if asked.school_id:
            rows = await self._rows(_SQL["findings_of_school"], district_id, *arguments, asked.school_id)
        else:
            rows = await self._rows(_SQL["findings"], district_id, *arguments)
        return [_finding(row) for row in rows]

    async def all_findings(self, district_id: str, asked: FindingsAsked) -> AsyncIterator[list[FindingRow]]:
        """Yield every open finding of the kind asked for, `limit` at a time; keeps no transaction open."""
        while found := await self.findings(district_id, asked):
            yield found
            asked = replace(asked, after=found[-1].place)

    async def section_names(self, district_id: str, ids: Collection[str]) -> dict[str, str]:
        """Return what these sections are called; those without a name are left out."""
        rows = await self._rows(_SQL["section_names"], district_id, sorted(ids)) if ids else []
        return {row["id"]: row["name"] for row in rows}

    async def schools_of(self, district_id: str, places: Collection[FindingPlace]) -> dict[FindingPlace, str]:
        """Return the school that each student, class or section is at, where it is known."""
        records = {
            place: ("class" if place.kind == "section" else place.kind, place.record_id) for place in places
        }
        kinds, ids = [kind for kind, _ in records.values()], [record_id for _, record_id in records.values()]
        rows = await self._rows(_SQL["schools_of"], district_id, kinds, ids) if places else []
        schools = {(row["kind"], row["record_id"]): row["school_id"] for row in rows}
        return {place: schools[record] for place, record in records.items() if record in schools}

    async def _rows(self, statement: str, *arguments: object) -> Sequence[asyncpg.Record]:
        async with self._database.connection() as connection:
            return await connection.fetch(statement, *arguments)


async def _called(connection: Connection, text: str) -> list[str] | None:
    """Return the districts with this text in their name or id, as values are compared; None for no text."""
    part = folded(text)
    if not part:
        return None
    rows = await connection.fetch(_SQL["names"])
    return [
        row["district_id"]
        for row in rows
        if part in folded(row["district_id"]) or part in folded(row["name"] or "")
    ]


def _district(row: asyncpg.Record) -> DistrictRow:
    return DistrictRow(
        row["district_id"],
        row["name"],
        row["status"],
        Tally.from_json(row["counts"], 0, 0),
        row["committed_counts"],
        row["commit_sequence"],
        row["review_sequence"],
        row["standing_since"],
        row["decided_at"],
        _window(row),
        hold(row),
        row["incidents"],
        sync_state(row["record"], row["now"]),
    )


def _window(row: asyncpg.Record) -> Window | None:
    if row["opened_at"] is None:
        return None
    requested = Trigger(row["requested"]) if row["requested"] else None
    return Window(row["opened_at"], row["last_event_at"], row["events"], requested, row["deferred_since"])


def _finding(row: asyncpg.Record) -> FindingRow:
    place = FindingPlace(
        row["severity"], row["code"], row["kind"], row["record_id"], bytes(row["member"]).hex()
    )
    return FindingRow(place, row["detail"], row["since"])
