"""The database over TLS: with a certificate that is checked, and with one that is not the server's."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.servers.certificates import loopback_certificate
from tests.support.servers.pgbouncer import PgBouncer, running_pgbouncer
from tests.support.servers.postgres_server import PostgresServer
from tests.support.servers.tcp_proxy import proxied
from worker.adapters.postgres import schema
from worker.adapters.postgres.database import Database
from worker.adapters.postgres.watched import WatchTimes
from worker.runtime.errors import SettingsError, StoreUnavailable

QUICK = WatchTimes(first=0.1, between=0.05, away=1, without_backend=2)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's own user can read."""
    with tempfile.TemporaryDirectory(prefix="certificates-") as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def authority(folder: Path) -> Path:
    certificate, key = loopback_certificate(folder)
    key.chmod(0o644)
    return certificate


@pytest.fixture
async def server(postgres_server: PostgresServer, folder: Path, authority: Path) -> AsyncIterator[PgBouncer]:
    more = (
        f"client_tls_sslmode = require\nclient_tls_cert_file = {authority}\n"
        f"client_tls_key_file = {folder / 'key.pem'}"
    )
    async with running_pgbouncer(postgres_server.url, "session", more) as running:
        yield running


def url(server: PgBouncer, database_url: str, query: str) -> str:
    return f"{server.url(urlsplit(database_url).path.removeprefix('/'))}?{query}"


async def test_every_command_checks_the_certificate_in_the_same_way(
    server: PgBouncer, database_url: str, authority: Path
) -> None:
    verified = url(server, database_url, f"sslmode=verify-full&sslrootcert={authority}")

    assert await schema.migrate(verified) == (schema.newest(), schema.newest())
    database = Database(verified, name="test", size=1)
    async with database.connection() as connection:
        assert await connection.fetchval("SELECT 1") == 1
    await database.close()


@pytest.mark.parametrize("query", ["sslmode=verify-full", "sslmode=verify-full&sslrootcert=system"])
async def test_without_a_file_the_systems_authorities_are_asked(
    server: PgBouncer, database_url: str, authority: Path, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    with pytest.raises(StoreUnavailable, match="SSLCertVerificationError"):
        await schema.version(url(server, database_url, query))

    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    assert await schema.version(url(server, database_url, query)) == schema.newest()


async def test_a_strange_server_gets_no_word(server: PgBouncer, database_url: str, tmp_path: Path) -> None:
    other, _ = loopback_certificate(tmp_path)

    with pytest.raises(StoreUnavailable, match="SSLCertVerificationError"):
        await schema.migrate(url(server, database_url, f"sslmode=verify-full&sslrootcert={other}"))


async def test_missing_authorities_are_refused(server: PgBouncer, database_url: str, tmp_path: Path) -> None:
    missing = url(server, database_url, f"sslmode=verify-full&sslrootcert={tmp_path / 'none.pem'}")

    with pytest.raises(
        SettingsError, match="ROSTERING_DATABASE_URL: sslrootcert: expected a file that can be read"
    ):
        await schema.migrate(missing)


async def test_a_connection_over_tls_that_swallows_everything_ends_too(
    server: PgBouncer, database_url: str, authority: Path
) -> None:
    async with proxied(("127.0.0.1", server.port)) as proxy, asyncio.timeout(20):
        query = f"sslmode=verify-full&sslrootcert={authority}"
        dark = url(PgBouncer(proxy.port), database_url, query)
        database = Database(dark, name="test", size=1, times=QUICK)
        async with database.connection() as connection:
            await connection.fetchval("SELECT 1")
        proxy.swallow_open_connections()

        with pytest.raises(StoreUnavailable):
            async with database.connection() as connection:
                await connection.fetchval("SELECT 1")
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT 1") == 1
        await database.close()
