"""A PostgreSQL for the tests: the embedded one, which lends a fresh database to each test."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import asyncpg
import pytest
from postgres_server import PostgresServer

from worker.adapters.clever.vault import TokenVault
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
from worker.adapters.postgres.quarantine import PostgresLosses, PostgresQuarantine
from worker.adapters.postgres.rollback import PostgresRollbacks
from worker.adapters.postgres.section_views import PostgresSectionViews
from worker.adapters.postgres.surveys import PostgresSurveys
from worker.adapters.postgres.turns import TurnLocks
from worker.adapters.postgres.views import PostgresViews
from worker.adapters.postgres.watched import USUAL, WatchTimes
from worker.domain.incidents import Rules
from worker.domain.noticing import Thresholds
from worker.domain.policy import Policy
from worker.domain.window import WindowLimits

LIMITS = WindowLimits(timedelta(seconds=10), timedelta(minutes=5), 1000, timedelta(minutes=30))


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
    losses: PostgresLosses
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
        server = PostgresServer(asyncio.run(embedded.start()))
        asyncio.run(server.prepare())
        yield server
    finally:
        asyncio.run(embedded.stop())
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
async def database_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    async with postgres_server.fresh_database() as url:
        yield url


@asynccontextmanager
async def opened_store(
    url: str,
    policy: Policy | None = None,
    *,
    keeps_history: bool = True,
    rules: Rules | None = None,
    times: WatchTimes = USUAL,
    direct: str | None = None,
) -> AsyncIterator[StoreUnderTest]:
    """Open the store as a process of its own would."""
    database = Database(url, name="test", size=6, direct=direct, times=times)
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
            PostgresBaselines(database, rules, policy or Policy()),
            PostgresConnections(database, locks, TokenVault("an app", "its secret")),
            locks,
            PostgresRollbacks(database, evaluations),
            PostgresSurveys(database, policy or Policy()),
            PostgresQuarantine(database),
            PostgresLosses(database),
            PostgresPlans(database),
            PostgresOutbox(database, heard, ALERTS),
            PostgresInspections(database, LIMITS, Thresholds(), rules),
            PostgresDeliveries(database, heard),
            PostgresViews(database),
            PostgresSectionViews(database, policy or Policy()),
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
