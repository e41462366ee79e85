"""The composition root of the store: the one place that knows which class answers to which of its ports.

Beside it, `broker` opens the broker, `clever` the source, `tracing` the spans; `process` puts the stages on
top. Half of the commands need the store alone, and each of them little of it, so that an adapter is imported
where it is asked for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING, Final

from config.settings import Settings
from worker.adapters.postgres import schema
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.wakeups import Wakeups
from worker.bootstrap.settings import policy, process_name, window_limits
from worker.runtime.errors import SettingsError

if TYPE_CHECKING:
    from worker.adapters.postgres.access.audit import PostgresAudit
    from worker.adapters.postgres.access.console_keys import PostgresLocalKeys
    from worker.adapters.postgres.access.sessions import PostgresAttempts, PostgresSessions
    from worker.adapters.postgres.access.users import PostgresUsers
    from worker.adapters.postgres.alerts.deliveries import PostgresDeliveries
    from worker.adapters.postgres.alerts.inspections import PostgresInspections
    from worker.adapters.postgres.alerts.stage_failures import PostgresStageFailures
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
    from worker.adapters.postgres.operations.filter_trials import PostgresTrials
    from worker.adapters.postgres.operations.plans import PostgresPlans
    from worker.adapters.postgres.operations.retention import PostgresRetention
    from worker.adapters.postgres.operations.rollback import PostgresRollbacks
    from worker.adapters.postgres.operations.student_records import PostgresStudentRecords
    from worker.adapters.postgres.operations.students import PostgresStudents
    from worker.adapters.postgres.poll.baselines import PostgresBaselines
    from worker.adapters.postgres.poll.connections import PostgresConnections
    from worker.adapters.postgres.poll.feed_locks import FeedLocks
    from worker.adapters.postgres.poll.student_fields import PostgresStudentFields
    from worker.adapters.postgres.relay.outbox import PostgresOutbox
    from worker.adapters.postgres.suggest.pictures import PostgresPictures
    from worker.domain.alerts.incidents import AlertRules
    from worker.domain.preflight.policy import Policy

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


class Stores:
    """The store and everything in it that answers to a port, each made when it is first asked for."""

    def __init__(
        self, settings: Settings, dsn: str, database: Database, heard: Wakeups, locks: FeedLocks
    ) -> None:
        self.dsn = dsn
        self.database = database
        self._settings = settings
        self._heard = heard
        self._locks = locks

    @cached_property
    def _policy(self) -> Policy:
        return policy(self._settings)

    @cached_property
    def _rules(self) -> AlertRules:
        from worker.bootstrap import alerts as alerting

        return alerting.rules(self._settings)

    @cached_property
    def inbox(self) -> PostgresInbox:
        from worker.adapters.postgres.ingest.inbox import PostgresInbox

        return PostgresInbox(self.database)

    @cached_property
    def evaluations(self) -> PostgresEvaluations:
        from worker.adapters.postgres.evaluation.due_districts import PostgresEvaluations

        return PostgresEvaluations(
            self.database,
            self._heard,
            self._policy,
            keeps_history=self._settings.commit.history_days > 0,
            rules=self._rules,
        )

    @cached_property
    def outbox(self) -> PostgresOutbox:
        from worker.adapters.postgres.relay.outbox import PostgresOutbox

        return PostgresOutbox(self.database, self._heard)

    @cached_property
    def alerts(self) -> PostgresOutbox:
        """The alerts to publish, which wait for no commit."""
        from worker.adapters.postgres.relay.outbox import ALERTS, PostgresOutbox

        return PostgresOutbox(self.database, self._heard, ALERTS)

    @cached_property
    def districts(self) -> PostgresDistricts:
        from worker.adapters.postgres.operations.districts import PostgresDistricts

        return PostgresDistricts(self.database, self._rules)

    @cached_property
    def baselines(self) -> PostgresBaselines:
        from worker.adapters.postgres.poll.baselines import PostgresBaselines

        return PostgresBaselines(self.database, self._rules, self._policy)

    @cached_property
    def pictures(self) -> PostgresPictures:
        from worker.adapters.postgres.suggest.pictures import PostgresPictures

        return PostgresPictures(self.database, self._policy)

    @cached_property
    def trials(self) -> PostgresTrials:
        from worker.adapters.postgres.operations.filter_trials import PostgresTrials

        return PostgresTrials(self.database, self._policy)

    @cached_property
    def connections(self) -> PostgresConnections | None:
        """None where no Clever source is configured."""
        return _connections(self._settings, self.database, self._locks)

    @cached_property
    def rollbacks(self) -> PostgresRollbacks:
        from worker.adapters.postgres.operations.rollback import PostgresRollbacks

        return PostgresRollbacks(self.database, self.evaluations)

    @cached_property
    def dead_letters(self) -> PostgresDeadLetters:
        """Those of the broker inside the process."""
        from worker.adapters.postgres.ingest.dead_letters import PostgresDeadLetters

        return PostgresDeadLetters(self.database)

    @cached_property
    def quarantine(self) -> PostgresQuarantine:
        from worker.adapters.postgres.ingest.quarantine import PostgresQuarantine

        return PostgresQuarantine(self.database)

    @cached_property
    def losses(self) -> PostgresLosses:
        from worker.adapters.postgres.ingest.quarantine import PostgresLosses

        return PostgresLosses(self.database)

    @cached_property
    def plans(self) -> PostgresPlans:
        from worker.adapters.postgres.operations.plans import PostgresPlans

        return PostgresPlans(self.database)

    @cached_property
    def access(self) -> AccessStore:
        return access_store(self._settings, self.database)

    @cached_property
    def inspections(self) -> PostgresInspections:
        from worker.adapters.postgres.alerts.inspections import PostgresInspections
        from worker.bootstrap import alerts as alerting

        return PostgresInspections(
            self.database, window_limits(self._settings), alerting.thresholds(self._settings), self._rules
        )

    @cached_property
    def deliveries(self) -> PostgresDeliveries:
        from worker.adapters.postgres.alerts.deliveries import PostgresDeliveries

        return PostgresDeliveries(self.database, self._heard)

    @cached_property
    def views(self) -> PostgresViews:
        from worker.adapters.postgres.operations.district_queries import PostgresViews

        return PostgresViews(self.database)

    @cached_property
    def student_records(self) -> PostgresStudentRecords:
        from worker.adapters.postgres.operations.student_records import PostgresStudentRecords

        return PostgresStudentRecords(self.database)

    @cached_property
    def onboarding(self) -> PostgresOnboarding:
        from worker.adapters.postgres.onboarding.districts import PostgresOnboarding
        from worker.bootstrap import onboarding

        return PostgresOnboarding(self.database, onboarding.onboarding_rules(self._settings))

    @cached_property
    def mails(self) -> PostgresMails:
        from worker.adapters.postgres.mail.mails import PostgresMails

        return PostgresMails(self.database, self._heard)

    @cached_property
    def mail_orders(self) -> PostgresMailOrders:
        from worker.adapters.postgres.mail.mail_orders import PostgresMailOrders

        return PostgresMailOrders(self.database)

    @cached_property
    def clock(self) -> Callable[[Longest], PostgresClock]:
        """The look at the clock, by how far ahead times can lie."""
        from worker.adapters.postgres.operations.clock import PostgresClock

        return partial(PostgresClock, self.database)

    @cached_property
    def stage_failures(self) -> PostgresStageFailures:
        from worker.adapters.postgres.alerts.stage_failures import PostgresStageFailures

        return PostgresStageFailures(self.database)

    @cached_property
    def retention(self) -> PostgresRetention:
        return retention(self._settings, self.database)

    @cached_property
    def student_fields(self) -> PostgresStudentFields:
        from worker.adapters.postgres.poll.student_fields import PostgresStudentFields

        return PostgresStudentFields(self.database, self._policy)

    @cached_property
    def students(self) -> PostgresStudents:
        from worker.adapters.postgres.operations.students import PostgresStudents

        return PostgresStudents(self.database, self.evaluations)


@asynccontextmanager
async def open_store(settings: Settings, *, is_worker: bool = False) -> AsyncIterator[Stores]:
    """Open the database, or one of our own; raises `StoreUnavailable` or `SchemaVersionError`.

    `is_worker` says that the process evaluates what is stored, so that others can see that one does.
    """
    from worker.adapters.postgres.poll.feed_locks import FeedLocks

    async with AsyncExitStack() as stack:
        dsn, database = await _connected(settings, stack, process_name(is_worker=is_worker))
        heard = Wakeups(database)
        stack.push_async_callback(heard.close)
        locks = FeedLocks(database)
        stack.push_async_callback(locks.close)
        yield Stores(settings, dsn, database, heard, locks)


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
    from worker.adapters.postgres.operations.retention import PostgresRetention

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
    from worker.adapters.postgres.access.audit import PostgresAudit
    from worker.adapters.postgres.access.console_keys import PostgresLocalKeys
    from worker.adapters.postgres.access.sessions import PostgresAttempts, PostgresSessions
    from worker.adapters.postgres.access.users import PostgresUsers

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
    from worker.adapters.clever.vault import TokenVault
    from worker.adapters.postgres.poll.connections import PostgresConnections

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
    from worker.adapters.postgres.embedded import EmbeddedPostgres

    embedded = EmbeddedPostgres(settings.data_dir.absolute())
    stack.push_async_callback(embedded.stop)
    return await embedded.start()
