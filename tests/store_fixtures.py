"""A PostgreSQL for the tests: the embedded one, which lends a fresh database to each test."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import shadow
from builders import DISTRICT
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
from worker.ports.desk import DistrictLine
from worker.ports.mails import KeptMail

STANDING: Final = "MUTANTS_POSTGRES"
"""The variable that names the description of a server that stands already, as `mutants.warm` sets it."""
LIMITS = WindowLimits(timedelta(seconds=10), timedelta(minutes=5), 1000, timedelta(minutes=30))


class Desk(PostgresDesk):
    """The desk, with lists and counts over all districts as if no shadow stood among them."""

    async def districts(self) -> list[DistrictLine]:
        return [line for line in await super().districts() if line.district_id != shadow.SHADOW]

    async def statuses(self) -> dict[str, int]:
        counts = await super().statuses()
        async with self._database.connection() as connection:
            if await connection.fetchval(
                "SELECT EXISTS (SELECT FROM districts WHERE district_id = $1)", shadow.SHADOW
            ):
                counts["disconnected"] -= 1
        return {status: count for status, count in counts.items() if count}


class MailDesk(PostgresMailDesk):
    """The same of mails."""

    async def newest(self, district_id: str | None, limit: int = 200) -> list[KeptMail]:
        mails = await super().newest(district_id, limit)
        return [one for one in mails if district_id or one.district_id != shadow.SHADOW]


ROWS_OF = {"SELECT", "WITH", "INSERT", "UPDATE", "DELETE"}
"""The statements in which the tables are without the shadow."""


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
        """Look into the tables, or change rows, as if no shadow stood there."""
        async with self.database.connection() as connection:
            if query.split(maxsplit=1)[0].upper() not in ROWS_OF:
                return await connection.fetch(query, *arguments)
            async with connection.transaction():
                await connection.execute("SET LOCAL search_path = seen, public")
                return await connection.fetch(query, *arguments)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    if described := os.environ.get(STANDING):
        yield asyncio.run(PostgresServer.standing(Path(described).read_text()))
        return
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
            Desk(database, rules),
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
            MailDesk(database),
        )
    finally:
        await locks.close()
        await heard.close()
        await database.close()


@pytest.fixture(scope="session")
def the_shadow(postgres_server: PostgresServer) -> shadow.Shadow:
    """A district of two schools, as `people_fixtures` has it, under another id."""
    return asyncio.run(_made_shadow(postgres_server))


async def _made_shadow(server: PostgresServer) -> shadow.Shadow:
    from people_fixtures import Feed, evaluate, everybody  # noqa: PLC0415 — which is made of what is here

    async with server.fresh_database() as url:
        async with opened_store(url) as store:
            await Feed(store).send(*everybody())
            await evaluate(store)
        async with shadow.opened(url) as connection:
            await shadow.cast(connection, DISTRICT)
            await shadow.enrich(connection)
            return await shadow.take(connection)


BESIDE_A_SHADOW: Final = {
    *("test_audit", "test_baselines", "test_coverage", "test_duplicates_in_one_batch", "test_error_figures"),
    *("test_exporting", "test_forecast", "test_guards", "test_inbox", "test_incident_memory"),
    *("test_longest_fields", "test_mail_store", "test_meetings", "test_notify", "test_people", "test_plans"),
    *("test_retention", "test_returning_mails", "test_rollback", "test_section_views"),
    *("test_settling_letters", "test_suggesting"),
}
"""Modules whose tests have a second district beside the one they are about."""


@pytest.fixture
def shadow_beside(request: pytest.FixtureRequest) -> shadow.Shadow | None:
    """The shadow, where it stands beside the district of a test: not where a test is `alone`."""
    is_alone = request.node.get_closest_marker("alone") is not None
    if is_alone or request.module.__name__.rpartition(".")[2] not in BESIDE_A_SHADOW:
        return None
    shade: shadow.Shadow = request.getfixturevalue("the_shadow")
    return shade


@pytest.fixture
async def store(database_url: str, shadow_beside: shadow.Shadow | None) -> AsyncIterator[StoreUnderTest]:
    async with AsyncExitStack() as stack:
        if shadow_beside is not None:
            await stack.enter_async_context(shadow_beside.beside(database_url))
        yield await stack.enter_async_context(opened_store(database_url))
