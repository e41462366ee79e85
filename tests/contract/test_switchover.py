"""A real primary and its real standby change places behind the address, or beside each other in it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress

import pytest

from tests.support.fixtures.store import StoreUnderTest, opened_store
from tests.support.servers.postgres_pair import PostgresPair, running_pair
from tests.support.servers.tcp_proxy import TcpProxy, proxied
from worker.adapters.postgres import schema, wakeups
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.ingest.inbox import PostgresInbox
from worker.adapters.postgres.wakeups import Wakeups
from worker.runtime.errors import StoreUnavailable

FOLLOWS_SECONDS = 30.0
"""Within which a worker follows the address."""


@pytest.fixture
def pair() -> Iterator[PostgresPair]:
    with running_pair() as running:
        yield running


@pytest.fixture
async def proxy(pair: PostgresPair) -> AsyncIterator[TcpProxy]:
    async with proxied(f"{pair.primary}/.s.PGSQL.5432") as running:
        yield running


def address(*proxies: TcpProxy) -> str:
    hosts = ",".join(f"127.0.0.1:{proxy.port}" for proxy in proxies)
    return f"postgresql://postgres@{hosts}/postgres?sslmode=disable"


async def _written(database: Database) -> str:
    """Write, again and again until it goes; return the folder of the server that took it."""
    async with asyncio.timeout(FOLLOWS_SECONDS):
        while True:
            try:
                async with database.transaction() as connection:
                    await connection.execute("CREATE TABLE IF NOT EXISTS written (at timestamptz)")
                    await connection.execute("INSERT INTO written VALUES (now())")
                    return str(await connection.fetchval("SHOW data_directory"))
            except StoreUnavailable:
                await asyncio.sleep(0.1)


async def _looked_at(database: Database) -> str:
    """Ask whether it can be written to, as a worker does that has nothing to store; return its folder."""
    inbox = PostgresInbox(database)
    async with asyncio.timeout(FOLLOWS_SECONDS):
        while True:
            with suppress(StoreUnavailable):
                await inbox.ping()
                async with database.connection() as connection:
                    return str(await connection.fetchval("SHOW data_directory"))
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("find_out", [_written, _looked_at])
async def test_connections_kept_to_a_server_that_became_read_only_are_given_up(
    pair: PostgresPair, proxy: TcpProxy, find_out: Callable[[Database], Awaitable[str]]
) -> None:
    url = address(proxy)
    await schema.migrate(url)
    await pair.until_it_streams()
    database = Database(url, name="test", size=4)
    heard = Wakeups(database)
    await heard.wait(wakeups.WINDOWS, 0.01)
    # Several lie idle in the pool, as in a worker.
    async with database.connection() as one, database.connection() as two:
        assert await one.fetchval("SELECT 1") == await two.fetchval("SELECT 1")
    assert await _written(database) == pair.primary

    await pair.demote_primary()
    await asyncio.to_thread(pair.promote)
    proxy.target = f"{pair.standby}/.s.PGSQL.5432"

    assert await find_out(database) == pair.standby
    async with database.connection() as one, database.connection() as two:
        folders = await asyncio.gather(
            one.fetchval("SHOW data_directory"), two.fetchval("SHOW data_directory")
        )
    assert set(folders) == {pair.standby}
    # And it listens where the others write now.
    waiting = asyncio.create_task(heard.wait(wakeups.WINDOWS, FOLLOWS_SECONDS))
    while not (await asyncio.wait([waiting], timeout=0.05))[0]:
        async with database.transaction() as connection:
            await wakeups.notify(connection, wakeups.WINDOWS)
    await heard.close()
    await database.close()


async def test_of_several_hosts_the_writable_one_is_followed(pair: PostgresPair, proxy: TcpProxy) -> None:
    async with proxied(f"{pair.standby}/.s.PGSQL.5432") as second:
        database = Database(address(second, proxy), name="test", size=2)
        named = Database(address(second, proxy) + "&target_session_attrs=read-write", name="test", size=2)
        assert await _written(database) == await _written(named) == pair.primary
        await pair.until_it_streams()

        await pair.demote_primary()
        await asyncio.to_thread(pair.promote)

        assert await _written(database) == await _written(named) == pair.standby
        await database.close()
        await named.close()


async def test_a_store_waits_until_a_hot_standby_is_promoted(pair: PostgresPair, proxy: TcpProxy) -> None:
    await schema.migrate(address(proxy))
    await pair.until_it_streams()
    proxy.target = f"{pair.standby}/.s.PGSQL.5432"
    async with opened_store(address(proxy)) as store:
        await schema.check_version(address(proxy))
        with pytest.raises(StoreUnavailable):
            await store.inbox.ping()
        await store.evaluations.wait(0.01)

        await asyncio.to_thread(pair.promote)

        await _stored(store)


async def _stored(store: StoreUnderTest) -> None:
    async with asyncio.timeout(FOLLOWS_SECONDS):
        while True:
            with suppress(StoreUnavailable):
                return await store.inbox.ping()
            await asyncio.sleep(0.1)
