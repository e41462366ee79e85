"""The link that opens a console without users, as the program prints it on a terminal."""

from __future__ import annotations

import asyncio
import os
import pty
import re
from pathlib import Path

import aiohttp

from tests.acceptance.program import PROGRAM, REPOSITORY, Site


async def test_a_worker_at_a_terminal_prints_a_link_to_its_console(tmp_path: Path, database_url: str) -> None:
    site = Site(tmp_path, None, database_url)
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *PROGRAM,
        *("run", "--stages", "http,evaluate"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=theirs,
        env=site.environment() | {"COLUMNS": "200"},
        cwd=REPOSITORY,
    )
    os.close(theirs)
    printed = ""

    def read() -> str:
        try:
            return os.read(ours, 65536).decode(errors="replace")
        except OSError:
            return ""

    async with asyncio.timeout(60):
        while (found := re.search(r"(http://127\.0\.0\.1:\d+)(/open/[\w-]{43})\s", printed)) is None:
            more = await asyncio.to_thread(read)
            assert more, printed
            printed += more
    async with aiohttp.ClientSession(found[1], cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
        async with session.get("/") as before:
            refused = before.status
        async with session.get(found[2]) as page:
            opened, path = page.status, page.url.path
    async with aiohttp.ClientSession(found[1]) as other, other.get(found[2]) as again:
        used = again.status
    process.terminate()
    reading = asyncio.create_task(asyncio.to_thread(read))
    code = await asyncio.wait_for(process.wait(), 60)
    await reading
    os.close(ours)

    assert (refused, opened, path, used, code) == (401, 200, "/", 401, 0)
    assert printed.count(found[2]) == 1


async def test_without_a_terminal_no_link_is_written_into_the_log(tmp_path: Path, database_url: str) -> None:
    site = Site(tmp_path, None, database_url)
    async with site.worker("--stages", "http,evaluate") as worker:
        url = await worker.url()
        async with aiohttp.ClientSession(url, cookie_jar=aiohttp.CookieJar(unsafe=True)) as session:
            await site.open_console(session)
            async with session.get("/") as page:
                assert page.status == 200

    assert "/open/" not in "".join(worker.lines).replace("/open/{token}", "")
