"""A PostgreSQL server for the tests, which lends migrated and empty databases.

A database that comes back is emptied and lent again, which takes less than making another one. One that
somebody is still connected to is emptied when it is to be lent. One that cannot be emptied then either, whose
schema is not the template's any more, or whose tables have grown, is thrown away instead.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from typing import Final

import asyncpg

from tests.support.districts import shadow
from tests.support.servers.kept_connections import KeptConnections
from worker.adapters.postgres import schema

# The tests kill processes, never the machine: what the kernel has written is safe enough for them.
SETTINGS: Final = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "max_wal_size = '128MB'",
)

SOMEBODY_ELSE: Final = """
    SELECT count(*) FROM pg_stat_get_activity(NULL) AS a JOIN pg_database AS d ON d.oid = a.datid
    WHERE d.datname = current_database() AND a.pid <> pg_backend_pid()
      AND a.backend_type = 'client backend'"""

ENDING: Final = 25
"""Looks for somebody else: the process of a connection ends a moment after its client's end is closed."""

# Whatever alters a schema writes rows of these catalogs or removes some, even if it is put back afterwards.
# So does ANALYZE, and what it finds would choose the plans of the next test.
CATALOGS: Final = frozenset(
    ("pg_attribute", "pg_constraint", "pg_index", "pg_proc", "pg_statistic", "pg_trigger", "pg_type")
)
SHAPE: Final = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {catalog}), (SELECT max(xmin::text::bigint) FROM {catalog})"
    for catalog in sorted(CATALOGS)
)

# By what was written and not by what is there: a table whose rows were all deleted, or rolled back, is not
# as new either.
WRITTEN: Final = f"""
    SELECT oid::regclass::text AS name, pg_relation_size(oid) AS size FROM pg_class
    WHERE relkind = 'r'
      AND (relnamespace = 'public'::regnamespace
           OR oid = ANY (ARRAY[{", ".join(f"'{catalog}'" for catalog in sorted(CATALOGS))}]::regclass[]))
      AND pg_stat_get_tuples_inserted(oid) + pg_stat_get_tuples_updated(oid)
          + pg_stat_get_tuples_deleted(oid) > 0"""
GROWN: Final = 64 * 8192
"""Bytes of a table in which too many rows that were deleted take room."""

COPIES: Final = "SELECT datname FROM pg_database WHERE starts_with(datname, $1 || '_')"

TABLES: Final = """
    SELECT c.oid::regclass::text AS name, bool_or(a.attname = 'district_id') AS is_by_district,
           string_agg(format('%I', a.attname), ', ' ORDER BY a.attnum)
               FILTER (WHERE a.attgenerated = '') AS columns,
           array_remove(array_agg(pg_get_serial_sequence(c.oid::regclass::text, a.attname)), NULL) AS counters
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
    WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
    GROUP BY c.oid"""


async def written(connection: asyncpg.Connection) -> dict[str, int] | None:
    """Return the tables that were written since the database was lent, with their sizes.

    None while somebody else is connected: the server learns at a connection's end what was written by it.
    """
    for _ in range(ENDING):
        if not await connection.fetchval(SOMEBODY_ELSE):
            break
        await asyncio.sleep(0.002)
    else:
        return None
    return {row["name"]: row["size"] for row in await connection.fetch(WRITTEN)}


BESIDE_THE_SHADOW: Final = f"WHERE district_id IS DISTINCT FROM '{shadow.SHADOW}'"


@dataclass
class Template:
    """A migrated database to copy."""

    name: str
    copies: str
    """What the names of its copies begin with."""
    added: str = ""
    """The condition of SQL by which rows of a district are of a test, and not of the template."""
    shape: list[int] = field(default_factory=list)
    emptying: dict[str, str] = field(default_factory=dict)
    """The statements that make a table as it is in a new database, by the table."""
    emptied: list[str] = field(default_factory=list)
    """The names of copies that are as new."""
    returned: list[str] = field(default_factory=list)
    """The names of copies that may be lent again once they are emptied."""

    async def look(self, connection: asyncpg.Connection) -> None:
        """See what a new database is like, and leave nothing to do for autovacuum, which would analyze it."""
        await connection.execute("DROP SCHEMA IF EXISTS seeds CASCADE; CREATE SCHEMA seeds")
        self.emptying = {}
        for name, is_by_district, columns, counters in await connection.fetch(TABLES):
            statements = [f"SELECT setval('{counter}', 1, false)" for counter in counters]
            if is_by_district:
                statements.append(f"DELETE FROM {name} {self.added}")
            else:
                await connection.execute(f"CREATE TABLE seeds.{name} AS TABLE public.{name}")
                rows = f"SELECT {columns} FROM seeds.{name}"
                statements.append(f"DELETE FROM {name}")
                statements.append(f"INSERT INTO {name} ({columns}) OVERRIDING SYSTEM VALUE {rows}")
            self.emptying[name] = "; ".join(statements)
        self.shape = await _shape(connection)
        await _forget_writes(connection)

    async def empty(self, connection: asyncpg.Connection, tables: dict[str, int]) -> bool:
        """Make a copy in which tables were written as it was when it was new; False where that cannot be.

        The shadow must have stayed as it was.
        """
        if not CATALOGS.isdisjoint(tables) and await _shape(connection) != self.shape:
            return False
        ours = [name for name in tables if name not in CATALOGS]
        if any(tables[name] > GROWN for name in ours):
            return False
        if ours:
            # Without triggers: what nobody may delete from a table goes as well.
            statements = ["SET session_replication_role = replica", *map(self.emptying.__getitem__, ours)]
            await connection.execute("; ".join(statements))
        if tables:
            await _forget_writes(connection)
        return True


@dataclass
class PostgresServer:
    """A server with migrated databases to copy: an empty one, and one in which the shadow stands."""

    url: str
    """Of the server's own database."""

    shade: shadow.Shadow | None = None
    """The shadow, once it was made."""
    _empty: Template = field(default_factory=lambda: Template("rostering_template", "lent"))
    _shadowed: Template = field(
        default_factory=lambda: Template("rostering_shadow_template", "shaded", BESIDE_THE_SHADOW)
    )

    def __post_init__(self) -> None:
        self._kept = KeptConnections()

    def close(self) -> None:
        """End what connections it keeps."""
        self._kept.close()

    def database_url(self, name: str) -> str:
        """Return the URL of another of its databases."""
        return self.url.replace("/postgres?", f"/{name}?")

    async def execute(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        async with _connection(self.url) as connection:
            await connection.execute(statement)

    @classmethod
    async def standing(cls, description: str) -> PostgresServer:
        """Return one that another process prepared and described, with databases that were lent before."""
        said = json.loads(description)
        shade = shadow.Shadow(**said["shade"]) if said["shade"] else None
        server = cls(said["url"], shade, Template(**said["_empty"]), Template(**said["_shadowed"]))
        async with _connection(server.url) as connection:
            for template in (server._empty, server._shadowed):
                names = await connection.fetch(COPIES, template.copies)
                template.emptied, template.returned = [], [name for (name,) in names]
        return server

    def description(self) -> str:
        """Describe it, for `standing`."""
        return json.dumps(asdict(self))

    async def prepare(self) -> None:
        """Make the template, and see what a new database has in it."""
        for setting in SETTINGS:
            await self.execute(f"ALTER SYSTEM SET {setting}")
        await self.execute("SELECT pg_reload_conf()")
        await self.execute(f"CREATE DATABASE {self._empty.name}")
        await schema.migrate(self.database_url(self._empty.name))
        async with _connection(self.database_url(self._empty.name)) as connection:
            await shadow.make_views(connection)
            await self._empty.look(connection)

    async def prepare_shadowed(self, shade: shadow.Shadow, rows: str) -> None:
        """Make the template in which the shadow stands, by statements that put its rows there."""
        await self.execute(f"CREATE DATABASE {self._shadowed.name} TEMPLATE {self._empty.name}")
        async with _connection(self.database_url(self._shadowed.name)) as connection:
            await connection.execute(rows)
            await self._shadowed.look(connection)
        self.shade = shade

    @asynccontextmanager
    async def fresh_database(self, *, is_shadowed: bool = False) -> AsyncIterator[str]:
        """Lend a database of its own, migrated and empty, or with nothing but the shadow, which must stay."""
        template = self._shadowed if is_shadowed else self._empty
        name = await self._lent_again(template) or await self._made(template)
        yield self.database_url(name)
        await self._take_back(template, name)

    async def _made(self, template: Template) -> str:
        name = f"{template.copies}_{uuid.uuid4().hex}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {template.name} STRATEGY FILE_COPY")
        return name

    async def _take_back(self, template: Template, name: str) -> None:
        is_as_new, changed = await self._emptied(template, name)
        (template.emptied if is_as_new else template.returned).append(name)
        assert changed == [], f"another district than the test's was changed in {changed}"

    async def _emptied(self, template: Template, name: str) -> tuple[bool, list[str]]:
        """Empty a copy; return whether it is as new, and the tables in which the shadow was changed."""

        async def emptied(connection: asyncpg.Connection) -> tuple[bool, list[str]]:
            tables = await written(connection)
            changed = []
            if template is self._shadowed:
                assert self.shade is not None
                changed = await self.shade.changed(connection, tables)
            is_as_new = tables is not None and not changed and await template.empty(connection, tables)
            return is_as_new, changed

        return await self._kept.do(self.database_url(name), emptied)

    async def _lent_again(self, template: Template) -> str | None:
        if template.emptied:
            return template.emptied.pop()
        while template.returned:
            name = template.returned.pop()
            is_as_new, _ = await self._emptied(template, name)
            if is_as_new:
                return name
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")
        return None


async def _shape(connection: asyncpg.Connection) -> list[int]:
    row = await connection.fetchrow(SHAPE)
    assert row is not None
    return [*row]


async def _forget_writes(connection: asyncpg.Connection) -> None:
    """Have the counts of what was written begin anew, also what this connection still keeps to itself."""
    await connection.execute("SELECT pg_stat_force_next_flush()")
    await connection.execute("SELECT pg_stat_reset()")


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
