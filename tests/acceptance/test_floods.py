"""The program as it is installed, under connections that ask for nothing and requests that ask too much."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from tests.acceptance.program import Site

ATTACKERS = 300
SOON = 9.0


async def test_floods_hold_up_neither_probes_nor_the_page(tmp_path: Path, database_url: str) -> None:
    site = Site(tmp_path, None, database_url, {"HTTP__PROBES_PORT": "0"})
    async with site.worker("--stages", "http,evaluate") as worker:
        started = await worker.logged("worker.started")
        place = urlsplit(started["url"])
        await until_ready(started["probes"])
        sockets = await asyncio.gather(
            *(asyncio.open_connection(place.hostname, place.port) for _ in range(ATTACKERS))
        )
        for _, writer in sockets:
            writer.write(b"GET / HTTP/1.1\r\nX-Slow: ")
        async with aiohttp.ClientSession() as session:
            flood = [asyncio.create_task(status(session, f"{started['url']}metrics")) for _ in range(90)]
            slowest = 0.0
            for path in ("live", "ready", "metrics") * 5:
                begun = time.perf_counter()
                assert await status(session, f"{started['probes']}{path}") == 200
                slowest = max(slowest, time.perf_counter() - begun)
            flooded = await asyncio.gather(*flood)
        for _, writer in sockets:
            writer.close()
        await asyncio.gather(*(writer.wait_closed() for _, writer in sockets), return_exceptions=True)

    assert slowest < SOON
    assert set(flooded) == {200}


async def until_ready(url: str) -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as session:
        while await status(session, f"{url}ready") != 200:  # noqa: ASYNC110 — a probe tells nobody who waits
            await asyncio.sleep(0.1)


async def status(session: aiohttp.ClientSession, url: str) -> int:
    async with session.get(url) as answer:
        await answer.read()
        return answer.status
