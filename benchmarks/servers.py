"""A database server for the benchmarks, with the durability that it has in production."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg

from worker.adapters.postgres import schema
from worker.adapters.postgres.embedded import EmbeddedPostgres


class Server:
    """An embedded PostgreSQL."""

    def __init__(self, url: str) -> None:
        self._url = url

    @asynccontextmanager
    async def database(self) -> AsyncIterator[str]:
        """Lend a migrated database."""
        name = f"bench_{uuid.uuid4().hex}"
        await self._execute(f"CREATE DATABASE {name}")
        url = self._url.replace("/postgres?", f"/{name}?")
        await schema.migrate(url)
        try:
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
