"""What the driver says, in our own terms."""

from __future__ import annotations

from typing import Any

import asyncpg
import pytest

from worker.adapters.postgres.errors import tables, translated
from worker.runtime.errors import (
    SettingsError,
    StoreContended,
    StoreFailed,
    StoreRefused,
    StoreUnavailable,
    Unavailable,
)

QUOTED = "postgresql://rosterer:open-sesame@database.test/rostering"
PERSON = "Tamsin Fernquay"


def of_server(state: str, text: str = QUOTED, **fields: str) -> asyncpg.PostgresError:
    """Return what the driver makes of an error of the server."""
    query = fields.pop("query", None)
    named = {"C": state, "M": text, "D": f"Key (name)=({PERSON}) already exists."}
    made: asyncpg.PostgresError = asyncpg.PostgresError.new(named | fields, query)
    return made


@pytest.mark.parametrize(
    "error",
    [
        OSError(QUOTED),
        TimeoutError(),
        *map(of_server, ["08006", "28P01", "3D000", "53100", "53300", "55000", "55P03", "57P01", "57P03"]),
        *map(of_server, ["25006", "25P03", "57P02", "57P05"]),
        asyncpg.InternalClientError(QUOTED),
        asyncpg.InterfaceError("connection was closed in the middle of operation"),
    ],
    ids=lambda error: f"{type(error).__name__} {getattr(error, 'sqlstate', '')}",
)
def test_a_database_that_cannot_be_had_is_an_absence_to_be_waited_out(error: Exception) -> None:
    with pytest.raises(StoreUnavailable) as raised, translated():
        raise error

    assert not isinstance(raised.value, StoreFailed)
    assert "open-sesame" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("state", ["21000", "22001", "22P02", "23505", "23514", "54000"])
def test_what_postgresql_will_not_have_is_refused_and_not_quoted(state: str) -> None:
    with pytest.raises(StoreRefused) as raised, translated():
        raise of_server(state, f"invalid input: {PERSON}", t="inbox")

    assert PERSON not in str(raised.value)
    assert raised.value.fault is not None
    assert (raised.value.fault.sqlstate, raised.value.fault.table) == (state, "inbox")
    assert not isinstance(raised.value, Unavailable)


@pytest.mark.parametrize("state", ["40001", "40P01"])
def test_a_transaction_that_another_one_got_in_the_way_of_is_to_be_done_again(state: str) -> None:
    with pytest.raises(StoreContended), translated():
        raise of_server(state)


@pytest.mark.parametrize(
    "state",
    [
        *("42501", "42P01", "42703", "42883", "53200", "53000", "53400", "57014", "58030"),
        *("XX000", "XX001", "XX002", "P0001", "0A000", "25P02", "72000", "ZZ999"),
    ],
)
def test_other_errors_of_the_server_may_pass_and_are_told_without_text(state: str) -> None:
    with pytest.raises(StoreFailed) as raised, translated():
        raise of_server(state, f"failed on {PERSON}")

    assert isinstance(raised.value, Unavailable)
    assert state in str(raised.value)
    assert PERSON not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("error", "table"),
    [
        (
            of_server("42501", "permission denied for table feed_marks", query="SELECT 1 FROM inbox"),
            "feed_marks",
        ),
        (of_server("42P01", 'relation "windows" does not exist'), "windows"),
        (
            of_server("57014", "canceling statement due to user request", query="UPDATE staged SET x"),
            "staged",
        ),
        (of_server("XX001", "roster of outbox", query="WITH a AS (SELECT FROM roster) DELETE"), "roster"),
        (of_server("XX000", "the inbox of everybody"), None),
    ],
    ids=lambda value: getattr(value, "sqlstate", None),
)
def test_a_failure_tells_the_table_and_no_value(error: asyncpg.PostgresError, table: str | None) -> None:
    with pytest.raises(StoreFailed) as raised, translated():
        raise error

    assert raised.value.fault is not None
    assert raised.value.fault.table == table


def test_a_wrong_use_of_the_driver_is_a_failure_too() -> None:
    with pytest.raises(StoreFailed) as raised, translated():
        raise asyncpg.InterfaceError(f"expected 3 arguments, got {PERSON}")

    assert PERSON not in str(raised.value)


async def test_a_connection_that_is_cut_under_a_call_is_an_absence_whatever_the_driver_makes_of_it() -> None:
    connection: Any = object()

    with pytest.raises(StoreUnavailable), translated():
        await asyncpg.Connection.fetchval(connection, "SELECT 1")  # has no attributes at all
    with pytest.raises(AttributeError), translated():
        _ = connection.nothing_of_the_kind


def test_an_address_that_cannot_be_used_is_for_a_person_to_mend() -> None:
    with pytest.raises(SettingsError) as raised, translated():
        raise asyncpg.ClientConfigurationError(QUOTED)

    assert "open-sesame" not in str(raised.value)


def test_what_is_not_of_the_database_stays_what_it_is() -> None:
    with pytest.raises(ZeroDivisionError), translated():
        raise ZeroDivisionError


def test_the_tables_are_those_of_the_migrations() -> None:
    assert {"inbox", "feed_marks", "baseline_records", "onboarding", "districts"} <= tables()
