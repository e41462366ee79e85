"""What pages show, read from PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from typing import Any, Final

import asyncpg

from worker.adapters.postgres import sql
from worker.adapters.postgres.database import Database
from worker.domain.announcements import sync_state
from worker.domain.tally import Tally
from worker.domain.window import Trigger, Window
from worker.ports.views import (
    CoverageCell,
    DecisionLine,
    DistrictPage,
    DistrictRow,
    DistrictsAsked,
    FindingPlace,
    FindingRow,
    FindingsAsked,
    SectionField,
    SectionGroup,
    SectionLine,
    SectionPage,
    SectionsAsked,
    StudentView,
)

_SQL: Final = sql.load("views")
_SECTIONS: Final = sql.load("views_sections")
_SEVERITIES: Final = ("error", "warning")
GROUPS: Final = 100
"""Of sections, that a page lists."""


class PostgresViews:
    """Answers to `worker.ports.views.Views`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def districts(self, asked: DistrictsAsked) -> DistrictPage:
        """Return districts; see the port."""
        async with self._database.connection() as connection:
            rows = await connection.fetch(
                _SQL["districts"], asked.status, asked.text, asked.order, asked.offset, asked.limit
            )
            now = rows[0]["now"] if rows else await connection.fetchval(_SQL["now"])
        return DistrictPage([_district(row) for row in rows], rows[0]["matching"] if rows else 0, now)

    async def coverage(self, district_id: str) -> list[CoverageCell]:
        """Return the district's students in scope by school and grade."""
        return [CoverageCell(**row) for row in await self._rows(_SQL["coverage"], district_id)]

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

    async def student(self, district_id: str, record_id: str) -> StudentView | None:
        """Return a student, all of one moment; None where nobody of this id was ever one."""
        async with (
            self._database.connection() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            row = await connection.fetchrow(_SQL["student"], district_id, record_id)
            sections = await connection.fetch(_SQL["sections_of_student"], district_id, record_id)
            findings = await connection.fetch(_SQL["findings_of_student"], district_id, record_id)
        if row is None or not any(row.values()):
            return None
        lines = [SectionLine(**section) for section in sections]
        records = row["staged"], row["candidate"], row["committed"]
        return StudentView(*records, lines, [_finding(one) for one in findings])

    async def sections(self, district_id: str, asked: SectionsAsked) -> SectionPage:
        """Return the district's live sections."""
        rows = await self._rows(
            f"{_SECTIONS['told']}\n{_SECTIONS['page']}",
            district_id,
            asked.text,
            asked.field,
            asked.value,
            asked.is_word,
            asked.order,
            asked.offset,
            asked.limit,
        )
        lines = [SectionLine(*list(row.values())[:-1]) for row in rows]
        return SectionPage(lines, rows[0]["matching"] if rows else 0)

    async def section_groups(
        self, district_id: str, by: SectionField, asked: SectionsAsked
    ) -> list[SectionGroup]:
        """Return the sections asked for in groups of the same value, the largest first."""
        statement = _SECTIONS["words" if by == "name" else "groups"]
        rows = await self._rows(f"{_SECTIONS['told']}\n{statement}", district_id, asked.text, by, GROUPS)
        return [SectionGroup(**row) for row in rows]

    async def _rows(self, statement: str, *arguments: object) -> Sequence[asyncpg.Record]:
        async with self._database.connection() as connection:
            return await connection.fetch(statement, *arguments)


def _district(row: asyncpg.Record) -> DistrictRow:
    return DistrictRow(
        row["district_id"],
        row["name"],
        row["status"],
        Tally.from_json(row["counts"], 0, 0),
        row["committed_counts"],
        row["standing_since"],
        row["decided_at"],
        _window(row),
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
