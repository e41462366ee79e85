"""One rule for every connection that leaves this machine: TLS with a check, or named by an operator."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config.addresses import is_local, postgres_url
from config.loading import SettingsProblem, load
from worker.bootstrap.checks import STAGES, check_stages
from worker.runtime.errors import SettingsError

CLEVER = {"CLEVER__CLIENT_ID": "app", "CLEVER__CLIENT_SECRET": "secret"}
SECRET = "s3sam3"  # noqa: S105 — nobody's

UNPROTECTED = [
    ("broker", {"BROKER_URL": f"amqp://me:{SECRET}@broker/"}),
    ("broker", {"BROKER_URL": f"amqp://me:{SECRET}@10.0.0.7:5672/v"}),
    ("broker", {"BROKER_URL": f"amqps://me:{SECRET}@broker/?no_verify_ssl=1"}),
    ("broker", {"BROKER_URL": f"amqps://me:{SECRET}@broker/?no_verify_ssl=true"}),
    ("broker", {"BROKER_URL": "amqps://broker/?no_verify_ssl="}),
    ("broker", {"BROKER_URL": "amqp://localhost.example.org/"}),
    ("broker", {"BROKER_URL": "amqp://[2001:db8::1]/"}),
    ("database", {"DATABASE_URL": f"postgresql://me:{SECRET}@db/rostering"}),
    *(
        ("database", {"DATABASE_URL": f"postgresql://me:{SECRET}@db/rostering?sslmode={mode}"})
        for mode in ("disable", "allow", "prefer", "require")
    ),
    ("database", {"DATABASE_URL": "postgresql://localhost,db:5433/rostering"}),
    ("database", {"DATABASE_URL": "postgresql:///rostering?host=/run/postgresql,db"}),
    ("database", {"DATABASE_URL": "postgresql:///rostering?service=elsewhere"}),
    ("database", {"DATABASE_DIRECT_URL": "postgresql://db/rostering"}),
    ("clever", CLEVER | {"CLEVER__API_URL": "http://sandbox:8090"}),
    ("clever", CLEVER | {"CLEVER__API_URL": "https://api.test", "CLEVER__OAUTH_URL": "http://clever.test"}),
    ("alerts", {"ALERTS__ALERTMANAGER_URL": "http://alertmanager:9093"}),
    ("traces", {"TRACING__OTLP_ENDPOINT": "http://collector:4318"}),
]
PROTECTED = [
    {},
    {"BROKER_URL": "amqp://localhost/"},
    {"BROKER_URL": "amqp://guest:guest@127.0.0.1:5672/"},
    {"BROKER_URL": "amqp://[::1]/"},
    {"BROKER_URL": "amqps://localhost/?no_verify_ssl=1"},
    {"BROKER_URL": "amqps://broker/"},
    {"BROKER_URL": "amqps://broker/?cafile=/etc/ca.pem&no_verify_ssl=0"},
    {"DATABASE_URL": "postgresql://user:password@localhost:5432/rostering"},
    {"DATABASE_URL": "postgresql://me@127.0.0.2/rostering?sslmode=disable"},
    {"DATABASE_URL": "postgresql:///rostering"},
    {"DATABASE_URL": "postgresql:///rostering?host=/run/postgresql"},
    {"DATABASE_URL": "postgresql://%2Frun%2Fpostgresql/rostering"},
    {"DATABASE_URL": "postgresql://one,two:5433/rostering?sslmode=verify-full&sslrootcert=/etc/ca.pem"},
    {"DATABASE_URL": "postgresql://one/rostering?sslmode=verify-ca&sslrootcert=/etc/ca.pem"},
    CLEVER,
    CLEVER | {"CLEVER__API_URL": "http://127.0.0.1:8090"},
    {"CLEVER__API_URL": "http://sandbox:8090"},  # not used without a client id
    {"ALERTS__ALERTMANAGER_URL": "http://localhost:9093"},
    {"TRACING__OTLP_ENDPOINT": "https://collector:4318"},
    {"MAIL__SMTP_URL": "smtp://mail.test:587", "MAIL__SENDER": "us@vendor.test"},  # demands STARTTLS
]


def check(values: dict[str, str], *allowed: str) -> None:
    """Check settings as `check-config` does."""
    named = {"SECURITY__ALLOW_PLAINTEXT": json.dumps(allowed)} if allowed else {}
    try:
        settings = load({f"ROSTERING_{key}": value for key, value in (values | named).items()})
    except SettingsProblem as problem:
        raise SettingsError(str(problem)) from None
    check_stages(STAGES, settings)


@pytest.mark.parametrize(("connection", "values"), UNPROTECTED)
def test_unprotected_traffic_is_refused_by_its_setting(connection: str, values: dict[str, str]) -> None:
    with pytest.raises(SettingsError) as refused:
        check(values)

    text = str(refused.value)
    assert any(text.startswith(f"ROSTERING_{key}: ") for key in values)
    assert f"name {connection} in ROSTERING_SECURITY__ALLOW_PLAINTEXT" in text
    assert SECRET not in text
    assert "\n" not in text


@pytest.mark.parametrize(("connection", "values"), UNPROTECTED)
def test_the_named_connection_alone_is_taken(connection: str, values: dict[str, str]) -> None:
    others = {"alerts", "broker", "clever", "database", "mail", "traces"} - {connection}

    check(values, connection)
    with pytest.raises(SettingsError):
        check(values, *sorted(others))


@pytest.mark.parametrize("values", PROTECTED)
def test_this_machine_and_tls_with_a_check_are_taken_as_they_are(values: dict[str, str]) -> None:
    check(values)


def test_a_connection_that_there_is_not_cannot_be_named() -> None:
    with pytest.raises(SettingsError, match="ROSTERING_SECURITY__ALLOW_PLAINTEXT: expected"):
        check({}, "everything")


def test_a_host_out_of_the_environment_is_no_way_around_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGHOST", "db.test")

    with pytest.raises(SettingsError, match="ROSTERING_DATABASE_URL: expected TLS"):
        check({"DATABASE_URL": "postgresql:///rostering"})


def test_a_file_is_held_to_the_same_rule(tmp_path: Path) -> None:
    file = tmp_path / "rostering.toml"
    file.write_text('broker_url = "amqp://broker/"\n')

    with pytest.raises(SettingsProblem, match="ROSTERING_BROKER_URL: expected TLS"):
        load({}, file)
    file.write_text('broker_url = "amqp://broker/"\n[security]\nallow_plaintext = ["broker"]\n')
    load({}, file)


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("", True),
        ("/run/postgresql", True),
        ("localhost", True),
        ("LOCALHOST.", True),
        ("127.9.9.9", True),
        ("[::1]", True),
        ("::1", True),
        ("0.0.0.0", False),  # noqa: S104 — where nobody should connect to
        ("localhost.test", False),
        ("127.0.0.1.test", False),
    ],
)
def test_a_host_is_this_machine_or_not(host: str, local: bool) -> None:
    assert is_local(host) is local


@pytest.mark.parametrize(
    ("url", "each"),
    [
        ("postgresql://u:p%40@one/d", ["postgresql://u:p%40@one/d"]),
        (
            "postgresql://u@one,two:7/d?sslmode=verify-full&connect_timeout=3",
            ["postgresql://u@one/d?sslmode=verify-full", "postgresql://u@two:7/d?sslmode=verify-full"],
        ),
        ("postgresql://u@/d?host=one,two&port=7,8", ["postgresql://u@one:7/d", "postgresql://u@two:8/d"]),
        ("postgresql://u@/d?host=/run/a%20b&port=7", ["postgresql://u@/d?host=%2Frun%2Fa%20b&port=7"]),
        (
            "postgresql://[::1],[::2]:7/d?options=-c%20geqo%3Doff",
            [
                "postgresql://[::1]/d?options=-c%20geqo%3Doff",
                "postgresql://[::2]:7/d?options=-c%20geqo%3Doff",
            ],
        ),
        ("postgresql:///d", ["postgresql:///d"]),
    ],
)
def test_each_host_of_a_postgresql_url_has_a_url_of_its_own(url: str, each: list[str]) -> None:
    assert postgres_url(url).for_each_host() == each
