"""What the driver raises, in our own terms: one translation that every call passes.

A caller needs to know one of four things: the database is away (`StoreUnavailable`), another transaction got
in the way (`StoreContended`), the database will not have a value (`StoreRefused`), or it failed for any other
reason (`StoreFailed`). The text names the driver's class, the SQLSTATE and the table. It never holds the
driver's own text, which may quote a row or the connection's password.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Final

import asyncpg

from worker.runtime.errors import (
    SettingsError,
    StoreContended,
    StoreFailed,
    StoreFault,
    StoreRefused,
    StoreUnavailable,
)
from worker.runtime.logs import innermost

_AWAY: Final = frozenset(
    {
        "25006",  # read-only: a standby, or a server that was demoted
        "25P03",  # idle in a transaction for too long
        "25P04",  # a transaction that took too long
        "3D000",  # no such database
        "53100",  # disk full
        "53300",  # too many connections
        "55000",  # closed to connections by an operator, or still in recovery
        "55P03",  # a lock was not available in time
        "57P01",
        "57P02",
        "57P03",
        "57P04",
        "57P05",
    }
)
_AWAY_CLASSES: Final = frozenset({"08", "28"})
"""Of SQLSTATE: the connection broke, or the server does not let us in."""
_REFUSED_CLASSES: Final = frozenset({"21", "22", "23", "54"})
"""Of SQLSTATE: two rows of one key in a statement, a value, a constraint, a limit of size."""
_CONTENDED_CLASS: Final = "40"
_NAMED_IN_TEXT: Final = "42"
"""Errors of this class name a table in their text, and never a value."""


@contextmanager
def translated() -> Iterator[None]:
    """Raise what the driver raises as one of our four errors; errors of other kinds pass as they are."""
    try:
        yield
    except asyncpg.PostgresError as error:
        raise _of_server(error) from None
    except TimeoutError:
        raise StoreUnavailable("PostgreSQL: no answer within the time limit") from None
    except (OSError, asyncpg.InternalClientError) as error:  # the latter: cut in the middle of an answer
        raise StoreUnavailable(f"PostgreSQL: {type(error).__name__}") from None
    except asyncpg.ClientConfigurationError:
        raise SettingsError(
            "ROSTERING_DATABASE_URL: expected a valid PostgreSQL address, got another one"
        ) from None
    except asyncpg.InterfaceError as error:
        # asyncpg has one class for a connection that breaks under a call and for a wrong use of it.
        if any(word in str(error) for word in ("clos", "released", "in progress")):
            raise StoreUnavailable("PostgreSQL: the connection was closed") from None
        raise _failed(error) from None
    except AttributeError as error:
        # What asyncpg's own lines raise on a connection that was cut while they ran.
        if not _is_of_driver(error):
            raise
        raise StoreUnavailable("PostgreSQL: the connection was closed") from None
    except UnicodeError as error:
        raise StoreRefused(f"PostgreSQL: {type(error).__name__}") from None


def _is_of_driver(error: Exception) -> bool:
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    return last is not None and "/asyncpg/" in last.tb_frame.f_code.co_filename


def _of_server(error: asyncpg.PostgresError) -> Exception:
    state = error.sqlstate or ""
    text = f"PostgreSQL: {type(error).__name__} ({state})"
    if isinstance(error, asyncpg.LockNotAvailableError):
        return StoreUnavailable(f"{text}: another transaction holds a lock on it for too long")
    if state in _AWAY or state[:2] in _AWAY_CLASSES:
        return StoreUnavailable(text)
    if state[:2] == _CONTENDED_CLASS or isinstance(error, asyncpg.InvalidCachedStatementError):
        return StoreContended(text)
    fault = _fault(error)
    if state[:2] in _REFUSED_CLASSES:
        return StoreRefused(_fault_text(fault), fault)
    return StoreFailed(_fault_text(fault), fault)


def _failed(error: Exception) -> StoreFailed:
    fault = _fault(error)
    return StoreFailed(_fault_text(fault), fault)


def _fault_text(fault: StoreFault) -> str:
    known = ", ".join(part for part in (fault.sqlstate, fault.table and f"table {fault.table}") if part)
    return f"PostgreSQL: {fault.kind}{f' ({known})' if known else ''}"


def _fault(error: Exception) -> StoreFault:
    state = getattr(error, "sqlstate", None)
    return StoreFault(type(error).__name__, state, _table(error, state), innermost(error))


def _table(error: Exception, state: str | None) -> str | None:
    """Tell the table: from the error's field, from a text that quotes no value, or from our statement."""
    known = tables()
    named = getattr(error, "table_name", None)
    if named in known:
        return str(named)
    texts = [getattr(error, "query", None) or ""]
    if state and state.startswith(_NAMED_IN_TEXT):
        texts.insert(0, str(error.args[0]) if error.args else "")
    for text in texts:
        for word in re.findall(r"[a-z_]+", text):
            if word in known:
                return str(word)
    return None


@cache
def tables() -> frozenset[str]:
    """Return the names of our tables, as the migrations give them."""
    folder = resources.files("worker.adapters.postgres.migrations.versions")
    scripts = [file.read_text() for file in folder.iterdir() if file.name.endswith(".sql")]
    made = re.compile(r"\b(?:CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?|RENAME TO )(\w+)", re.IGNORECASE)
    return frozenset(name for script in scripts for name in made.findall(script))
