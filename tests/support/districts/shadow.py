"""A second district that stands beside the one a test is about, with records of the same ids.

Nothing that is done to one district may change another, nor be changed by it. A statement that has lost its
`district_id` does: it finds the shadow's rows as well, which have the same ids and other content.

It is quiet: no window of it closes, it is disconnected, and nothing of it is to be published, sent or told.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import asyncpg

SHADOW: Final = "5d" * 12

TABLES: Final = """
    SELECT table_name AS name,
           string_agg(format('%I', column_name), ', ' ORDER BY ordinal_position) AS columns
    FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' AND is_generated = 'NEVER'
    GROUP BY table_name HAVING bool_or(column_name = 'district_id') ORDER BY table_name"""

LEAVING: Final = frozenset({"outbox", "alerts", "relay_leases", "alert_leases"})
"""What waits to leave does so by itself: a district that is cast has none of it."""

LOOKED_AT: Final = frozenset({"onboarding_marks"})
"""What onboarding has to look at: a look takes that of all districts, so that the shadow has none of it."""

UNIQUE: Final = {
    ("batches", "batch_id"): "'shadow ' || batch_id",
    ("decisions", "decision_id"): "'shadow ' || decision_id",
    ("approvals", "id"): "-id",
    ("audit", "id"): "-id",
    ("onboarding_history", "id"): "-id",
    ("mails", "mail_id"): "md5(mail_id::text)::uuid",
    ("mails", "position"): "-position",
    ("dead_letters", "position"): "-position",
    ("connect_links", "digest"): "sha256(digest)",
    ("connect_links", "token"): "NULL",
}
"""What no two districts have in common."""

MORE: Final = Path(__file__).with_name("shadow.sql").read_text(encoding="utf-8")
"""More of everything; `:d` is the district's id, and `id(n)` what tests call a record."""


@dataclass
class Shadow:
    """The shadow as it stands in a database, and must stand there in the end."""

    expected: dict[str, str]
    """What is made of its rows in a table, by the table."""
    digests: dict[str, str] = field(repr=False)
    """How this is asked for."""

    async def changed(
        self, connection: asyncpg.Connection, among: Collection[str] | None = None
    ) -> list[str]:
        """Return the tables, all or `among` some, in which it is not as it was."""
        asked = [self.digests[name] for name in self.digests if among is None or name in among]
        rows = await connection.fetch(" UNION ALL ".join(asked)) if asked else []
        return [row["name"] for row in rows if row["digest"] != self.expected[row["name"]]]


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[asyncpg.Connection]:
    """Connect to a database."""
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()


async def take(connection: asyncpg.Connection) -> Shadow:
    """Return the shadow that stands in a database."""
    digests = {
        name: f"SELECT '{name}' AS name, "
        f"count(*) || ' ' || coalesce(sum(hashtextextended(t::text, 0)), 0) AS digest "
        f"FROM (SELECT {columns} FROM public.{name} WHERE district_id = '{SHADOW}') AS t"
        for name, columns in await connection.fetch(TABLES)
        if name not in LOOKED_AT
    }
    rows = await connection.fetch(" UNION ALL ".join(digests.values()))
    return Shadow({row["name"]: row["digest"] for row in rows}, digests)


async def rows_of(connection: asyncpg.Connection) -> str:
    """Return statements that put the shadow that stands in a database into another one."""
    statements = ["SET session_replication_role = replica"]
    for name, columns in await connection.fetch(TABLES):
        mine = f"SELECT json_agg(t)::text FROM public.{name} AS t WHERE district_id = '{SHADOW}'"
        rows = (await connection.fetchval(mine) or "[]").replace("'", "''")
        statements.append(
            f"INSERT INTO public.{name} ({columns}) OVERRIDING SYSTEM VALUE "
            f"SELECT {columns} FROM json_populate_recordset(NULL::public.{name}, '{rows}'::json)"
        )
    return "; ".join([*statements, "RESET session_replication_role"])


def _of_another(partition: str, order: str, column: str, by: int = 1) -> str:
    over = f"OVER (PARTITION BY {partition} ORDER BY {order})"
    return f"coalesce(lead({column}, {by}) {over}, first_value({column}) {over})"


DISTORTED: Final = {
    ("staged", "record_id"): _of_another("kind, record IS NULL", "record_id", "record_id"),
    ("roster", "record_id"): _of_another("kind", "record_id", "record_id"),
    ("findings", "record_id"): _of_another("kind", "record_id, member", "record_id"),
    ("commit_history", "record_id"): _of_another("sequence, kind", "record_id", "record_id"),
    ("guard_history", "student_id"): _of_another("sequence", "student_id", "student_id"),
    ("identities", "student_id"): _of_another("field", "student_id, value_digest", "student_id"),
    ("enrollments", "sections"): _of_another("district_id", "student_id", "sections", 9),
    ("section_links", "section_id"): _of_another("role", "target_id, section_id", "section_id", 9),
    ("kept_sections", "students"): "students + 1",
    ("school_terms", "sections"): "sections + 1",
    ("inbox", "record_id"): "lpad(to_hex(7), 24, '0')",
    ("filters", "version"): "version + 1",
    ("policies", "version"): "version + 1",
    ("approvals", "id"): "id + 1000000000",
    **{(table, "actor"): "'shadow'" for table in ("approvals", "filters", "policies", "holds")},
    # Later than those of tests, and earlier than any that Clever makes today.
    **{
        (table, "event_id"): "overlay(event_id PLACING '1' FROM 12)"
        for table in ("inbox", "staged", "evaluated_events")
    },
    ("districts", "floor"): "overlay(floor PLACING '1' FROM 12)",
}
"""What has the rows of one record under the id of another, and what is not the same."""


async def cast(connection: asyncpg.Connection, district_id: str, *, is_distorted: bool = False) -> None:
    """Have a district's rows once more, as the shadow's, of which nothing is due; an earlier one goes.

    Where it is distorted, it has the same ids, and not the same under each.
    """
    changed = {**UNIQUE, **DISTORTED} if is_distorted else UNIQUE
    await connection.execute("SET session_replication_role = replica")
    for name, columns in await connection.fetch(TABLES):
        if name in LEAVING | LOOKED_AT:
            continue
        await connection.execute(f"DELETE FROM public.{name} WHERE district_id = $1", SHADOW)
        theirs = ", ".join(
            f"'{SHADOW}'" if column == "district_id" else changed.get((name, column), column)
            for column in columns.split(", ")
        )
        await connection.execute(
            f"INSERT INTO public.{name} ({columns}) OVERRIDING SYSTEM VALUE "
            f"SELECT {theirs} FROM public.{name} WHERE district_id = $1 ON CONFLICT DO NOTHING",
            district_id,
        )
    await connection.execute(
        "UPDATE public.districts SET reevaluate_at = NULL WHERE district_id = $1", SHADOW
    )
    await connection.execute("RESET session_replication_role")


async def enrich(connection: asyncpg.Connection) -> None:
    """Leave nothing but the shadow in a database, with more of everything that a district can have."""
    await connection.execute("SET session_replication_role = replica")
    for name, _columns in await connection.fetch(TABLES):
        await connection.execute(f"DELETE FROM public.{name} WHERE district_id <> $1", SHADOW)
    await connection.execute(MORE.replace(":d", f"'{SHADOW}'"))
    await connection.execute("RESET session_replication_role")


async def make_views(connection: asyncpg.Connection) -> None:
    """Make `seen`, in which tests look at tables: each without the shadow, where it could be."""
    await connection.execute("CREATE SCHEMA seen")
    for name, _columns in await connection.fetch(TABLES):
        await connection.execute(
            f"CREATE VIEW seen.{name} AS SELECT * FROM public.{name} "
            f"WHERE district_id IS DISTINCT FROM '{SHADOW}'"
        )
