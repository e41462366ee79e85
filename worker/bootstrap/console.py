"""What is served to people: the console over an open store, and who may use it."""

from __future__ import annotations

from functools import partial
from ipaddress import ip_network

from config.settings import Settings
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.bootstrap import mail, onboarding
from worker.bootstrap.broker import dead_letters
from worker.bootstrap.settings import window_limits
from worker.bootstrap.store import AccessStore, Stores
from worker.console.access.gate import Gate
from worker.console.access.login import Access
from worker.console.access.request_origin import AccessRules
from worker.console.console import Console
from worker.console.onboarding_context import OnboardingContext
from worker.operations.coverage_cache import CoverageCache
from worker.operations.passwords import Passwords
from worker.suggest.picture_cache import PictureCache


def build_console(settings: Settings, store: Stores, broker: RabbitBroker | InProcessBroker) -> Console:
    """Return the console over an open store and a broker."""
    return Console(
        districts=store.districts,
        dry_runs=store.evaluations,
        trials=store.trials,
        rollbacks=store.rollbacks,
        pictures=PictureCache(store.pictures),
        coverage=CoverageCache(store.views),
        plans=store.plans,
        views=store.views,
        student_records=store.student_records,
        dead_letters=dead_letters(broker, store),
        quarantine=store.quarantine,
        publisher=broker,
        connections=store.connections,
        limits=window_limits(settings),
        access=access(settings, store.access),
        onboarding=store.onboarding,
        mails=store.mail_orders,
        guide=guide(settings),
    )


def guide(settings: Settings) -> OnboardingContext:
    """Return what pages tell of districts' onboarding beside what the store knows. Raises `MailError`."""
    return OnboardingContext(
        patience=onboarding.patience(settings),
        calendar=onboarding.calendar(settings),
        time_zone=settings.onboarding.time_zone,
        composer=mail.composer(settings),
        writes=settings.mail.smtp_url is not None,
        public_url=settings.http.public_url,
        connect_address=partial(onboarding.connect_address, settings),
    )


def access(settings: Settings, store: AccessStore) -> Access:
    """Return who may use the console, and how they log in."""
    http = settings.http
    rules = AccessRules(
        host=http.host,
        public_url=http.public_url,
        trusted=tuple(ip_network(network) for network in http.trusted_proxies),
        user_header=http.user_header,
        role_header=http.role_header,
    )
    gate = Gate(store.users, store.sessions, rules, store.local_keys)
    return Access(store.users, store.sessions, store.attempts, store.audit, Passwords(), gate)
