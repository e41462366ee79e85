"""A PostgreSQL for the tests: the embedded one, with a fresh database for each test."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest

from worker.adapters.clever.vault import TokenVault
from worker.adapters.postgres import schema
from worker.adapters.postgres.baselines import PostgresBaselines
from worker.adapters.postgres.connections import PostgresConnections
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.deliveries import PostgresDeliveries
from worker.adapters.postgres.desk import PostgresDesk
from worker.adapters.postgres.embedded import EmbeddedPostgres
from worker.adapters.postgres.evaluations import PostgresEvaluations
from worker.adapters.postgres.inbox import PostgresInbox
from worker.adapters.postgres.inspections import PostgresInspections
from worker.adapters.postgres.lifecycles import PostgresLifecycles
from worker.adapters.postgres.mail_desk import PostgresMailDesk
from worker.adapters.postgres.mails import PostgresMails
from worker.adapters.postgres.notices import Notices
from worker.adapters.postgres.outbox import ALERTS, PostgresOutbox
from worker.adapters.postgres.plans import PostgresPlans
from worker.adapters.postgres.quarantine import PostgresQuarantine
from worker.adapters.postgres.rollback import PostgresRollbacks
from worker.adapters.postgres.section_views import PostgresSectionViews
from worker.adapters.postgres.surveys import PostgresSurveys
from worker.adapters.postgres.turns import TurnLocks
from worker.adapters.postgres.views import PostgresViews
from worker.domain.incidents import Rules
from worker.domain.noticing import Thresholds
from worker.domain.policy import Policy
from worker.domain.window import WindowLimits

TEMPLATE = "rostering_template"
LIMITS = WindowLimits(timedelta(seconds=10), timedelta(minutes=5), 1000, timedelta(minutes=30))


@dataclass(frozen=True)
class PostgresServer:
    """A server with a migrated database to copy."""

    url: str
    """Of the server's own database."""

    def database_url(self, name: str) -> str:
        """Return the URL of another of its databases."""
        return self.url.replace("/postgres?", f"/{name}?")

    async def execute(self, statement: str) -> None:
        """Run one statement outside a transaction."""
        connection = await asyncpg.connect(self.url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    @asynccontextmanager
    async def fresh_database(self) -> AsyncIterator[str]:
        """Lend a database of its own, migrated and empty."""
        name = f"test_{uuid.uuid4().hex}"
        await self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE} STRATEGY FILE_COPY")
        try:
            yield self.database_url(name)
        finally:
            await self.execute(f"DROP DATABASE {name} WITH (FORCE)")


@dataclass(frozen=True)
class StoreUnderTest:
    """The store on a database of its own."""

    url: str
    database: Database
    inbox: PostgresInbox
    evaluations: PostgresEvaluations
    outbox: PostgresOutbox
    desk: PostgresDesk
    baselines: PostgresBaselines
    connections: PostgresConnections
    locks: TurnLocks
    """Those of `connections`."""
    rollbacks: PostgresRollbacks
    surveys: PostgresSurveys
    quarantine: PostgresQuarantine
    plans: PostgresPlans
    alerts: PostgresOutbox
    inspections: PostgresInspections
    deliveries: PostgresDeliveries
    views: PostgresViews
    sections: PostgresSectionViews
    lifecycles: PostgresLifecycles
    mails: PostgresMails
    mail_desk: PostgresMailDesk

    async def rows(self, query: str, *arguments: object) -> list[asyncpg.Record]:
        """Look into the tables."""
        async with self.database.connection() as connection:
            return await connection.fetch(query, *arguments)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="rostering-pg-"))
    embedded = EmbeddedPostgres(folder)
    try:
        yield asyncio.run(_prepared(embedded))
    finally:
        asyncio.run(embedded.stop())
        shutil.rmtree(folder, ignore_errors=True)


async def _prepared(embedded: EmbeddedPostgres) -> PostgresServer:
    server = PostgresServer(await embedded.start())
    # The tests kill processes, never the machine: what the kernel has written is safe enough for them.
    for setting in ("fsync = off", "synchronous_commit = off", "full_page_writes = off"):
        await server.execute(f"ALTER SYSTEM SET {setting}")
    await server.execute("SELECT pg_reload_conf()")
    await server.execute(f"CREATE DATABASE {TEMPLATE}")
    await schema.migrate(server.database_url(TEMPLATE))
    return server


@pytest.fixture
async def database_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    async with postgres_server.fresh_database() as url:
        yield url


@asynccontextmanager
async def opened_store(
    url: str, policy: Policy | None = None, *, keeps_history: bool = True, rules: Rules | None = None
) -> AsyncIterator[StoreUnderTest]:
    """Open the store as a process of its own would."""
    database = Database(url, name="test", size=6)
    rules = rules or Rules()
    heard = Notices(database)
    locks = TurnLocks(database)
    evaluations = PostgresEvaluations(
        database, heard, policy or Policy(), keeps_history=keeps_history, rules=rules
    )
    try:
        yield StoreUnderTest(
            url,
            database,
            PostgresInbox(database),
            evaluations,
            PostgresOutbox(database, heard),
            PostgresDesk(database, rules),
            PostgresBaselines(database, rules),
            PostgresConnections(database, locks, TokenVault("an app", "its secret")),
            locks,
            PostgresRollbacks(database, evaluations),
            PostgresSurveys(database),
            PostgresQuarantine(database),
            PostgresPlans(database),
            PostgresOutbox(database, heard, ALERTS),
            PostgresInspections(database, LIMITS, Thresholds(), rules),
            PostgresDeliveries(database, heard),
            PostgresViews(database),
            PostgresSectionViews(database),
            PostgresLifecycles(database),
            PostgresMails(database, heard),
            PostgresMailDesk(database),
        )
    finally:
        await locks.close()
        await heard.close()
        await database.close()


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[StoreUnderTest]:
    async with opened_store(database_url) as opened:
        yield opened
