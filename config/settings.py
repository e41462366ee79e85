"""Every setting, with its meaning, its unit and why its default; `config.loading` reads them.

Passwords and secrets are never shown.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field, SecretStr

from config.checks import (
    AsJson,
    Percent,
    Seconds,
    Texts,
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
        description="Seconds without a new event after which a window closes. A Clever sync arrives as a "
        "burst; after ten quiet seconds it is over.",
    )
    max_age_seconds: Seconds = Field(
        default=300,
        description="Seconds after which a window closes even if events keep arriving: the longest time a "
        "change waits.",
    )
    max_events: int = Field(
        default=50_000,
        gt=0,
        description="Events after which a window closes, and the most in one batch. Limits the memory of "
        "an evaluation (about 100 MB).",
    )
    max_deferral_seconds: Seconds = Field(
        default=1800,
        description="Seconds for which a review may be deferred when a window was closed early by age or "
        "size: a student who moves is in two classes or none for a moment.",
    )


class PreflightSettings(Group):
    """What a district must satisfy before it is committed; a district's own policy overrides it."""

    required_fields: Texts = Field(
        default=("first_name", "last_name", "sis_id", "grade", "school_id"),
        description="Student fields that must not be blank: the minimum a product needs to show and find a "
        "student.",
    )
    unique_fields: Texts = Field(
        default=("sis_id",),
        description="Student fields in which no two students in scope may have the same value.",
    )
    removal_limit_percent: Percent = Field(
        default=10,
        description="Percent of a district's committed students that commits may remove within "
        "`removal_window_hours` without approval. Clever's own safety threshold for deletions is 10 %.",
    )
    school_removal_limit_percent: Percent = Field(
        default=25,
        description="The same limit for one school, in percent of its committed students. Higher, because "
        "the usual changes are a larger share of a school.",
    )
    removal_limit_floor: int = Field(
        default=10,
        ge=0,
        description="Removals and class changes of up to this many students never need approval: a small "
        "school can lose a tenth of its students on an ordinary day.",
    )
    class_change_limit_percent: Percent = Field(
        default=30,
        description="Percent of the committed students of a district, or of one of its schools, that "
        "commits may move to another class within `removal_window_hours` without approval. More students "
        "change class than leave, but rarely a third of a school in a day.",
    )
    removal_window_hours: float = Field(
        default=24,
        ge=0,
        le=168,
        allow_inf_nan=False,
        description="Hours over which removals and class changes of several commits are added up; 0: each "
        "commit counts alone. A day, because accidental unsharing arrives in many small steps. An approval "
        "or a rollback restarts the count.",
    )
    term_grace_days: int = Field(
        default=30,
        ge=0,
        le=366,
        description="Days for which the last term of a school still counts as current after it ends, until "
        "the next one begins; for filters with current terms only. 0: not at all.",
    )
    suggest_seconds: float = Field(
        default=60,
        ge=0,
        le=90,
        allow_inf_nan=False,
        description="Seconds a review may search for better section filters; 0: no search. Districts with "
        "tens of thousands of students take seconds. A search that ran out of time says so.",
    )
    severities: Annotated[dict[str, Literal["error", "warning"]], AsJson] = Field(
        default={},
        description="Severity (error or warning) by finding code, where it differs from the default.",
    )


class CommitSettings(Group):
    """What a commit carries."""

    extra_fields: Texts = Field(
        default=(),
        description="Student fields added to each committed student under `extra`. None by default: what "
        "is not sent cannot leak.",
    )
    history_days: int = Field(
        default=30,
        ge=0,
        le=3650,
        description="Days for which restore points are kept, so that a district can be rolled back. A "
        "month, because a wrong filter may be noticed only with the next report. 0 keeps none.",
    )


class HttpSettings(Group):
    """Where probes, metrics and the console are served, and who may reach it."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; the default is this machine only. On any other address the "
        "console needs a user (`rostering users add`) or a proxy that logs users in.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    probes_port: Annotated[int, Field(ge=0, le=65535)] | None = Field(
        default=None,
        description="Extra port for `/live`, `/ready` and `/metrics` only. It still answers when `port` is "
        "overloaded. Unset: no extra port; 0 takes any free one.",
    )
    public_url: Annotated[str, AfterValidator(public_address)] | None = Field(
        default=None,
        description="Public address of the console, for links in alerts and for connect links.",
    )
    session_idle_minutes: Annotated[float, Field(gt=0, le=1440, allow_inf_nan=False)] = Field(
        default=60,
        description="Minutes without a request after which a user has to log in again: a lunch break, "
        "because pages may show students.",
    )
    session_hours: Annotated[float, Field(gt=0, le=720, allow_inf_nan=False)] = Field(
        default=12, description="Hours after which a user has to log in again in any case: a working day."
    )
    trusted_proxies: Annotated[tuple[Annotated[str, AfterValidator(network)], ...], AsJson] = Field(
        default=(),
        description="Addresses or networks of proxies in front of the console whose headers are trusted "
        "for the client's address, for https and (see `user_header`) for the user. None by default.",
    )
    user_header: Annotated[str, AfterValidator(header_name)] | None = Field(
        default=None,
        description="Header in which a trusted proxy sends the user name, for example `X-Forwarded-User`. "
        "Unset: users log in here. The proxy must remove this header from incoming requests.",
    )
    role_header: Annotated[str, AfterValidator(header_name)] | None = Field(
        default=None,
        description="Header in which a trusted proxy sends the user's role: viewer, reviewer or admin. For "
        "users added with `rostering users`, the role set there applies; a user with neither is a viewer, "
        "who sees no personal data.",
    )


CLEVER_API: Final = "https://api.clever.com"
CLEVER_OAUTH: Final = "https://clever.com"


class CleverSettings(Group):
    """Clever as the source of events. Without a client id there is none: publish the events instead."""

    api_url: str = Field(default=CLEVER_API, description="Clever's data API.")
    oauth_url: str = Field(
        default=CLEVER_OAUTH,
        description="Clever's token service. If only `api_url` is changed, its address is used here, too: "
        "the sandbox has one address for both.",
    )
    api_version: Literal["v3.0", "v3.1"] = Field(default="v3.1", description="Version of the data API.")
    client_id: str | None = Field(
        default=None, min_length=1, description="The app's client id; unset: no Clever source."
    )
    client_secret: SecretStr | None = Field(
        default=None,
        min_length=1,
        description="The app's client secret. It also encrypts the stored tokens of the districts.",
    )
    poll_seconds: Seconds = Field(
        default=60,
        description="Seconds between two reads of a busy district's feed and of the list of districts. "
        "Clever syncs hourly at most, but sharing can change at any time.",
    )
    quiet_poll_seconds: Seconds = Field(
        default=900,
        description="Maximum seconds between two reads of the feed of a district that brings nothing new. A "
        "district that was quiet for ten minutes is read once a minute, and one that was quiet for longer "
        "at a tenth of that time. Its first new event makes it busy again.",
    )
    paused_poll_seconds: Seconds = Field(
        default=3600,
        description="Seconds between two reads of the feed of a district whose sync is paused in Clever: its "
        "roster does not change until the sync is resumed.",
    )
    requests_per_minute: int = Field(
        default=6_000,
        ge=60,
        description="Maximum requests to Clever in any minute, for all districts together, by each process. "
        "Clever's own limit, 1,200 for each district, is observed as well. Districts that have to wait are "
        "read in the order in which they are due.",
    )
    baseline_hours: Annotated[float, Field(gt=0, allow_inf_nan=False)] = Field(
        default=24,
        description="Hours between two baselines of a district: full reads that correct what the feed "
        "missed. Clever asks for one a day.",
    )
    page_size: int = Field(
        default=5_000,
        ge=1,
        le=10_000,
        description="Rows per page; Clever allows up to 10,000. A process may read eight districts at a "
        "time, and a page of 5,000 rows takes about 50 MB. Larger pages are hardly faster.",
    )

    @property
    def token_service(self) -> str:
        """The address of the token service: beside an API that is not Clever's, that one's own."""
        follows = self.oauth_url == CLEVER_OAUTH and self.api_url != CLEVER_API
        return self.api_url if follows else self.oauth_url


class TracingSettings(Group):
    """Where traces are sent. Without an address there are none."""

    otlp_endpoint: Annotated[SecretStr, url_of("http", "https")] | None = Field(
        default=None,
        description="An OpenTelemetry collector's address for OTLP over HTTP, such as "
        "https://collector:4318; unset: no traces.",
    )
    headers: Annotated[dict[str, SecretStr], AfterValidator(sendable_headers), AsJson] = Field(
        default={},
        description="Headers for the collector as JSON, such as a token.",
    )


class AlertSettings(Group):
    """What is reported to operations, and where, besides the queue `rostering.alerts`."""

    channels: Annotated[tuple[SecretStr, ...], AsJson] = Field(
        default=(),
        description="Channels for alerts, as URLs, which may contain tokens: any service that Apprise "
        "supports (mailto, slack, msteams, pagerduty and many more); any other http(s):// address is a "
        "webhook and gets each alert as JSON. With a channel or an Alertmanager, the stage notify runs.",
    )
    alertmanager_url: Annotated[str, AfterValidator(web_address)] | None = Field(
        default=None, description="Address of an Alertmanager; alerts go to its API v2."
    )
    flap_seconds: float = Field(
        default=600,
        ge=0,
        allow_inf_nan=False,
        description="An incident that keeps coming back within this time is flapping: it is reported as "
        "resolved only after it stayed away this long. Also the minimum time between two updates of an "
        "incident. 0: every change is reported.",
    )
    inspect_seconds: Seconds = Field(
        default=5,
        description="Seconds between two inspections of all districts for problems that no evaluation "
        "reports. One process at a time runs them.",
    )
    feed_stuck_seconds: Seconds = Field(
        default=900,
        description="Seconds for which reading a connected district may fail, or not reach the end of its "
        "feed after that is due, before it is an incident; at least three times `clever.poll_seconds`. "
        "Clever is sometimes unavailable for minutes.",
    )
    outbox_stuck_seconds: Seconds = Field(
        default=300,
        description="Seconds that a message may wait to be published; a restart of the broker takes less.",
    )
    stage_failing_seconds: Seconds = Field(
        default=120,
        description="Seconds for which a stage may fail unexpectedly or be stuck before it is an incident. "
        "Most problems are gone after a few retries.",
    )


class Settings(Group):
    """The whole configuration."""

    broker_url: Annotated[SecretStr, url_of("amqp", "amqps")] | None = Field(
        default=None,
        description="RabbitMQ, as amqp:// or amqps://. Unset: a broker inside the process, for one machine.",
    )
    database_url: Annotated[SecretStr, url_of("postgresql", "postgres")] | None = Field(
        default=None,
        description="PostgreSQL 15 or newer, as postgresql://. Unset: an embedded one in the data folder.",
    )
    database_direct_url: Annotated[SecretStr, url_of("postgresql", "postgres")] | None = Field(
        default=None,
        description="The same PostgreSQL without a pooler, for what needs a session: LISTEN, locks on "
        "feeds and `migrate`. Required with a Clever source if `database_url` goes through PgBouncer in "
        "transaction mode. Unset: `database_url`.",
    )
    data_dir: Path = Field(
        default=Path(".rostering"),
        description="Folder of the embedded PostgreSQL and the files of the in-process broker. If not set, "
        "the nearest `.rostering` is used, from the current folder upwards. If there is none, it is "
        "created in the current folder and the command says so.",
    )
    database_pool_size: int = Field(
        default=8,
        ge=4,
        le=100,
        description="Maximum number of database connections per process: ingest, relay and console use "
        "three, and each district evaluated at the same time one more.",
    )
    watchdog_seconds: Seconds = Field(
        default=120,
        description="Seconds without a consumer on the broker after which the process exits with 1, so "
        "that its supervisor restarts it. Readiness turns false at once.",
    )
    shutdown_seconds: Seconds = Field(
        default=25,
        description="Seconds to finish work in progress after SIGTERM: less than the 30 seconds Kubernetes "
        "allows.",
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
