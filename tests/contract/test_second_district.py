"""A second district with records of the same ids: none is changed, nor shown, for the other."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
import shadow
from store_fixtures import StoreUnderTest


@pytest.fixture
async def connection(store: StoreUnderTest) -> AsyncIterator[asyncpg.Connection]:
    async with shadow.opened(store.url) as opened:
        yield opened


async def test_the_shadow_has_rows_in_every_table_that_knows_districts(
    connection: asyncpg.Connection,
) -> None:
    tables = [row["name"] for row in await connection.fetch(shadow.TABLES)]

    without = [
        name
        for name in tables
        if not await connection.fetchval(
            f"SELECT EXISTS (SELECT FROM public.{name} WHERE district_id = $1)", shadow.SHADOW
        )
    ]

    assert {"staged", "mails", "audit"} < {*tables}
    assert without == []


async def test_a_change_of_the_shadow_is_noticed_in_whatever_table(
    connection: asyncpg.Connection, the_shadow: shadow.Shadow
) -> None:
    await connection.execute("SET session_replication_role = replica")  # the audit can only be added to
    for name in the_shadow.expected:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(f"DELETE FROM public.{name} WHERE district_id = $1", shadow.SHADOW)
        assert name in await the_shadow.changed(connection)
        await transaction.rollback()

    assert await the_shadow.changed(connection) == []
