"""Whatever statement a process dies at, a move is made whole with its e-mail and its audit, or not at all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import pytest

from tests.support.builders.onboarding_states import COMMIT, GUIDANCE, RULES, TEAM, Onboarding
from tests.support.builders.records import DISTRICT
from tests.support.fixtures.store import StoreUnderTest
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.onboarding.districts import PostgresOnboarding
from worker.domain.onboarding.states import Move, State

TABLES: Final = (
    *("onboarding", "onboarding_history", "onboarding_drops", "connect_links", "mails", "audit"),
)
MOST: Final = 60
"""Statements of one order, and more."""


class Died(Exception):
    """The process is gone."""


class Dying:
    """A connection of a process that dies at its nth statement, which is done all the same."""

    def __init__(self, connection: Any, left: list[int]) -> None:
        self._connection = connection
        self._left = left

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._connection, name)
        if name not in {"execute", "fetch", "fetchrow", "fetchval"}:
            return found

        async def asked(*arguments: Any) -> Any:
            answer = await found(*arguments)
            self._left[0] -= 1
            if self._left[0] < 0:
                raise Died
            return answer

        return asked


class DyingDatabase(Database):
    """A database to a process that dies after so many statements."""

    left: list[int]

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Any]:
        """Lend a connection that ends with its process."""
        async with super().transaction() as connection:
            yield Dying(connection, self.left)


Work = Callable[[PostgresOnboarding], Awaitable[object]]


async def content(store: StoreUnderTest) -> dict[str, list[str]]:
    """Return what stands in the tables, but for what no transaction can take back."""
    return {
        table: [row[0] for row in await store.rows(f"SELECT t::text FROM {table} t ORDER BY 1")]
        for table in TABLES
    }


@pytest.mark.parametrize(
    ("state", "work"),
    [
        (None, lambda of: of.choose(DISTRICT, TEAM, "vic")),
        (State.CHOSEN, lambda of: of.order(DISTRICT, Move.INVITE, "vic")),
        (State.FILTERING, lambda of: of.order(DISTRICT, Move.REQUEST_RULES, "vic", rules=RULES)),
        (State.READY, lambda of: of.set_window(DISTRICT, None, None, "vic")),
        (State.INVITED, lambda of: of.drop(DISTRICT, "vic")),
        (State.INVITED, lambda of: of.new_link(DISTRICT, "vic")),
    ],
)
async def test_an_order_is_done_whole_or_not_at_all(
    store: StoreUnderTest, state: State | None, work: Work
) -> None:
    await Onboarding(store).bring_to(state)

    deaths = await until_it_lives(store, work)

    assert deaths >= 3


async def test_moves_that_are_seen_are_made_whole_or_not_at_all(store: StoreUnderTest) -> None:
    for number in range(3):
        onboarding = Onboarding(store, f"{number:024x}")
        await onboarding.bring_to(State.FILTERING)
        await onboarding.so(COMMIT)

    assert await until_it_lives(store, lambda of: of.advance()) >= 5

    (mails,) = await store.rows("SELECT count(*) FROM mails WHERE occasion = 'rostered'")
    assert mails["count"] == 3


async def until_it_lives(store: StoreUnderTest, work: Work) -> int:
    """Let processes die, each one statement later, until one does not; return how many did."""
    before = await content(store)
    for deaths in range(MOST):
        database = DyingDatabase(store.url, name="dying", size=2)
        database.left = [deaths]
        try:
            await work(PostgresOnboarding(database, GUIDANCE))
        except Died:
            assert await content(store) == before, deaths
        else:
            assert await content(store) != before
            return deaths
        finally:
            await database.close()
    raise AssertionError("it never lived")
