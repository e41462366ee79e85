"""Every setting, with its meaning, its unit and why its default; `config.loading` reads them.

Passwords and secrets are never shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from config.checks import (
    AsJson,
    Fields,
    Percent,
    Seconds,
    Severities,
    header_name,
    network,
    public_address,
    sendable_headers,
    url_of,
    web_address,
)
from config.group import Group
from config.mail_settings import MailSettings
from config.onboarding import OnboardingSettings
from config.retention import RetentionSettings
from config.security import SecuritySettings


class WindowSettings(Group):
    """How long a district's events accumulate before they are evaluated together."""

    quiet_seconds: Seconds = Field(
        default=10,
        description="Seconds without a new event after which a window closes. One sync of Clever arrives "
        "as a burst; ten seconds of silence say that it is over.",
    )
    max_age_seconds: Seconds = Field(
        default=300,
        description="Seconds after which a window closes although events still come: the longest a change "
        "waits in a district that never falls quiet.",
    )
    max_events: int = Field(
        default=50_000,
        gt=0,
        description="Events after which a window closes, and the most that one batch takes: bounds the "
        "memory of an evaluation (about 100 MB).",
    )
    max_deferral_seconds: Seconds = Field(
        default=1800,
        description="Seconds for which a failing verdict on a window cut short by age or size may be put "
        "off, since a student who moves is for a moment in two classes or in none.",
    )


class PreflightSettings(Group):
    """What a district must satisfy before it is committed; a district's own policy overrides it."""

    required_fields: Fields = Field(
        default=("first_name", "last_name", "sis_id", "grade", "school_id"),
        description="Student fields that must not be blank: the least by which a product can show a "
        "student and find him again.",
    )
    unique_fields: Fields = Field(
        default=("sis_id",),
        description="Student fields in which no two students in scope may have the same value.",
    )
    removal_limit_percent: Percent = Field(
        default=10,
        description="Percent of a district's committed students that commits may remove within "
        "`removal_window_hours`, before a person is asked. Clever's own "
        "safety threshold for deletions is 10 %.",
    )
    school_removal_limit_percent: Percent = Field(
        default=25,
        description="The same for one school, in percent of its committed students: a school is "
        "smaller, and its ordinary changes are a larger share of it.",
    )
    removal_limit_floor: int = Field(
        default=10,
        ge=0,
        description="Removals, and changes of class, of this many students or fewer are never held back: a "
        "small school loses a tenth of its students on an ordinary day.",
    )
    class_change_limit_percent: Percent = Field(
        default=30,
        description="Percent of the committed students of a district, or of one of its schools, that commits "
        "may put into another class within `removal_window_hours`, before a person is asked: many more "
        "students change class than leave, and hardly ever a third of a school on an ordinary day.",
    )
    removal_window_hours: float = Field(
        default=24,
        ge=0,
        le=168,
        allow_inf_nan=False,
        description="For how many hours what commits removed, or put into another class, counts together "
        "with what the next one would; 0: each commit counts alone. A day, since what is unshared by "
        "accident arrives in many small steps. An approval, and a rollback, start the count over.",
    )
    term_grace_days: int = Field(
        default=30,
        ge=0,
        le=366,
        description="Days for which, while no term of a school runs, the term that ended last there goes on "
        "counting until the next one begins, for filters that keep sections of running terms only. "
        "0: not at all.",
    )
    suggest_seconds: float = Field(
        default=60,
        ge=0,
        le=90,
        allow_inf_nan=False,
        description="How long a review may look for section filters that would serve the district better; "
        "0: not at all. Tens of thousands of students take seconds. What is cut short says so.",
    )
    severities: Severities = Field(
        default={},
        description="Severity (error or warning) by finding code, where it shall differ from the usual.",
    )


class CommitSettings(Group):
    """What a commit carries."""

    extra_fields: Fields = Field(
        default=(),
        description="Student fields added to each committed student under `extra`; none, since what is "
        "not sent cannot leak.",
    )
    history_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="Days for which what a commit replaced is kept, so that a district can be rolled back: a "
        "month, since a wrong filter may show only when the next report is read. 0 keeps nothing.",
    )


class HttpSettings(Group):
    """Where probes, metrics and the console are served, and who may reach it."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; the loopback. On another one the console needs a user (`rostering "
        "users add`), or a proxy that says who is asking.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    probes_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        default=None,
        description="Port for `/live`, `/ready` and `/metrics` alone, which `port` answers as well. It "
        "answers while `port` is flooded. Unset: no such port; 0 takes any free one.",
    )
    public_url: Annotated[str, AfterValidator(public_address)] | None = Field(
        default=None,
        description="Address at which people reach the console, for links in alerts and for connect links.",
    )
    session_idle_minutes: Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)] = Field(
        default=60,
        description="Minutes without a request after which somebody who logged in has to do so again: a "
        "lunch break, since a page may show students.",
    )
    session_hours: Annotated[float, Field(gt=0, le=720, allow_inf_nan=False)] = Field(
        default=12, description="Hours after which a log-in ends in any case: a day's work."
    )
    trusted_proxies: Annotated[tuple[Annotated[str, AfterValidator(network)], ...], AsJson] = Field(
        default=(),
        description="Addresses or networks of proxies before the console, whose word on the client's "
        "address, on https and (see `user_header`) on the user is believed; nobody's by default.",
    )
    user_header: Annotated[str, AfterValidator(header_name)] | None = Field(
        default=None,
        description="Header in which a trusted proxy says who is asking, `X-Forwarded-User` for example; "
        "unset: everybody logs in here. The proxy must take it out of what it is sent.",
    )
    role_header: Annotated[str, AfterValidator(header_name)] | None = Field(
        default=None,
        description="Header in which a trusted proxy says that one's role: viewer, reviewer or admin. A user "
        "of that name has the role given here by `rostering users`.",
    )
    default_role: Literal["viewer", "reviewer", "admin"] = Field(
        default="viewer",
        description="Role of somebody whom a proxy names, and nobody gave a role: the one that sees nobody's "
        "personal data.",
    )


CLEVER_API: Final = "https://api.clever.com"
CLEVER_OAUTH: Final = "https://clever.com"


class CleverSettings(Group):
    """Clever as the source of events. Without a client id there is none: publish the events instead."""

    api_url: str = Field(default=CLEVER_API, description="Clever's data API.")
    oauth_url: str = Field(
        default=CLEVER_OAUTH,
        description="Clever's token service. Left as it is while `api_url` is another than Clever's, it "
        "follows that one: the sandbox has one address for both.",
    )
    api_version: Literal["v3.0", "v3.1"] = Field(default="v3.1", description="Version of the data API.")
    client_id: str | None = Field(
        default=None, min_length=1, description="The app's client id; unset: no Clever source."
    )
    client_secret: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="The app's client secret; the districts' tokens are stored sealed with a key made of it.",
    )
    poll_seconds: Seconds = Field(
        default=60,
        description="Seconds between two readings of a district's feed, and of the list of districts; Clever "
        "syncs hourly at most, but sharing can change at any time.",
    )
    baseline_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=24,
        description="Hours between two baselines of a district, full reads that mend what a feed lost in "
        "silence. Clever asks for a sync a day.",
    )
    page_size: int = Field(
        default=5_000,
        ge=1,
        le=10_000,
        description="Rows of a page, at most Clever's 10,000. A process may read eight districts at a time, "
        "and a page of 5,000 takes it about 50 MB; larger ones are hardly faster.",
    )

    @property
    def token_service(self) -> str:
        """The address of the token service: beside an API that is not Clever's, that one's own."""
        follows = self.oauth_url == CLEVER_OAUTH and self.api_url != CLEVER_API
        return self.api_url if follows else self.oauth_url


class TracingSettings(Group):
    """Where traces are sent. Without an address there are none, and nothing of it is loaded."""

    otlp_endpoint: Annotated[SecretStr, url_of("http", "https")] | None = Field(
        default=None,
        description="An OpenTelemetry collector's address for OTLP over HTTP, such as "
        "https://collector:4318; unset: no traces.",
    )
    headers: Annotated[dict[str, SecretStr], AfterValidator(sendable_headers), AsJson] = Field(
        default={},
        description="Headers that the collector asks for, as JSON, such as one with a token.",
    )
    sample_ratio: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = Field(
        default=1,
        description="Share of the traces begun here that are recorded, from 0 to 1. All of them: a span "
        "stands for a whole batch and not for an event. What follows from one span is recorded if that was.",
    )


class AlertSettings(Group):
    """What operations hear of, and where, besides the queue `rostering.alerts`."""

    channels: Annotated[tuple[SecretStr, ...], AsJson] = Field(
        default=(),
        description="Channels to deliver alerts to, as URLs; each may hold a token. Any that Apprise knows "
        "(mailto, slack, msteams, pagerduty and a hundred more); any other http(s):// address is a webhook "
        "and gets each alert as JSON. With one, or with an Alertmanager, the stage notify runs.",
    )
    alertmanager_url: Annotated[str, AfterValidator(web_address)] | None = Field(
        default=None, description="Address of an Alertmanager; alerts go to its API v2."
    )
    flap_seconds: float = Field(
        default=600,
        ge=0,
        allow_inf_nan=False,
        description="An incident that comes back within so many seconds, and then again, flaps: its end is "
        "told once it has stayed away for as long. Also the least time between two updates of one. 0: every "
        "change is told.",
    )
    inspect_seconds: Seconds = Field(
        default=5,
        description="Seconds between two inspections of all districts for what no evaluation tells of; one "
        "process at a time does it.",
    )
    feed_stuck_seconds: Seconds = Field(
        default=900,
        description="Seconds for which a connected district's turns may fail, or its feed's end not be "
        "reached, before that is an incident; at least three times `clever.poll_seconds`. Clever is away for "
        "minutes now and then.",
    )
    outbox_stuck_seconds: Seconds = Field(
        default=300,
        description="Seconds that a message may wait to be published; a restart of the broker takes less.",
    )
    window_overdue_seconds: Seconds = Field(
        default=900,
        description="Seconds that a window may be due and not evaluated; a full run of the largest district "
        "takes minutes.",
    )
    stage_failing_seconds: Seconds = Field(
        default=120,
        description="Seconds for which a stage may raise errors that nobody foresaw, or stand still, before "
        "that is an incident; most pass by themselves within some attempts.",
    )
    attempt_seconds: Seconds = Field(
        default=10, description="Seconds that one attempt to deliver an alert to a channel may take."
    )
    refresh_seconds: Seconds = Field(
        default=60,
        description="Seconds after which Alertmanager is told again of what stands, so that a restarted one "
        "knows it.",
    )
    give_up_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=24,
        description="Hours for which a channel is tried; what it did not take by then waits for `rostering "
        "alerts retry`.",
    )


class Settings(Group):
    """The whole configuration."""

    broker_url: Annotated[SecretStr, url_of("amqp", "amqps")] | None = Field(
        default=None,
        description="RabbitMQ, as amqp:// or amqps://; unset: a broker inside the process, for one machine.",
    )
    database_url: Annotated[SecretStr, url_of("postgresql", "postgres")] | None = Field(
        default=None,
        description="PostgreSQL 15 or newer, as postgresql://; unset: one of our own under the data folder.",
    )
    database_direct_url: Annotated[SecretStr, url_of("postgresql", "postgres")] | None = Field(
        default=None,
        description="The same PostgreSQL without a pooler in between, for what needs a session: LISTEN, the "
        "locks on feeds and `migrate`. Needed with a Clever source where `database_url` leads to a PgBouncer "
        "in transaction mode; unset: `database_url`.",
    )
    data_dir: Path = Field(
        default=Path(".rostering"),
        description="Folder of the embedded PostgreSQL and of what the in-process broker writes. Where it is "
        "not set, the nearest `.rostering` is used, from the current folder upwards; where there is none, "
        "it is made in the current folder, and the command that makes it says so.",
    )
    database_pool_size: int = Field(
        default=8,
        ge=4,
        le=100,
        description="Most database connections of one process: ingest, relay and page take three, each "
        "district evaluated at the same time one more.",
    )
    watchdog_seconds: Seconds = Field(
        default=120,
        description="Seconds without a consumer on the broker after which the process exits with 1, for "
        "its supervisor to start it anew; readiness turns false at once.",
    )
    shutdown_seconds: Seconds = Field(
        default=25,
        description="Seconds to finish what is in hand after SIGTERM: fewer than the 30 Kubernetes gives.",
    )
    window: WindowSettings = WindowSettings()
    preflight: PreflightSettings = PreflightSettings()
    commit: CommitSettings = CommitSettings()
    http: HttpSettings = HttpSettings()
    clever: CleverSettings = CleverSettings()
    alerts: AlertSettings = AlertSettings()
    mail: MailSettings = MailSettings()
    tracing: TracingSettings = TracingSettings()
    onboarding: OnboardingSettings = OnboardingSettings()
    retention: RetentionSettings = RetentionSettings()
    security: SecuritySettings = SecuritySettings()
