"""A PostgreSQL server for the tests, which lends migrated and empty databases.

A database that comes back is lent again once it was emptied, which takes a tenth of making another one. One
that somebody is still connected to, or whose schema is not the template's any more, is thrown away instead.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

import asyncpg
import shadow

from worker.adapters.postgres import schema

TEMPLATE: Final = "rostering_template"

# The tests kill processes, never the machine: what the kernel has written is safe enough for them.
SETTINGS: Final = (
    "fsync = off",
    "synchronous_commit = off",
    "full_page_writes = off",
    "max_wal_size = '128MB'",
)

SOMEBODY_ELSE: Final = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()"""

# Whatever alters a schema writes rows of these catalogs or removes some, even if it is put back afterwards.
# So does ANALYZE, and what it finds would choose the plans of the next test.
CATALOGS: Final = (
    "pg_attribute",
    "pg_constraint",
    "pg_index",
    "pg_proc",
    "pg_statistic",
    "pg_trigger",
    "pg_type",
)
SHAPE: Final = "SELECT " + ", ".join(
    f"(SELECT count(*) FROM {catalog}), (SELECT max(xmin::text::bigint) FROM {catalog})"
    for catalog in CATALOGS
)

# By size and not by rows: one whose rows were all deleted, or rolled back, is not as new either.
WRITTEN: Final = """
    SELECT oid::regclass::text AS name FROM pg_class
    WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND pg_relation_size(oid) > 0"""


@dataclass
class PostgresServer:
    """A server with a migrated database to copy."""

    url: str
    """Of the server's own database."""

    _seeds: Mapping[str, str] = field(default_factory=dict)
    """The rows of a new database, as JSON, by their table."""

    _shape: list[int] | None = None
    _returned: list[str] = field(default_factory=list)
    """The names of databases that may be lent again."""

    def database_url(self, name: str) -> str:
        """Return the URL of another of its databases."""
        return self.url.replace("/postgres?", f"/{name}?")

    async def execute(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        async with _connection(self.url) as connection:
            await connection.execute(statement)

    @classmethod
    async def standing(cls, description: str) -> PostgresServer:
        """Return one that another process prepared, with the databases that were lent before."""
        server = cls(**json.loads(description))
        async with _connection(server.url) as connection:
            names = await connection.fetch("SELECT datname FROM pg_database WHERE datname LIKE 'test\\_%'")
        server._returned.extend(name for (name,) in names)
        return server

    async def prepare(self) -> str:
        """Make the template, and see what a new database has in it; return what `standing` needs."""
        for setting in SETTINGS:
            await self.execute(f"ALTER SYSTEM SET {setting}")
        await self.execute("SELECT pg_reload_conf()")
        await self.execute(f"CREATE DATABASE {TEMPLATE}")
        await schema.migrate(self.database_url(TEMPLATE))
        async with _connection(self.database_url(TEMPLATE)) as connection:
            await shadow.make_views(connection)
            self._shape = await _shape(connection)
            self._seeds = {
                name: await connection.fetchval(f"SELECT json_agg(t)::text FROM {name} AS t")
                for (name,) in await connection.fetch(WRITTEN)
            }
        return json.dumps({"url": self.url, "_seeds": self._seeds, "_shape": self._shape})

    @asynccontextmanager
    async def fresh_database(self) -> AsyncIterator[str]:
        """Lend a database of its own, migrated and empty."""
        name = await self._lent_again() or await self._made()
        try:
            yield self.database_url(name)
        finally:
            self._returned.append(name)

    async def _made(self) -> str:
        name = f"test_{uuid.uuid4().hex}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        return name

    async def _lent_again(self) -> str | None:
        while self._returned:
            name = self._returned.pop()
            if await self._emptied(name):
                return name
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")
        return None

    async def _emptied(self, name: str) -> bool:
        """Make it as it was when it was new; False where that cannot be."""
        async with _connection(self.database_url(name)) as connection:
            if await connection.fetchval(SOMEBODY_ELSE):
                return False
            if await _shape(connection) != self._shape:
                return False
            written = ", ".join([table for (table,) in await connection.fetch(WRITTEN)])
            # Without triggers: what nobody may delete from a table goes as well.
            await connection.execute(
                f"SET session_replication_role = replica; TRUNCATE {written} RESTART IDENTITY CASCADE"
            )
            for table, rows in self._seeds.items():
                seeds = f"SELECT * FROM json_populate_recordset(NULL::{table}, $1::text::json)"
                await connection.execute(f"INSERT INTO {table} {seeds}", rows)
        return True


async def _shape(connection: asyncpg.Connection) -> list[int]:
    row = await connection.fetchrow(SHAPE)
    assert row is not None
    return list(row)


@asynccontextmanager
async def _connection(url: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(url)
    try:
        yield connection
    finally:
        await connection.close()
