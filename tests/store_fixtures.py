"""A PostgreSQL for the tests: the embedded one, which lends a fresh database to each test."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import asyncpg
import pytest
import shadow
from builders import DISTRICT
from postgres_server import PostgresServer, written

from worker.adapters.clever.vault import TokenVault
from worker.adapters.postgres.alerts.deliveries import PostgresDeliveries
from worker.adapters.postgres.alerts.inspections import PostgresInspections
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.embedded import EmbeddedPostgres
from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.postgres.ingest.quarantine import PostgresLosses, PostgresQuarantine
from worker.adapters.postgres.mail.mail_orders import PostgresMailOrders
from worker.adapters.postgres.mail.mails import PostgresMails
from worker.adapters.postgres.onboarding.districts import PostgresOnboarding
from worker.adapters.postgres.operations.district_queries import PostgresViews
from worker.adapters.postgres.operations.districts import PostgresDistricts
from worker.adapters.postgres.operations.plans import PostgresPlans
from worker.adapters.postgres.operations.rollback import PostgresRollbacks
from worker.adapters.postgres.operations.section_queries import PostgresSectionViews
from worker.adapters.postgres.poll.baselines import PostgresBaselines
from worker.adapters.postgres.poll.connections import PostgresConnections
from worker.adapters.postgres.poll.feed_locks import FeedLocks
from worker.adapters.postgres.relay.outbox import ALERTS, PostgresOutbox
from worker.adapters.postgres.suggest.surveys import PostgresSurveys
from worker.adapters.postgres.wakeups import Wakeups
from worker.adapters.postgres.watched import USUAL, WatchTimes
from worker.alerts.delivery_store import OpenIncident
from worker.domain.alerts.detection import Thresholds
from worker.domain.alerts.incidents import AlertRules
from worker.domain.preflight.policy import Policy
from worker.domain.preflight.window import WindowLimits
from worker.mail.mail_store import KeptMail
from worker.operations.districts import DistrictLine

STANDING: Final = "MUTANTS_POSTGRES"
"""The variable that names the description of a server that stands already, as `mutants.warm` sets it."""
LIMITS = WindowLimits(timedelta(seconds=10), timedelta(minutes=5), 1000, timedelta(minutes=30))


class Outbox(PostgresOutbox):
    """The outbox, which counts as if no shadow stood there: none of its alerts waits."""

    async def unpublished(self) -> int:
        async with self._database.connection() as connection:
            of_shadow = await connection.fetchval(
                "SELECT count(*) FROM outbox WHERE district_id = $1", shadow.SHADOW
            )
        return await super().unpublished() - int(of_shadow)


class Desk(PostgresDistricts):
    """The desk, with lists and counts over all districts as if no shadow stood among them."""

    async def every_district(self) -> list[DistrictLine]:
        return [line for line in await super().every_district() if line.district_id != shadow.SHADOW]

    async def statuses(self) -> dict[str, int]:
        counts = await super().statuses()
        async with self._database.connection() as connection:
            if await connection.fetchval(
                "SELECT EXISTS (SELECT FROM districts WHERE district_id = $1)", shadow.SHADOW
            ):
                counts["disconnected"] -= 1
        return {status: count for status, count in counts.items() if count}


class Deliveries(PostgresDeliveries):
    """The same of incidents."""

    async def incidents(self) -> list[OpenIncident]:
        return [one for one in await super().incidents() if one.district_id != shadow.SHADOW]


class MailDesk(PostgresMailOrders):
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
    districts: PostgresDistricts
    baselines: PostgresBaselines
    connections: PostgresConnections
    locks: FeedLocks
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
    onboarding: PostgresOnboarding
    mails: PostgresMails
    mail_orders: PostgresMailOrders

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


@asynccontextmanager
async def opened_store(
    url: str,
    policy: Policy | None = None,
    *,
    keeps_history: bool = True,
    rules: AlertRules | None = None,
    times: WatchTimes = USUAL,
    direct: str | None = None,
) -> AsyncIterator[StoreUnderTest]:
    """Open the store as a process of its own would."""
    database = Database(url, name="test", size=6, direct=direct, times=times)
    rules = rules or AlertRules()
    heard = Wakeups(database)
    locks = FeedLocks(database)
    evaluations = PostgresEvaluations(
        database, heard, policy or Policy(), keeps_history=keeps_history, rules=rules
    )
    try:
        yield StoreUnderTest(
            url,
            database,
            PostgresInbox(database),
            evaluations,
            Outbox(database, heard),
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
            Deliveries(database, heard),
            PostgresViews(database),
            PostgresSectionViews(database, policy or Policy()),
            PostgresOnboarding(database),
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
    return postgres_server.shade or asyncio.run(make_shadow(postgres_server))


async def make_shadow(server: PostgresServer) -> shadow.Shadow:
    """Make the shadow, by the program, and the template in which it stands."""
    from people_fixtures import Feed, evaluate, everybody  # noqa: PLC0415 — which is made of what is here

    async with server.fresh_database() as url:
        async with opened_store(url) as store:
            await Feed(store).send(*everybody())
            await evaluate(store)
        async with shadow.opened(url) as connection:
            await shadow.cast(connection, DISTRICT)
            await shadow.enrich(connection)
            made = await shadow.take(connection)
            await server.prepare_shadowed(made, await shadow.rows_of(connection))
    return made


ALONE: Final = {
    "acceptance": "the program lists and exports all districts there",
    "browser": "the console lists all districts there",
}
"""Folders of tests whose database is empty, with the reason; a test by itself is marked `alone`."""


@pytest.fixture
def shadow_beside(request: pytest.FixtureRequest) -> shadow.Shadow | None:
    """The shadow, which stands beside the district of every test that is not `alone`."""
    if request.node.get_closest_marker("alone") is not None or request.path.parent.name in ALONE:
        return None
    shade: shadow.Shadow = request.getfixturevalue("the_shadow")
    return shade


@pytest.fixture
async def database_url(
    postgres_server: PostgresServer, shadow_beside: shadow.Shadow | None
) -> AsyncIterator[str]:
    """A database of the test's own, in which the shadow may stand, and must be the same in the end."""
    async with postgres_server.fresh_database(is_shadowed=shadow_beside is not None) as url:
        yield url
        if shadow_beside is not None:
            async with shadow.opened(url) as connection:
                changed = await shadow_beside.changed(connection, await written(connection))
            assert changed == [], "another district than the test's was changed"


@pytest.fixture
async def store(database_url: str) -> AsyncIterator[StoreUnderTest]:
    async with opened_store(database_url) as opened:
        yield opened
