"""Time that a test runs forward, for a whole installation.

The program tells the time by its database, and by nothing else that matters. So a database whose `now()` and
`clock_timestamp()` are ahead is all it takes: functions of those names in a schema that is searched before
PostgreSQL's own. The program, and the schema that its migrations make, stay as they are.
"""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from postgres_server import PostgresServer

from worker.adapters.postgres import schema

_TRAVEL = """
    CREATE SCHEMA travel;
    CREATE TABLE travel.clock (ahead interval NOT NULL);
    INSERT INTO travel.clock VALUES (interval '0');
    CREATE FUNCTION travel.now() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT pg_catalog.now() + (SELECT ahead FROM travel.clock)';
    CREATE FUNCTION travel.clock_timestamp() RETURNS timestamptz LANGUAGE sql VOLATILE
        AS 'SELECT pg_catalog.clock_timestamp() + (SELECT ahead FROM travel.clock)';
"""


class TimeMachine:
    """A database that is ahead of the machine's clock, and ever further."""

    def __init__(self, database_url: str, connection: asyncpg.Connection) -> None:
        self.database_url = database_url
        self._connection = connection
        self._ahead = timedelta()

    def now(self) -> datetime:
        """Tell the time as the database does."""
        return datetime.now(UTC) + self._ahead

    async def to(self, moment: datetime) -> None:
        """Run time forward to a moment that is to come."""
        by = moment - self.now()
        assert by > timedelta(), "time does not run backward, but for a clock that is put back"
        await self._move(by)

    async def put_back(self, by: timedelta) -> None:
        """Put the database's clock back, as an operator does, or a failover to another server."""
        await self._move(-by)

    async def _move(self, by: timedelta) -> None:
        self._ahead += by
        await self._connection.execute("UPDATE travel.clock SET ahead = $1", self._ahead)


@pytest.fixture
async def time_machine(postgres_server: PostgresServer) -> AsyncIterator[TimeMachine]:
    """A migrated and empty database that stands at the present."""
    name = f"travel_{uuid.uuid4().hex}"
    await postgres_server.execute(f"CREATE DATABASE {name}")
    await postgres_server.execute(f"ALTER DATABASE {name} SET search_path = public, travel, pg_catalog")
    url = postgres_server.database_url(name)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(_TRAVEL)
        await schema.migrate(url)
        yield TimeMachine(url, connection)
    finally:
        await connection.close()
        await postgres_server.execute(f"DROP DATABASE {name} WITH (FORCE)")
