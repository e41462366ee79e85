"""`migrate`: the address of every other command, locks that somebody holds, databases that will not do."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.tcp_proxy import proxied, socket_of
from worker.adapters.postgres import migrating, schema
from worker.adapters.postgres.database import Database
from worker.runtime.errors import SettingsError, StoreUnavailable


@pytest.fixture
async def empty_url(postgres_server: PostgresServer) -> AsyncIterator[str]:
    """A database without a schema."""
    async with made(postgres_server) as url:
        yield url


def made(server: PostgresServer, options: str = "") -> _Made:
    return _Made(server, options)


class _Made:
    def __init__(self, server: PostgresServer, options: str) -> None:
        self.server, self.options, self.name = server, options, f"test_{uuid.uuid4().hex}"

    async def __aenter__(self) -> str:
        await self.server.execute(f"CREATE DATABASE {self.name} {self.options}")
        return self.server.database_url(self.name)

    async def __aexit__(self, *_: object) -> None:
        await self.server.execute(f"DROP DATABASE {self.name} WITH (FORCE)")


@pytest.mark.parametrize(
    "query",
    [
        "sslmode=disable",
        "sslmode=prefer&connect_timeout=3&application_name=the%20job&options=-c%20geqo%3Doff",
        "target_session_attrs=read-write&sslmode=disable&keepalives=1",
    ],
)
async def test_it_reads_an_address_as_every_other_command_does(empty_url: str, query: str) -> None:
    async with proxied(socket_of(empty_url)) as proxy:
        path = urlsplit(empty_url).path
        # Nobody listens at the first of the two hosts.
        url = f"postgresql://postgres@127.0.0.1:1,127.0.0.1:{proxy.port}{path}?{query}"

        assert await schema.migrate(url) == (None, schema.newest())

        await schema.check_version(url)


async def test_who_is_in_the_way_is_named(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrating, "LOCK_SECONDS", 0.3)
    monkeypatch.setattr(migrating, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(migrating, "PAUSE_SECONDS", 0.05)
    holder = await asyncpg.connect(database_url, server_settings={"application_name": "a long report"})
    pid = await holder.fetchval("SELECT pg_backend_pid()")
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute(f"SELECT 'a secret text', pg_advisory_xact_lock({migrating._LOCK})")
    said: list[str] = []
    heard = asyncio.Event()

    def tell(line: str) -> None:
        said.append(line)
        heard.set()

    migration = asyncio.create_task(migrating.upgrade(database_url, tell=tell))
    await asyncio.wait_for(heard.wait(), 20)
    await asyncio.wait([migration], timeout=0.7)
    assert not migration.done()
    await transaction.rollback()
    await holder.close()

    assert await asyncio.wait_for(migration, 20) == schema.newest()
    assert len(said) == 1
    assert said[0].startswith(
        f"waiting for a lock: process {pid} (a long report, from this machine) has held"
    )
    assert "secret" not in said[0]


async def test_a_lock_that_is_never_given_back_ends_it_and_leaves_the_schema_as_it_was(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrating, "LOCK_SECONDS", 0.2)
    monkeypatch.setattr(migrating, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(migrating, "PAUSE_SECONDS", 0.05)
    holder = await asyncpg.connect(database_url)
    transaction = holder.transaction()
    await transaction.start()
    await holder.execute("LOCK TABLE alembic_version")

    async with asyncio.timeout(20):
        with pytest.raises(
            StoreUnavailable, match=r"could not be migrated for 0\.3 seconds: waiting for a lock"
        ):
            await migrating.upgrade(database_url, give_up=0.3)

    await transaction.rollback()
    await holder.close()
    assert await schema.version(database_url) == schema.newest()


async def test_a_database_in_another_encoding_is_refused_in_one_line(postgres_server: PostgresServer) -> None:
    options = "ENCODING 'SQL_ASCII' TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C'"
    async with made(postgres_server, options) as url:
        with pytest.raises(SettingsError, match="ROSTERING_DATABASE_URL: expected a database in UTF8"):
            await schema.migrate(url)

        database = Database(url, name="test", size=1)
        with pytest.raises(SettingsError, match="SQL_ASCII"):
            async with database.connection():
                pass
        await database.close()


async def test_a_user_without_the_right_is_told(postgres_server: PostgresServer, empty_url: str) -> None:
    role = f"r{uuid.uuid4().hex}"
    await postgres_server.execute(f"CREATE ROLE {role} LOGIN")
    url = empty_url.replace("postgres:@", f"{role}@").replace("postgres@", f"{role}@")

    with pytest.raises(SettingsError, match="its user may not change the schema"):
        await schema.migrate(url)
    await postgres_server.execute(f"DROP ROLE {role}")


async def test_it_works_through_a_pooler_twice(postgres_server: PostgresServer, empty_url: str) -> None:
    from tests.support.servers.pgbouncer import running_pgbouncer  # noqa: PLC0415 — skips where there is none

    async with running_pgbouncer(postgres_server.url, "transaction") as pooler:
        url = pooler.url(urlsplit(empty_url).path.removeprefix("/"))

        assert await schema.migrate(url) == (None, schema.newest())

        assert await schema.migrate(url) == (schema.newest(), schema.newest())
