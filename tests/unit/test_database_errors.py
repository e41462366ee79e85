"""What the driver says, in our own terms."""

from __future__ import annotations

import asyncpg
import pytest

from worker.adapters.postgres.database import translated
from worker.errors import StoreRefused, StoreUnavailable

QUOTED = "postgresql://rosterer:open-sesame@database.test/rostering"


@pytest.mark.parametrize(
    "error",
    [
        OSError(QUOTED),
        TimeoutError(),
        asyncpg.ConnectionDoesNotExistError(QUOTED),
        asyncpg.TooManyConnectionsError(QUOTED),
        asyncpg.LockNotAvailableError(QUOTED),
        asyncpg.InterfaceError("connection was closed in the middle of operation"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_database_that_cannot_be_had_is_an_absence_to_be_waited_out(error: Exception) -> None:
    with pytest.raises(StoreUnavailable) as raised, translated():
        raise error

    assert "open-sesame" not in str(raised.value)
    assert raised.value.__cause__ is None


def test_a_value_that_postgresql_will_not_have_is_refused_and_not_quoted() -> None:
    with pytest.raises(StoreRefused) as raised, translated():
        raise asyncpg.DataError("invalid input: Tamsin Fernquay")

    assert "Tamsin" not in str(raised.value)


def test_a_mistake_of_ours_stays_what_it_is() -> None:
    with pytest.raises(asyncpg.UndefinedTableError), translated():
        raise asyncpg.UndefinedTableError("no such table")
