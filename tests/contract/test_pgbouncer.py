"""The database behind a real PgBouncer, in each of its modes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest

from tests.support.servers.pgbouncer import PgBouncer, running_pgbouncer
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.tcp_proxy import proxied
from worker.adapters.postgres import wakeups
from worker.adapters.postgres.connector import Connector, Pooling
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.poll.feed_locks import FeedLocks
from worker.adapters.postgres.wakeups import Wakeups
from worker.adapters.postgres.watched import WatchTimes, rows_of
from worker.runtime.errors import SettingsError, StoreUnavailable

MODES = ("session", "transaction")
QUICK = WatchTimes(first=0.1, between=0.05, away=1, without_backend=2)


@pytest.fixture(params=MODES)
async def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def pooler(postgres_server: PostgresServer, mode: str) -> AsyncIterator[PgBouncer]:
    async with running_pgbouncer(postgres_server.url, mode) as running:
        yield running


@pytest.fixture
async def pooled_url(pooler: PgBouncer, database_url: str) -> str:
    return pooler.url(urlsplit(database_url).path.removeprefix("/"))


@pytest.fixture
async def database(pooled_url: str, database_url: str) -> AsyncIterator[Database]:
    made = Database(pooled_url, name="rostering/test", size=4, direct=database_url, times=QUICK)
    yield made
    await made.close()


async def test_the_mode_is_found_out_by_itself(pooled_url: str, mode: str) -> None:
    connector = Connector(pooled_url, name="test")

    (await connector.open()).terminate()

    assert connector.pooling is Pooling[mode.upper()]


async def test_a_direct_address_has_no_pooler(database_url: str) -> None:
    connector = Connector(database_url, name="test")

    (await connector.open()).terminate()

    assert connector.pooling is Pooling.NONE


@pytest.mark.parametrize("busy", [1, 4])
@pytest.mark.parametrize("round_robin", [0, 1])
async def test_the_mode_is_found_out_among_others_who_use_the_pooler(
    postgres_server: PostgresServer, database_url: str, busy: int, round_robin: int
) -> None:
    more = f"server_round_robin = {round_robin}"
    async with running_pgbouncer(postgres_server.url, "transaction", more) as pooler:
        url = pooler.url(urlsplit(database_url).path.removeprefix("/"))
        others = Database(url, name="others", size=busy)
        stop = asyncio.Event()

        async def use() -> None:
            while not stop.is_set():
                async with others.transaction() as connection:
                    await connection.fetchval("SELECT 1")

        users = [asyncio.create_task(use()) for _ in range(busy)]
        found = set()
        for _ in range(10):
            connector = Connector(url, name="test")
            (await connector.open()).terminate()
            found.add(connector.pooling)
        stop.set()
        await asyncio.gather(*users)
        await others.close()

        assert found == {Pooling.TRANSACTION}


async def test_our_settings_hold_for_us_and_for_nobody_else(database: Database, pooled_url: str) -> None:
    async with database.connection() as connection:
        assert await connection.fetchval("SHOW enable_seqscan") == "off"
    async with database.transaction() as connection:
        assert await connection.fetchval("SHOW statement_timeout") == "10min"
        assert await connection.fetchval("SHOW lock_timeout") == "1min"
    await database.close()

    stranger = Connector(pooled_url, name="stranger")
    connection = await stranger._connect()
    assert await connection.fetchval("SHOW enable_seqscan", timeout=5) == "on"
    connection.terminate()


async def test_many_transactions_at_once_read_write_and_use_cursors(database: Database) -> None:
    async def work(number: int) -> list[int]:
        async with database.transaction() as connection:
            await connection.execute("SELECT pg_advisory_xact_lock_shared(7)")
            await connection.execute("CREATE TEMPORARY TABLE work (n int) ON COMMIT DROP")
            await connection.execute("INSERT INTO work SELECT generate_series(1, $1::int)", number)
            fetch = await rows_of(connection, "SELECT n FROM work WHERE n > $1 ORDER BY n", 0)
            found: list[int] = []
            while rows := await fetch(3):
                found += [row["n"] for row in rows]
            return found

    results = await asyncio.gather(*(work(number) for number in range(1, 30)))

    assert results == [list(range(1, number + 1)) for number in range(1, 30)]


async def test_no_statement_with_a_name_stays_behind(database: Database, mode: str) -> None:
    async with database.transaction() as connection:
        await rows_of(connection, "SELECT 1")
        await connection.fetch("SELECT $1::jsonb", {"a": 1})
        names = await connection.fetchval("SELECT count(*) FROM pg_prepared_statements WHERE name <> ''")

    assert mode == "session" or names == 0


async def test_one_hears_of_work_over_the_direct_address(database: Database) -> None:
    heard = Wakeups(database)
    await heard.wait(wakeups.WINDOWS, 0.01)

    waiting = asyncio.create_task(heard.wait(wakeups.WINDOWS, 20))
    async with asyncio.timeout(10), database.transaction() as connection:
        await wakeups.notify(connection, wakeups.WINDOWS)
    await asyncio.wait_for(waiting, 10)

    await heard.close()


async def test_a_lock_on_a_feed_holds_over_the_direct_address(database: Database) -> None:
    locks, others = FeedLocks(database), FeedLocks(database)

    assert await locks.take("one")
    assert not await others.take("one")
    await locks.give_back("one")
    assert await others.take("one")

    await locks.close()
    await others.close()


async def test_a_statement_that_takes_long_is_waited_for(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("SELECT pg_sleep(0.6)")
    async with database.transaction() as connection:
        await connection.fetchval("SELECT pg_sleep(0.6)")


async def test_a_pooler_that_hangs_is_left_for_new_connections(pooler: PgBouncer, database_url: str) -> None:
    async with proxied(("127.0.0.1", pooler.port)) as proxy:
        path = urlsplit(database_url).path.removeprefix("/")
        database = Database(PgBouncer(proxy.port).url(path), name="test", size=2, times=QUICK)

        async def go_dark() -> None:
            async with database.transaction() as connection:
                await connection.execute("SELECT pg_advisory_xact_lock(3)")
                proxy.swallow_open_connections()
                await connection.execute("SELECT 1")

        async with asyncio.timeout(10):
            with pytest.raises(StoreUnavailable):
                await go_dark()
            async with database.transaction() as connection:
                await connection.execute("SELECT pg_advisory_xact_lock(3)")
        await database.close()


class TestWithoutADirectAddress:
    """What a pooler of transactions cannot do is told, or done without."""

    @pytest.fixture(params=["transaction"])
    async def mode(self, request: pytest.FixtureRequest) -> str:
        return str(request.param)

    async def test_a_lock_on_a_feed_asks_for_one(self, pooled_url: str) -> None:
        database = Database(pooled_url, name="test", size=1)

        with pytest.raises(SettingsError, match="ROSTERING_DATABASE_DIRECT_URL"):
            await FeedLocks(database).take("one")
        await database.close()

    async def test_a_wait_just_has_its_end(self, pooled_url: str) -> None:
        database = Database(pooled_url, name="test", size=1)

        await asyncio.wait_for(Wakeups(database).wait(wakeups.WINDOWS, 0.05), 10)
        await database.close()


async def test_statement_pooling_is_refused(postgres_server: PostgresServer, database_url: str) -> None:
    async with running_pgbouncer(postgres_server.url, "statement") as pooler:
        url = pooler.url(urlsplit(database_url).path.removeprefix("/"))
        database = Database(url, name="test", size=1)

        with pytest.raises(SettingsError, match=r"ROSTERING_DATABASE_URL: the pooler .* pool_mode"):
            async with database.connection():
                pass
        await database.close()


async def test_a_parameter_that_the_pooler_refuses_is_named_in_one_line(pooled_url: str) -> None:
    database = Database(pooled_url + "?geqo=off", name="test", size=1)

    with pytest.raises(SettingsError, match="ROSTERING_DATABASE_URL: the pooler refuses"):
        async with database.connection():
            pass
    await database.close()


async def test_a_pooler_whose_server_is_away_is_waited_for(pooled_url: str) -> None:
    database = Database(pooled_url.rsplit("/", 1)[0] + "/there_is_no_such_database", name="test", size=1)

    with pytest.raises(StoreUnavailable):
        async with database.connection() as connection:
            await connection.fetchval("SELECT 1")
    await database.close()
