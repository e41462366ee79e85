from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from config.loading import SettingsProblem, describe, load, redacted
from config.settings import Settings

UNSET = "(unset)"
CONTRACT = {
    "ROSTERING_BROKER_URL": UNSET,
    "ROSTERING_DATABASE_URL": UNSET,
    "ROSTERING_DATA_DIR": ".rostering",
    "ROSTERING_WINDOW__QUIET_SECONDS": "10",
    "ROSTERING_WINDOW__MAX_AGE_SECONDS": "300",
    "ROSTERING_WINDOW__MAX_EVENTS": "50000",
    "ROSTERING_WINDOW__MAX_DEFERRAL_SECONDS": "1800",
    "ROSTERING_PREFLIGHT__REQUIRED_FIELDS": '["first_name", "last_name", "sis_id", "grade", "school_id"]',
    "ROSTERING_PREFLIGHT__UNIQUE_FIELDS": '["sis_id"]',
    "ROSTERING_PREFLIGHT__REMOVAL_LIMIT_PERCENT": "10",
    "ROSTERING_PREFLIGHT__SCHOOL_REMOVAL_LIMIT_PERCENT": "25",
    "ROSTERING_PREFLIGHT__REMOVAL_LIMIT_FLOOR": "10",
    "ROSTERING_PREFLIGHT__TERM_GRACE_DAYS": "30",
    "ROSTERING_COMMIT__EXTRA_FIELDS": "[]",
    "ROSTERING_HTTP__HOST": "127.0.0.1",
    "ROSTERING_HTTP__PORT": "8080",
    "ROSTERING_CLEVER__API_URL": "https://api.clever.com",
    "ROSTERING_CLEVER__OAUTH_URL": "https://clever.com",
    "ROSTERING_CLEVER__API_VERSION": "v3.1",
    "ROSTERING_CLEVER__CLIENT_ID": UNSET,
    "ROSTERING_CLEVER__CLIENT_SECRET": UNSET,
    "ROSTERING_CLEVER__POLL_SECONDS": "60",
    "ROSTERING_CLEVER__BASELINE_HOURS": "24",
    "ROSTERING_CLEVER__PAGE_SIZE": "5000",
    "ROSTERING_ALERTS__CHANNELS": "[]",
    "ROSTERING_ALERTS__ALERTMANAGER_URL": UNSET,
    "ROSTERING_MAIL__SMTP_URL": UNSET,
    "ROSTERING_MAIL__SENDER": UNSET,
    "ROSTERING_MAIL__QUIET_FROM": "20:00",
    "ROSTERING_MAIL__QUIET_UNTIL": "07:00",
}
CONFIG = Path(__file__).parents[2] / "config"


def shown(settings: Settings) -> dict[str, str]:
    return {variable: value for variable, value, _ in describe(settings)}


def refusal(environment: dict[str, str], file: Path | None = None) -> str:
    with pytest.raises(SettingsProblem) as refused:
        load(environment, file)
    text = str(refused.value)
    assert "\n" not in text
    return text


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return tmp_path / "rostering.toml"


# What there is


def test_every_variable_of_the_contract_is_there_with_its_default() -> None:
    defaults = shown(load({}))

    assert {variable: defaults.get(variable) for variable in CONTRACT} == CONTRACT


@pytest.mark.parametrize(
    ("variable", "value", "read"),
    [
        ("BROKER_URL", "amqp://localhost:5672/", "amqp://localhost:5672/"),
        ("BROKER_URL", "amqps://broker/", "amqps://broker/"),
        ("DATABASE_URL", "postgresql://localhost/rostering", "postgresql://localhost/rostering"),
        ("DATA_DIR", "/var/lib/rostering", "/var/lib/rostering"),
        ("WINDOW__QUIET_SECONDS", "0.25", "0.25"),
        ("WINDOW__MAX_AGE_SECONDS", "1.5", "1.5"),
        ("WINDOW__MAX_EVENTS", "7", "7"),
        ("WINDOW__MAX_DEFERRAL_SECONDS", "0.5", "0.5"),
        ("PREFLIGHT__REQUIRED_FIELDS", '["dob","ext.house"]', '["dob", "ext.house"]'),
        ("PREFLIGHT__UNIQUE_FIELDS", "[]", "[]"),
        ("PREFLIGHT__REMOVAL_LIMIT_PERCENT", "12.5", "12.5"),
        ("PREFLIGHT__SEVERITIES", '{"class.no_teacher":"error"}', '{"class.no_teacher": "error"}'),
        ("COMMIT__EXTRA_FIELDS", '["ell_status"]', '["ell_status"]'),
        ("HTTP__HOST", "::", "::"),
        ("HTTP__PORT", "0", "0"),
        ("CLEVER__API_VERSION", "v3.0", "v3.0"),
        ("CLEVER__CLIENT_ID", "abc", "abc"),
        ("CLEVER__POLL_SECONDS", "5", "5.0"),
    ],
)
def test_a_variable_sets_what_it_names(variable: str, value: str, read: str) -> None:
    unset, changed = shown(load({})), shown(load({f"ROSTERING_{variable}": value}))

    assert changed[f"ROSTERING_{variable}"] == read
    assert {name for name, text in changed.items() if text != unset[name]} == {f"ROSTERING_{variable}"}


def test_every_setting_is_described() -> None:
    assert all(meaning.endswith(".") for _, _, meaning in describe(load({})))


def test_other_programs_variables_are_none_of_ours() -> None:
    assert load({"PATH": "/bin", "ROSTER_X": "1", "rostering_window": "1"}) == Settings()


def test_settings_cannot_be_changed_once_they_were_read() -> None:
    settings = load({})

    with pytest.raises(ValidationError, match="frozen"):
        settings.window = settings.window  # type: ignore[misc]  # what the test is about


# File and environment


def test_a_file_sets_the_same_keys(toml: Path) -> None:
    toml.write_text(
        'broker_url = "amqps://broker/"\n[window]\nquiet_seconds = 0.5\n[preflight]\n'
        'unique_fields = ["email"]\nseverities = {"class.no_teacher" = "error"}\n'
    )

    settings = load({}, toml)

    assert settings.broker_url == SecretStr("amqps://broker/")
    assert settings.window.quiet_seconds == 0.5
    assert settings.window.max_age_seconds == 300
    assert settings.preflight.unique_fields == ("email",)
    assert settings.preflight.severities == {"class.no_teacher": "error"}


def test_the_environment_wins_over_the_file_key_by_key(toml: Path) -> None:
    toml.write_text("[window]\nquiet_seconds = 1\nmax_events = 5\n")

    settings = load({"ROSTERING_WINDOW__QUIET_SECONDS": "2"}, toml)

    assert (settings.window.quiet_seconds, settings.window.max_events) == (2, 5)


@pytest.mark.parametrize("text", ["window = [", "\x00", "a = 1\na = 2"])
def test_a_file_that_is_no_toml_is_refused_in_one_line(toml: Path, text: str) -> None:
    toml.write_text(text)

    assert refusal({}, toml).startswith(f"--config {toml}: expected TOML: ")


def test_a_file_that_is_not_there_is_refused_in_one_line(toml: Path) -> None:
    assert refusal({}, toml) == f"--config {toml}: cannot be read: No such file or directory"


def test_the_example_environment_is_read_and_changes_nothing() -> None:
    example = CONFIG / "example.env"
    lines = [line for line in example.read_text().splitlines() if line and not line.startswith("#")]

    assert load({name: value for name, _, value in (line.partition("=") for line in lines)}) == Settings()


# Refusals


@pytest.mark.parametrize(
    ("variable", "named"),
    [
        ("ROSTERING_WINDOWS", "ROSTERING_WINDOWS"),
        ("ROSTERING_WINDOW__QUIET", "ROSTERING_WINDOW__QUIET"),
        ("ROSTERING_window__quiet", "ROSTERING_window__quiet"),
        ("ROSTERING_QUIET_SECONDS", "ROSTERING_QUIET_SECONDS"),
        ("ROSTERING_", "ROSTERING_"),
    ],
)
def test_an_unknown_variable_is_refused_by_its_name(variable: str, named: str) -> None:
    assert refusal({variable: "5"}) == f"{named}: unknown key"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("colour = 1", "ROSTERING_COLOUR"),
        ("[window]\nquiet = 5", "ROSTERING_WINDOW__QUIET"),
        ("[windows]\nquiet_seconds = 5", "ROSTERING_WINDOWS"),
    ],
)
def test_an_unknown_key_in_the_file_is_refused_by_its_name(toml: Path, text: str, named: str) -> None:
    toml.write_text(text)

    assert refusal({}, toml) == f"{named}: unknown key"


def test_a_variable_below_one_that_has_no_keys_is_refused() -> None:
    environment = {"ROSTERING_DATA_DIR": "x", "ROSTERING_DATA_DIR__MODE": "0700"}

    assert refusal(environment) == "ROSTERING_DATA_DIR__MODE: unknown key"


@pytest.mark.parametrize(
    ("variable", "value", "expected"),
    [
        ("BROKER_URL", "http://broker/", "begins with amqp:// or amqps://"),
        ("BROKER_URL", "", "begins with amqp:// or amqps://"),
        ("DATABASE_URL", "mysql://db/", "begins with postgresql:// or postgres://"),
        ("WINDOW__QUIET_SECONDS", "soon", "a valid number"),
        ("WINDOW__QUIET_SECONDS", "0", "greater than 0"),
        ("WINDOW__MAX_AGE_SECONDS", "-1", "greater than 0"),
        ("WINDOW__MAX_AGE_SECONDS", "inf", "a finite number"),
        ("WINDOW__MAX_EVENTS", "1.5", "a valid integer"),
        ("WINDOW__MAX_EVENTS", "0", "greater than 0"),
        ("WINDOW__MAX_DEFERRAL_SECONDS", "nan", "a finite number"),
        ("PREFLIGHT__REQUIRED_FIELDS", "sis_id", 'JSON, such as ["sis_id"] for a list'),
        ("PREFLIGHT__REMOVAL_LIMIT_PERCENT", "101", "less than or equal to 100"),
        ("PREFLIGHT__SCHOOL_REMOVAL_LIMIT_PERCENT", "-1", "greater than or equal to 0"),
        ("PREFLIGHT__REMOVAL_LIMIT_FLOOR", "-1", "greater than or equal to 0"),
        ("PREFLIGHT__SEVERITIES", '{"class.no_teacher":"fatal"}', "'error' or 'warning'"),
        ("PREFLIGHT__TERM_GRACE_DAYS", "367", "less than or equal to 366"),
        ("HTTP__PORT", "65536", "less than or equal to 65535"),
        ("HTTP__HOST", "", "at least 1 character"),
        ("CLEVER__API_VERSION", "v2.1", "'v3.0' or 'v3.1'"),
        ("DATABASE_POOL_SIZE", "1", "greater than or equal to 4"),
    ],
)
def test_a_wrong_value_is_refused_with_key_and_expectation(variable: str, value: str, expected: str) -> None:
    line = refusal({f"ROSTERING_{variable}": value})

    assert line.startswith(f"ROSTERING_{variable}: ")
    assert expected in line
    assert line.endswith(f", got {value!r}") or variable.endswith("_URL")


def test_a_wrong_value_in_the_file_is_refused_in_the_same_words(toml: Path) -> None:
    toml.write_text('[window]\nquiet_seconds = "soon"\n')

    assert refusal({}, toml) == refusal({"ROSTERING_WINDOW__QUIET_SECONDS": "soon"})


@pytest.mark.parametrize("value", ["{}", "5", ""])
def test_a_group_cannot_be_set_as_a_whole(value: str) -> None:
    assert refusal({"ROSTERING_WINDOW": value}).startswith("ROSTERING_WINDOW: expected ")


# Secrets

SECRET = "hunter2"  # noqa: S105 - what the tests look for


@pytest.mark.parametrize(
    "environment",
    [
        {"BROKER_URL": f"http://user:{SECRET}@broker/"},
        {"BROKER_URL": f"amqp://user:{SECRET}℀@broker/"},
        {"BROKER_URL": f"amqp://[{SECRET}"},
        {"BROKER_URL__X": SECRET},
        {"DATABASE_URL": f"user:{SECRET}@db"},
        {"CLEVER": json.dumps({"client_secret": SECRET})},
        {"CLEVER__CLIENT_SECRET__X": SECRET},
        {"ALERTS": SECRET},
        {"TRACING__OTLP_ENDPOINT": f"ftp://user:{SECRET}@collector"},
        {"TRACING__OTLP_ENDPOINT": f"http://:{SECRET}@"},
        {"TRACING__HEADERS": json.dumps({"authorization": f"Bearer {SECRET}\n"})},
        {"TRACING__HEADERS": json.dumps({f"a {SECRET}": "b"})},
        {"TRACING__HEADERS": json.dumps({"authorization": [SECRET]})},
        {"TRACING__HEADERS": f"authorization={SECRET}"},
        {"MAIL__SMTP_URL": f"http://user:{SECRET}@mail"},
        {"MAIL__SMTP_URL": f"smtp://user:{SECRET}@"},
        {"MAIL__BOUNCES_IMAP_URL": f"pop://user:{SECRET}@mail"},
        {"MAIL": SECRET},
        {"ALERTS__CHANNELS": f"https://hooks.example.test/{SECRET}"},
        {"ALERTS__CHANNELS": json.dumps([[f"https://hooks.example.test/{SECRET}"]])},
    ],
)
def test_a_refusal_never_shows_a_secret(environment: dict[str, str]) -> None:
    line = refusal({f"ROSTERING_{name}": value for name, value in environment.items()})

    assert SECRET not in line
    assert line.startswith(f"ROSTERING_{next(iter(environment))}"[:14])


@pytest.mark.parametrize(
    "text",
    [
        f'broker_url = ["{SECRET}"]',
        f'database_url = {{password = "{SECRET}"}}',
        f'clever = "{SECRET}"',
        f'[clever]\nclient_secret = ["{SECRET}"]',
        f'[alerts]\nchannels = "{SECRET}"',
    ],
)
def test_a_refusal_of_a_file_never_shows_a_secret(toml: Path, text: str) -> None:
    toml.write_text(text)

    assert SECRET not in refusal({}, toml)


def test_secrets_are_shown_neither_by_the_description_nor_by_the_settings_themselves() -> None:
    settings = load(
        {
            "ROSTERING_BROKER_URL": f"amqps://user:{SECRET}@broker:5672/v?x={SECRET}",
            "ROSTERING_DATABASE_URL": f"postgresql://user:{SECRET}@db/rostering?sslmode=verify-full&password={SECRET}",
            "ROSTERING_CLEVER__CLIENT_SECRET": SECRET,
            "ROSTERING_ALERTS__CHANNELS": json.dumps([f"https://hooks.example.test/{SECRET}"]),
            "ROSTERING_ALERTS__ALERTMANAGER_URL": f"https://user:{SECRET}@alerts.example.test/",
            "ROSTERING_TRACING__OTLP_ENDPOINT": f"https://user:{SECRET}@collector.example.test:4318",
            "ROSTERING_TRACING__HEADERS": json.dumps({"authorization": f"Bearer {SECRET}"}),
            "ROSTERING_MAIL__SMTP_URL": f"smtp://user:{SECRET}@mail.example.test:587",
            "ROSTERING_MAIL__BOUNCES_IMAP_URL": f"imaps://user:{SECRET}@mail.example.test/INBOX",
        }
    )

    described = shown(settings)

    assert SECRET not in f"{described}{settings}{settings!r}".replace(
        # A plain text: kept as it is for whoever connects, and hidden where it is shown.
        repr(settings.alerts.alertmanager_url),
        "",
    )
    assert described["ROSTERING_BROKER_URL"] == "amqps://user:***@broker:5672/v"
    assert described["ROSTERING_DATABASE_URL"] == "postgresql://user:***@db/rostering"
    assert described["ROSTERING_CLEVER__CLIENT_SECRET"] == "*" * 3
    assert described["ROSTERING_ALERTS__CHANNELS"] == "(1 hidden)"
    assert described["ROSTERING_TRACING__OTLP_ENDPOINT"] == "https://user:***@collector.example.test:4318"
    assert described["ROSTERING_TRACING__HEADERS"] == "(1 hidden)"
    assert described["ROSTERING_MAIL__SMTP_URL"] == "smtp://user:***@mail.example.test:587"
    assert described["ROSTERING_MAIL__BOUNCES_IMAP_URL"] == "imaps://user:***@mail.example.test/INBOX"
    assert described["ROSTERING_ALERTS__ALERTMANAGER_URL"] == "https://user:***@alerts.example.test/"


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("amqp://broker:5672/", "amqp://broker:5672/"),
        ("amqp://user@broker/", "amqp://user@broker/"),
        (f"amqp://user:{SECRET}@broker/", "amqp://user:***@broker/"),
        (f"amqp://user:{SECRET}@{SECRET}@broker/", "amqp://user:***@broker/"),
        (f"amqp://user:{SECRET}/{SECRET}@broker/v", "amqp://***"),
        (f"amqp://user:{SECRET}#{SECRET}@broker/v", "amqp://***"),
        (f"amqp://user:{SECRET}?{SECRET}@broker/v", "amqp://***"),
        (f"amqp://:{SECRET}@broker/", "amqp://:***@broker/"),
        (f"postgresql:///db?password={SECRET}", "postgresql:///db"),
        (f"postgresql:///db?password={SECRET}@{SECRET}", "postgresql://***"),
    ],
)
def test_a_url_is_shown_without_its_password_however_that_is_escaped(url: str, safe: str) -> None:
    assert redacted(SecretStr(url)) == safe


def test_what_the_settings_hold_is_what_was_given() -> None:
    secret: dict[str, Any] = {"ROSTERING_CLEVER__CLIENT_SECRET": SECRET}

    client_secret = load(secret).clever.client_secret

    assert client_secret is not None
    assert client_secret.get_secret_value() == SECRET
