"""A database server for the benchmarks, with the durability that it has in production."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from worker.adapters.postgres import schema
from worker.adapters.postgres.embedded import EmbeddedPostgres


class Server:
    """An embedded PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def database(self, like: str | None = None) -> AsyncIterator[str]:
        """Lend a migrated database, or a copy of one that has no connection, named by its URL."""
        name = f"bench_{uuid.uuid4().hex}"
        url = self._url.replace("/postgres?", f"/{name}?")
        template = f" TEMPLATE {urlsplit(like).path[1:]}" if like else ""
        await self._execute(f"CREATE DATABASE {name}{template}")
        try:
            if like is None:
                await schema.migrate(url)
            yield url
        finally:
            await self._execute(f"DROP DATABASE {name} WITH (FORCE)")

    async def _execute(self, statement: str) -> None:
        connection = await asyncpg.connect(self._url)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()


@asynccontextmanager
async def embedded_postgres(folder: Path) -> AsyncIterator[Server]:
    """Start an embedded PostgreSQL in a folder of its own."""
    embedded = EmbeddedPostgres(folder)
    try:
        yield Server(await embedded.start())
    finally:
        await embedded.stop()
