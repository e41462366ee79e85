"""What a worker logs while what it depends on is away: one line a minute, and nothing of its libraries'."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.acceptance.program import Site

ATTEMPTS = 5


class Refusing:
    """A server that hangs up on everybody."""

    def __init__(self) -> None:
        self.port = 0
        self._left = asyncio.Semaphore(0)

    async def refused(self, times: int) -> None:
        """Return once it has hung up so often."""
        for _ in range(times):
            await self._left.acquire()

    async def hang_up(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Close a connection at once."""
        writer.close()
        self._left.release()


@asynccontextmanager
async def refusing() -> AsyncIterator[Refusing]:
    server = Refusing()
    listening = await asyncio.start_server(server.hang_up, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


@pytest.mark.parametrize(
    ("away", "error"), [("broker", "BrokerUnavailable"), ("database", "StoreUnavailable")]
)
async def test_what_is_away_at_the_start_is_one_line_however_often_it_is_tried(
    database_url: str, tmp_path: Path, away: str, error: str
) -> None:
    async with refusing() as server:
        broker = f"amqp://guest:guest@127.0.0.1:{server.port}/"
        database = f"postgresql://postgres@127.0.0.1:{server.port}/nothing?sslmode=disable"
        site = {"broker": Site(tmp_path, broker, database_url), "database": Site(tmp_path, None, database)}[
            away
        ]
        async with site.worker() as worker:
            await worker.logged("worker.waiting")
            async with asyncio.timeout(60):
                await server.refused(ATTEMPTS)
            lines = [line for line in worker.records if line.get("level") != "info"]

    assert [(line.get("event"), line["error"]) for line in lines] == [("worker.waiting", error)], lines
