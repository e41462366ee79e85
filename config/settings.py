"""Every setting, with its meaning, its unit and why its default.

Set by environment variables with the prefix `ROSTERING_` (and `__` between levels), or by the same keys
in a TOML file; the environment wins. Everything is checked once, at start; an unknown key is refused by
name; passwords and secrets are never shown.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
)

PREFIX: Final = "ROSTERING_"

STUDENT_FIELDS: Final = (
    *("first_name", "middle_name", "last_name", "email", "sis_id", "student_number", "state_id", "grade"),
    *("school_id", "dob", "gender", "race", "hispanic_ethnicity", "ell_status", "frl_status", "iep_status"),
    "graduation_year",
)

FINDING_CODES: Final = (
    *("student.field_missing", "student.no_section", "student.multiple_sections"),
    *("student.duplicate_identity", "student.unknown_school", "class.no_teacher", "class.unknown_teacher"),
    *("section.unknown_student", "school.mass_removal", "district.mass_removal", "district.no_students"),
    *("district.events_quarantined", "district.no_baseline"),
)


class SettingsProblem(ValueError):
    """A setting is unknown or wrong; the text is one line that names its key."""


def _student_field(name: str) -> str:
    if name in STUDENT_FIELDS or (name.startswith("ext.") and len(name) > len("ext.")):
        return name
    raise ValueError(f"expected one of {', '.join(STUDENT_FIELDS)} or ext.<name>")


def _finding_code(code: str) -> str:
    if code in FINDING_CODES:
        return code
    raise ValueError(f"expected one of {', '.join(FINDING_CODES)}")


def _one_class_each(severities: dict[str, str]) -> dict[str, str]:
    for code in ("student.no_section", "student.multiple_sections"):
        if severities.get(code) == "warning":
            raise ValueError(f"{code} cannot be a warning: a commit gives every student one class")
    return severities


def _url(*schemes: str) -> AfterValidator:
    def check(url: SecretStr) -> SecretStr:
        try:
            parts = urlsplit(url.get_secret_value())
            scheme = parts.scheme
            # PostgreSQL's may name several hosts and ports, or none.
            if scheme in {"amqp", "amqps"} and (not parts.hostname or parts.port == 0):
                scheme = ""
        except ValueError:  # its text quotes the URL, password and all
            scheme = ""
        if scheme not in schemes:
            raise ValueError(
                f"expected a well-formed URL that begins with {' or '.join(f'{name}://' for name in schemes)}"
            )
        return url

    return AfterValidator(check)


def _web_address(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_web = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:  # its text quotes the URL
        is_web = False
    if not is_web:
        raise ValueError("expected a well-formed URL that begins with http:// or https://")
    return url


def _from_text(value: Any) -> Any:
    """Read a list or an object out of an environment variable, where it stands as JSON."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        raise ValueError('expected JSON, such as ["sis_id"] for a list') from None


AsJson = BeforeValidator(_from_text)
StudentField = Annotated[str, AfterValidator(_student_field)]
Fields = Annotated[tuple[StudentField, ...], AsJson]
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Seconds = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Severities = Annotated[
    dict[Annotated[str, AfterValidator(_finding_code)], Literal["error", "warning"]],
    AfterValidator(_one_class_each),
    AsJson,
]


class Group(BaseModel):
    """What all groups share: frozen, and no unknown key."""

    model_config = ConfigDict(frozen=True, extra="forbid")


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
        description="Percent of a district's committed students that one commit may remove. Clever's own "
        "safety threshold for deletions is 10 %.",
    )
    school_removal_limit_percent: Percent = Field(
        default=25,
        description="Percent of one school's committed students that one commit may remove: a school is "
        "smaller, and its ordinary changes are a larger share of it.",
    )
    removal_limit_floor: int = Field(
        default=10,
        ge=0,
        description="Removals of this many students or fewer are never held back: a small school loses "
        "a tenth of its students on an ordinary day.",
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
    """Where probes, metrics and the status page are served."""

    host: str = Field(
        default="127.0.0.1",
        min_length=1,
        description="Address to listen on; the loopback, because the page has no log-in yet.",
    )
    port: int = Field(default=8080, ge=0, le=65535, description="Port to listen on; 0 takes any free one.")
    public_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
        default=None,
        description="Address under which people reach the pages, such as https://rostering.example.org; "
        "alerts point to it. Unset: they point nowhere.",
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


class AlertSettings(Group):
    """What operations hear of, and where, besides the queue `rostering.alerts`."""

    channels: Annotated[tuple[SecretStr, ...], AsJson] = Field(
        default=(),
        description="Channels to deliver alerts to, as URLs; each may hold a token. Any that Apprise knows "
        "(mailto, slack, msteams, pagerduty and a hundred more); any other http(s):// address is a webhook "
        "and gets each alert as JSON. With one, or with an Alertmanager, the stage notify runs.",
    )
    alertmanager_url: Annotated[str, AfterValidator(_web_address)] | None = Field(
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

    broker_url: Annotated[SecretStr, _url("amqp", "amqps")] | None = Field(
        default=None,
        description="RabbitMQ, as amqp:// or amqps://; unset: a broker inside the process, for one machine.",
    )
    database_url: Annotated[SecretStr, _url("postgresql", "postgres")] | None = Field(
        default=None,
        description="PostgreSQL 15 or newer, as postgresql://; unset: one of our own under the data folder.",
    )
    data_dir: Path = Field(
        default=Path(".rostering"),
        description="Folder of the embedded PostgreSQL and of what the in-process broker writes.",
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


def load(environment: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Read and check the settings; `SettingsProblem` names the key that is wrong."""
    values = _from_file(file) if file else {}
    variables = {
        name: value
        for name, value in (os.environ if environment is None else environment).items()
        if name.startswith(PREFIX)
    }
    for name, value in variables.items():
        _put(values, name.removeprefix(PREFIX).lower().split("__"), value, name)
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsProblem(_explain(error, variables)) from None


def describe(settings: Settings) -> list[tuple[str, str, str]]:
    """Return (variable, value, meaning) of every setting, secrets hidden."""
    return [(variable, _shown(value), meaning) for variable, value, meaning in _walk(settings, PREFIX)]


def redacted(url: SecretStr) -> str:
    """Return a URL without its password and its query; of one that is not well formed, the scheme alone."""
    scheme, _, rest = url.get_secret_value().partition("://")
    credentials, at, place = rest.rpartition("@")
    if set("/?#") & set(credentials):
        return f"{scheme}://***"
    user, colon, _ = credentials.partition(":")
    return f"{scheme}://{user}{colon and ':***'}{at}{re.split('[?#]', place)[0]}"


def _walk(group: BaseModel, prefix: str) -> Iterable[tuple[str, Any, str]]:
    for name, field in type(group).model_fields.items():
        value = getattr(group, name)
        if isinstance(value, Group):
            yield from _walk(value, f"{prefix}{name.upper()}__")
        else:
            yield f"{prefix}{name.upper()}", value, field.description or ""


def _shown(value: Any) -> str:
    match value:
        case None:
            return "(unset)"
        case SecretStr():
            return redacted(value) if "://" in value.get_secret_value() else "***"
        case str() if "://" in value:
            return redacted(SecretStr(value))
        case tuple() if any(isinstance(item, SecretStr) for item in value):
            return f"({len(value)} hidden)"
        case tuple() | dict():
            return json.dumps(value)
        case _:
            return str(value)


def _from_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text())
    except OSError as error:
        raise SettingsProblem(f"--config {file}: cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsProblem(f"--config {file}: expected TOML: {error}") from None


def _put(values: dict[str, Any], steps: list[str], value: str, variable: str) -> None:
    *groups, last = steps
    for step in groups:
        values = values.setdefault(step, {})
        if not isinstance(values, dict):
            raise SettingsProblem(f"{variable}: unknown key")
    values[last] = value


def _explain(error: ValidationError, variables: Mapping[str, str]) -> str:
    first = error.errors(include_url=False)[0]
    names = [str(step).upper() for step in first["loc"] if isinstance(step, str) and "[" not in step]
    variable = PREFIX + "__".join(names[:2])
    if first["type"] == "extra_forbidden":
        return f"{_as_written(PREFIX + '__'.join(names), variables)}: unknown key"
    message = first["msg"].removeprefix("Value error, ").replace("Input should be", "expected")
    hidden = variable.endswith(SECRETS) or first["type"] == "model_type"  # a group may hold secrets
    got = "" if hidden else f", got {variables.get(variable, first['input'])!r}"
    return f"{variable}: {message}{got}"


def _as_written(variable: str, variables: Mapping[str, str]) -> str:
    return next((name for name in variables if name.upper() == variable), variable)


SECRETS: Final = ("BROKER_URL", "DATABASE_URL", "CLIENT_SECRET", "CHANNELS", "ALERTMANAGER_URL")
