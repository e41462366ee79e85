"""Connections to PostgreSQL that are answered by nobody, and connections to a server that has changed."""

from __future__ import annotations

import asyncio
import socket
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

import pytest

from tests.support.fixtures.store import opened_store
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.tcp_proxy import TcpProxy, proxied, socket_of
from worker.adapters.postgres import wakeups
from worker.adapters.postgres.database import Connection, Database
from worker.adapters.postgres.poll.feed_locks import FeedLocks
from worker.adapters.postgres.wakeups import Wakeups
from worker.adapters.postgres.watched import WatchTimes, rows_of
from worker.runtime.errors import StoreFailed, StoreUnavailable

QUICK = WatchTimes(first=0.1, between=0.05, away=1, without_backend=2)
SOON = 10.0
"""Seconds within which anything must have come to an end: far away on a busy machine."""


@pytest.fixture
async def proxy(database_url: str) -> AsyncIterator[TcpProxy]:
    async with proxied(socket_of(database_url)) as running:
        yield running


@pytest.fixture
async def database(proxy: TcpProxy, database_url: str) -> AsyncIterator[Database]:
    """A database behind the proxy, whose connections are watched closely."""
    made = Database(over(proxy, database_url), name="test", size=4, times=QUICK)
    yield made
    await made.close()


def over(proxy: TcpProxy, url: str) -> str:
    return f"postgresql://postgres@127.0.0.1:{proxy.port}{urlsplit(url).path}?sslmode=disable"


async def test_a_call_on_a_connection_that_swallows_everything_ends_and_the_next_one_is_answered(
    proxy: TcpProxy, database: Database
) -> None:
    async with database.connection() as connection:
        await connection.fetchval("SELECT 1")
    proxy.swallow_open_connections()

    async with asyncio.timeout(SOON):
        with pytest.raises(StoreUnavailable, match="no longer answers"):
            async with database.connection() as connection:
                await connection.fetchval("SELECT 1")
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT 2") == 2


async def test_one_dark_connection_gives_up_all_that_lie_idle(proxy: TcpProxy, database: Database) -> None:
    async with database.connection() as one, database.connection() as two, database.connection() as three:
        for connection in (one, two, three):
            await connection.fetchval("SELECT 1")
    proxy.swallow_open_connections()

    async with asyncio.timeout(SOON):
        with pytest.raises(StoreUnavailable):
            async with database.connection() as connection:
                await connection.fetchval("SELECT 1")
        async with database.connection() as one, database.connection() as two, database.connection() as three:
            assert [await connection.fetchval("SELECT 1") for connection in (one, two, three)] == [1, 1, 1]


async def test_the_locks_of_a_transaction_that_went_dark_are_free_soon_after(
    proxy: TcpProxy, database: Database, database_url: str
) -> None:
    direct = Database(database_url, name="test", size=1)

    async def go_dark() -> None:
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(1)")
            proxy.swallow_open_connections()
            await connection.execute("SELECT 1")

    async with asyncio.timeout(SOON):
        with pytest.raises(StoreUnavailable):
            await go_dark()

        async with direct.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(1)")
    await direct.close()


@pytest.mark.parametrize("last", ["commit", "cursor"])
async def test_no_kind_of_call_waits_for_ever(proxy: TcpProxy, database: Database, last: str) -> None:
    async def go_dark() -> None:
        async with database.transaction() as connection:
            fetch = await rows_of(connection, "SELECT generate_series(1, 10)")
            assert len(await fetch(2)) == 2
            proxy.swallow_open_connections()
            if last == "cursor":
                await fetch(2)

    async with asyncio.timeout(SOON):
        with pytest.raises(StoreUnavailable):
            await go_dark()


async def test_a_cancelled_call_on_a_dark_connection_ends(proxy: TcpProxy, database: Database) -> None:
    async def work() -> None:
        async with database.transaction() as connection:
            proxy.swallow_open_connections()
            started.set()
            await connection.execute("SELECT 1")

    started = asyncio.Event()
    task = asyncio.create_task(work())
    await started.wait()

    task.cancel()

    async with asyncio.timeout(SOON):
        await asyncio.gather(task, return_exceptions=True)
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1


async def test_a_statement_that_is_worked_on_takes_as_long_as_it_takes(database: Database) -> None:
    began = time.monotonic()

    async with database.connection() as connection:
        await connection.execute("SELECT pg_sleep(0.7)")

    assert time.monotonic() - began > 6 * (QUICK.first + QUICK.between) * 0.7


async def test_a_large_answer_read_slowly_is_read_to_its_end(database_url: str) -> None:
    async with proxied(socket_of(database_url), seconds_a_piece=0.02) as slow:
        database = Database(over(slow, database_url), name="test", size=1, times=QUICK)
        async with database.connection() as connection:
            rows = await connection.fetch("SELECT repeat('x', 100000) FROM generate_series(1, 40)")
        await database.close()

    assert len(rows) == 40


async def test_a_large_call_over_a_slow_line_arrives(database_url: str) -> None:
    async with proxied(socket_of(database_url), seconds_a_piece=0.005) as slow:
        times = WatchTimes(first=0.1, between=1)  # what the system itself holds back takes a part of that
        database = Database(over(slow, database_url), name="test", size=1, times=times)
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT length($1::text)", "x" * 30_000_000) == 30_000_000
        await database.close()


async def test_a_wait_for_a_lock_is_work_too(database: Database, database_url: str) -> None:
    direct = Database(database_url, name="test", size=1)

    async def locked() -> None:
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock(2)")

    async with direct.transaction() as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(2)")
        waiting = asyncio.create_task(locked())
        await asyncio.wait([waiting], timeout=0.6)
        assert not waiting.done()

    await waiting
    await direct.close()


async def test_a_dark_listener_is_replaced(proxy: TcpProxy, database: Database, database_url: str) -> None:
    heard = Wakeups(database, probe_every=0)
    direct = Database(database_url, name="test", size=1)
    await heard.wait(wakeups.WINDOWS, 0.01)
    proxy.swallow_open_connections()

    async with asyncio.timeout(SOON):
        waiting = asyncio.create_task(heard.wait(wakeups.WINDOWS, 2 * SOON))
        while not (await asyncio.wait([waiting], timeout=0.05))[0]:
            async with direct.transaction() as connection:
                await wakeups.notify(connection, wakeups.WINDOWS)
    await heard.close()
    await direct.close()


async def test_the_locks_on_feeds_are_taken_again_when_replaced(proxy: TcpProxy, database: Database) -> None:
    locks = FeedLocks(database)
    assert await locks.take("one")
    proxy.swallow_open_connections()

    async with asyncio.timeout(SOON):
        with pytest.raises(StoreUnavailable):
            await locks.take("two")
        assert await locks.take("two")
    await locks.close()


async def test_the_store_goes_on_after_its_connections_go_dark(proxy: TcpProxy, database_url: str) -> None:
    async with opened_store(over(proxy, database_url), times=QUICK) as store:
        await store.inbox.ping()
        proxy.swallow_open_connections()

        async with asyncio.timeout(SOON):
            with pytest.raises(StoreUnavailable):
                await store.inbox.ping()
            await store.inbox.ping()


async def lend(database: Database) -> None:
    async with database.connection():
        pass


async def lock(database: Database) -> None:
    await FeedLocks(database).take("one")


@pytest.mark.parametrize(
    "onboarding",
    [lend, lock, Database.connect, Database.has_sessions],
    ids=["pool", "lock", "session", "question"],
)
async def test_on_every_way_to_a_connection_a_server_that_is_not_there_is_away(
    onboarding: Callable[[Database], Awaitable[object]],
) -> None:
    database = Database("postgresql://postgres@127.0.0.1:1/nobody?sslmode=disable", name="test", size=1)

    with pytest.raises(StoreUnavailable):
        await onboarding(database)

    heard = Wakeups(database)
    await heard.wait(wakeups.WINDOWS, 0)
    await heard.close()
    await database.close()


async def test_a_lock_that_the_server_refuses_is_told_with_its_code(
    postgres_server: PostgresServer, database_url: str
) -> None:
    role = f"r{uuid.uuid4().hex}"
    await postgres_server.execute(f"CREATE ROLE {role} LOGIN")
    database = Database(database_url.replace("//postgres:@", f"//{role}@"), name="test", size=1)
    owner = Database(database_url, name="test", size=1)
    async with owner.connection() as connection:
        await connection.execute("REVOKE EXECUTE ON FUNCTION pg_try_advisory_lock(bigint) FROM PUBLIC")
    locks = FeedLocks(database)

    with pytest.raises(StoreFailed, match="42501"):
        await locks.take("one")

    await locks.close()
    async with owner.connection() as connection:
        await connection.execute("GRANT EXECUTE ON FUNCTION pg_try_advisory_lock(bigint) TO PUBLIC")
    await owner.close()
    await database.close()
    await postgres_server.execute(f"DROP ROLE {role}")


@pytest.mark.parametrize("outside_the_pool", [False, True])
async def test_the_system_looks_after_idle_connections(database: Database, *, outside_the_pool: bool) -> None:
    if outside_the_pool:
        options = _looked_after(connection := await database.connect())
        connection.terminate()
    else:
        async with database.connection() as lent:
            options = _looked_after(lent)

    assert options == [1, 10, 5, 3, 25_000]


def _looked_after(connection: Connection) -> list[int]:
    """Return whether the connection's socket keeps alive, how, and the time for acknowledgements."""
    transport = getattr(connection, "_transport", None)
    assert transport is not None
    own = transport.get_extra_info("socket")
    names = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT, socket.TCP_USER_TIMEOUT)
    of_tcp = [own.getsockopt(socket.IPPROTO_TCP, name) for name in names]
    return [own.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE), *of_tcp]
