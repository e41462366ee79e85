"""The composition root of the store: the one place that knows which class answers to which of its ports.

Beside it, `broker` opens the broker, `clever` the source, `tracing` the spans; `process` puts the stages on
top. Half of the commands need the store alone, so that nothing is imported here that is for anything else.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

from config.settings import Settings
from worker.adapters.postgres import schema
from worker.adapters.postgres.access.audit import PostgresAudit
from worker.adapters.postgres.access.console_keys import PostgresLocalKeys
from worker.adapters.postgres.access.sessions import PostgresAttempts, PostgresSessions
from worker.adapters.postgres.access.users import PostgresUsers
from worker.adapters.postgres.alerts.deliveries import PostgresDeliveries
from worker.adapters.postgres.alerts.inspections import PostgresInspections
from worker.adapters.postgres.alerts.stage_failures import PostgresStageFailures
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations
from worker.adapters.postgres.ingest.dead_letters import PostgresDeadLetters
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.postgres.ingest.quarantine import PostgresLosses, PostgresQuarantine
from worker.adapters.postgres.mail.mail_orders import PostgresMailOrders
from worker.adapters.postgres.mail.mails import PostgresMails
from worker.adapters.postgres.onboarding.districts import PostgresOnboarding
from worker.adapters.postgres.operations.clock import Longest, PostgresClock
from worker.adapters.postgres.operations.district_queries import PostgresViews
from worker.adapters.postgres.operations.districts import PostgresDistricts
from worker.adapters.postgres.operations.plans import PostgresPlans
from worker.adapters.postgres.operations.retention import PostgresRetention
from worker.adapters.postgres.operations.rollback import PostgresRollbacks
from worker.adapters.postgres.operations.student_records import PostgresStudentRecords
from worker.adapters.postgres.operations.students import PostgresStudents
from worker.adapters.postgres.poll.baselines import PostgresBaselines
from worker.adapters.postgres.poll.connections import PostgresConnections
from worker.adapters.postgres.poll.feed_locks import FeedLocks
from worker.adapters.postgres.poll.student_fields import PostgresStudentFields
from worker.adapters.postgres.relay.outbox import ALERTS, PostgresOutbox
from worker.adapters.postgres.suggest.pictures import PostgresPictures
from worker.adapters.postgres.wakeups import Wakeups
from worker.bootstrap import alerts as alerting
from worker.bootstrap import onboarding
from worker.bootstrap.settings import policy, process_name, window_limits
from worker.runtime.errors import SettingsError

GUARDS_LOOK_BACK: Final = timedelta(days=14)
"""Twice as long as the longest that a guard may be set to look back."""


@dataclass(frozen=True, slots=True)
class AccessStore:
    """What the store keeps about those who use the console."""

    users: PostgresUsers
    sessions: PostgresSessions
    attempts: PostgresAttempts
    audit: PostgresAudit
    local_keys: PostgresLocalKeys


@dataclass(frozen=True, slots=True)
class Stores:
    """The store and everything in it that answers to a port."""

    dsn: str
    inbox: PostgresInbox
    evaluations: PostgresEvaluations
    outbox: PostgresOutbox
    districts: PostgresDistricts
    baselines: PostgresBaselines
    pictures: PostgresPictures
    connections: PostgresConnections | None
    """None where no Clever source is configured."""
    rollbacks: PostgresRollbacks
    dead_letters: PostgresDeadLetters
    """Those of the broker inside the process."""
    quarantine: PostgresQuarantine
    losses: PostgresLosses
    plans: PostgresPlans
    access: AccessStore
    alerts: PostgresOutbox
    """The alerts to publish, which wait for no commit."""
    inspections: PostgresInspections
    deliveries: PostgresDeliveries
    views: PostgresViews
    student_records: PostgresStudentRecords
    onboarding: PostgresOnboarding
    mails: PostgresMails
    mail_orders: PostgresMailOrders
    clock: Callable[[Longest], PostgresClock]
    """The look at the clock, by how far ahead times can lie."""
    stage_failures: PostgresStageFailures
    retention: PostgresRetention
    student_fields: PostgresStudentFields
    students: PostgresStudents


@asynccontextmanager
async def open_store(settings: Settings, *, is_worker: bool = False) -> AsyncIterator[Stores]:
    """Open the database, or one of our own; raises `StoreUnavailable` or `SchemaVersionError`.

    `is_worker` says that the process evaluates what is stored, so that others can see that one does.
    """
    async with AsyncExitStack() as stack:
        dsn, database = await _connected(settings, stack, process_name(is_worker=is_worker))
        heard = Wakeups(database)
        stack.push_async_callback(heard.close)
        locks = FeedLocks(database)
        stack.push_async_callback(locks.close)
        rules = alerting.rules(settings)
        evaluations = PostgresEvaluations(
            database, heard, policy(settings), keeps_history=settings.commit.history_days > 0, rules=rules
        )
        yield Stores(
            dsn,
            PostgresInbox(database),
            evaluations,
            PostgresOutbox(database, heard),
            PostgresDistricts(database, rules),
            PostgresBaselines(database, rules, policy(settings)),
            PostgresPictures(database, policy(settings)),
            _connections(settings, database, locks),
            PostgresRollbacks(database, evaluations),
            PostgresDeadLetters(database),
            PostgresQuarantine(database),
            PostgresLosses(database),
            PostgresPlans(database),
            access_store(settings, database),
            PostgresOutbox(database, heard, ALERTS),
            PostgresInspections(database, window_limits(settings), alerting.thresholds(settings), rules),
            PostgresDeliveries(database, heard),
            PostgresViews(database),
            PostgresStudentRecords(database),
            PostgresOnboarding(database, onboarding.onboarding_rules(settings)),
            PostgresMails(database, heard),
            PostgresMailOrders(database),
            partial(PostgresClock, database),
            PostgresStageFailures(database),
            retention(settings, database),
            PostgresStudentFields(database, policy(settings)),
            PostgresStudents(database, evaluations),
        )


async def _connected(settings: Settings, stack: AsyncExitStack, name: str) -> tuple[str, Database]:
    """Return the address of the database and what talks to it, closed with the stack."""
    direct = _direct(settings)
    dsn = await _database(settings, stack)
    if settings.database_url is None:
        await schema.migrate(dsn)
    else:
        await schema.check_version(dsn)
    database = Database(dsn, name=name, size=settings.database_pool_size, direct=direct)
    stack.push_async_callback(database.close)
    if settings.clever.client_id is not None:
        await database.check_sessions()
    return dsn, database


def retention(settings: Settings, database: Database) -> PostgresRetention:
    """Return what forgets what was kept for long enough."""
    days = settings.retention
    settled = timedelta(days=days.settings_days)
    return PostgresRetention(
        database,
        {
            "decisions": timedelta(days=days.decisions_days),
            "batches": timedelta(days=days.decisions_days),
            "filters": settled,
            "policies": settled,
            "approvals": settled,
            "mails": timedelta(days=days.mails_days),
            "links": timedelta(days=days.links_days),
            "audit": timedelta(days=days.audit_days),
            "guard_history": GUARDS_LOOK_BACK,
        },
    )


def access_store(settings: Settings, database: Database) -> AccessStore:
    """Return what is kept about those who use the console."""
    lifetime = timedelta(hours=settings.http.session_hours)
    idle = timedelta(minutes=settings.http.session_idle_minutes)
    return AccessStore(
        PostgresUsers(database, lifetime=lifetime, idle=idle),
        PostgresSessions(database, lifetime=lifetime, idle=idle),
        PostgresAttempts(database),
        PostgresAudit(database),
        PostgresLocalKeys(database, lifetime),
    )


def _connections(settings: Settings, database: Database, locks: FeedLocks) -> PostgresConnections | None:
    app = settings.clever
    if app.client_id is None or app.client_secret is None:
        return None
    from worker.adapters.clever.vault import TokenVault  # noqa: PLC0415 — slow to import

    vault = TokenVault(app.client_id, app.client_secret.get_secret_value())
    return PostgresConnections(database, locks, vault)


async def migrate(settings: Settings, tell: Callable[[str], None]) -> tuple[str | None, str]:
    """Bring the database's schema up to date; return the versions before and after.

    `tell` is told who holds a lock that is waited for.
    """
    async with AsyncExitStack() as stack:
        dsn = _direct(settings) or await _database(settings, stack)
        return await schema.migrate(dsn, tell)


def _direct(settings: Settings) -> str | None:
    url = settings.database_direct_url
    if url is not None and settings.database_url is None:
        raise SettingsError(
            "ROSTERING_DATABASE_URL: expected a value, because ROSTERING_DATABASE_DIRECT_URL is set"
        )
    return None if url is None else url.get_secret_value()


async def _database(settings: Settings, stack: AsyncExitStack) -> str:
    if settings.database_url is not None:
        return settings.database_url.get_secret_value()
    from worker.adapters.postgres.embedded import EmbeddedPostgres  # noqa: PLC0415 — only where it is used

    embedded = EmbeddedPostgres(settings.data_dir.absolute())
    stack.push_async_callback(embedded.stop)
    return await embedded.start()
