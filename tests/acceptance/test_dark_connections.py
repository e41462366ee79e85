"""Every open connection to the database swallows what it is given, and new ones are fine."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from tests.acceptance.program import Site, Worker
from tests.support.builders.records import ARRIVAL, SECOND_STUDENT, Json
from tests.support.servers.tcp_proxy import proxied, socket_of

SOON = 60.0
"""Seconds within which all is well again."""


async def test_it_is_told_and_work_goes_on_over_new_connections(database_url: str, tmp_path: Path) -> None:
    async with proxied(socket_of(database_url)) as proxy:
        dark = f"postgresql://postgres@127.0.0.1:{proxy.port}{urlsplit(database_url).path}?sslmode=disable"
        site = Site(tmp_path / "data", None, dark, {"WINDOW__QUIET_SECONDS": "0.5"})
        direct = Site(tmp_path / "data", None, database_url)
        async with site.worker() as worker:
            await worker.url()
            await publish(direct, tmp_path, ARRIVAL)
            await worker.logged("batch.decided")
            await until_ready(worker)

            proxy.swallow_open_connections()
            began = time.monotonic()
            await publish(direct, tmp_path, SECOND_STUDENT)
            second = await worker.logged("batch.decided", lambda line: line["sequence"] == 2, SOON)
            told = await worker.logged("stage.waiting", seconds=SOON)
            took = time.monotonic() - began
            await until_ready(worker)

    assert second["outcome"] == "commit"
    assert told["reason"].startswith("PostgreSQL: ")
    assert took < SOON
    assert worker.process.returncode == 0


async def publish(site: Site, folder: Path, events: list[Json]) -> None:
    """Publish events from a file."""
    file = folder / "events.ndjson"
    file.write_text("\n".join(json.dumps(event) for event in events))
    await site.done("publish", str(file))


async def until_ready(worker: Worker) -> None:
    """Ask `/ready` until each stage has come round."""
    async with asyncio.timeout(SOON), aiohttp.ClientSession() as session:
        while True:
            async with session.get(f"{await worker.url()}ready") as answer:
                if answer.status == 200:
                    return
            await asyncio.sleep(0.1)
