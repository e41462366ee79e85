"""How fast the pages of a district of 200,000 students answer, while the district is read and judged.

Two processes serve the console from one database: a worker with all of its stages, which reads the district
whole from the sandbox meanwhile, and one that only serves. They are asked in turns, one page after the other:
idle, while a baseline is read, while it is adopted and judged, and while another filter has all of it judged
anew and committed. `/live`, which needs no database, is asked beside it twenty times a second: what it
waits is how long a process hears nobody. What counts is the median of the district's page under the baseline.
"""

from __future__ import annotations

import asyncio
import os
import re
import statistics
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Final

import aiohttp

from benchmarks import programs
from benchmarks.servers import Server

STUDENTS: Final = int(os.environ.get("BENCH_STUDENTS", "200000"))
ALLOWED_MS: Final = 300
IDLE_SECONDS: Final = 20
HEARING_SECONDS: Final = 0.05
DISTRICT: Final = "/districts/{district}"
BESIDE: Final = ("/", *(f"{DISTRICT}/{page}" for page in ("findings", "sections", "plan", "history")))
LIVE: Final = "/live"
WHERE: Final = ("all stages", "http alone")
Address = tuple[str, str]
"""Which of the two processes, and where it serves."""


@dataclass
class Asked:
    """How long answers took, in seconds, by phase, process and page."""

    phase: str = ""
    seconds: dict[tuple[str, str, str], list[float]] = field(default_factory=lambda: defaultdict(list))

    async def get(self, session: aiohttp.ClientSession, server: Address, page: str, path: str) -> None:
        """Ask for a page once."""
        where, address = server
        phase, started = self.phase, time.perf_counter()
        async with session.get(address + path) as answer:
            await answer.read()
            assert answer.status == 200, (page, answer.status)
        self.seconds[phase, where, page].append(time.perf_counter() - started)

    def of(self, phase: str, where: str, page: str) -> list[float]:
        """Return the times of a page, sorted."""
        return sorted(self.seconds[phase, where, page])


async def measure(server: Server) -> bool:
    """Print median, ninth decile and worst of each page; return whether the district's page was in time."""
    async with (
        server.database() as url,
        programs.sandbox(STUDENTS) as (address, district_id),
        programs.environment(url, address) as settings,
        programs.environment(url, address) as others,
        programs.worker(settings) as worker,
        programs.worker(others, "--stages", "http") as http,
        aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as session,
    ):
        servers = [
            (where, str((await one.said("worker.started"))[1]["url"]).rstrip("/"))
            for where, one in zip(WHERE, (worker, http), strict=True)
        ]
        await programs.open_console(settings, session, servers[0][1])
        asked = Asked("arrival")
        hearing = partial(_heard, asked, session)
        async with _until_left(*map(hearing, servers)):
            decided, record = await worker.said("batch.decided")
        print(f"  {STUDENTS:,} students, {record['errors']:,} errors")
        asked.phase = "idle"
        async with _until_left(_pages(asked, session, servers, district_id), *map(hearing, servers)):
            await asyncio.sleep(IDLE_SECONDS)
            asked.phase = "baseline"
            await _resync(session, servers[0][1], district_id)
            read, _ = await worker.said("baseline.read", decided)
            asked.phase = "adoption"
            decided, _ = await worker.said("batch.decided", read)
            asked.phase = "judging"
            await programs.set_filter(settings, district_id)
            await worker.said("batch.decided", decided)
    return _told(asked)


@asynccontextmanager
async def _until_left(*asking: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Ask until left; a page that is refused ends it at once."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one) for one in asking]
        yield
        for task in tasks:
            task.cancel()


async def _pages(
    asked: Asked, session: aiohttp.ClientSession, servers: list[Address], district_id: str
) -> None:
    while True:
        for beside in BESIDE:
            for page in (DISTRICT, beside):
                for server in servers:
                    await asked.get(session, server, page, page.format(district=district_id))


async def _heard(asked: Asked, session: aiohttp.ClientSession, server: Address) -> None:
    while True:
        await asked.get(session, server, LIVE, LIVE)
        await asyncio.sleep(HEARING_SECONDS)


async def _resync(session: aiohttp.ClientSession, address: str, district_id: str) -> None:
    """Press the button: the district is read whole again by the worker."""
    where = f"{address}/districts/{district_id}"
    async with session.get(f"{where}/orders") as answer:
        token = re.search(r'name="form_token" value="([^"]+)"', await answer.text())
    assert token is not None, answer.status
    posting = session.post(f"{where}/resync", data={"form_token": token[1]}, headers={"Origin": address})
    async with posting as answer:
        assert answer.status == 200, answer.status


def _told(asked: Asked) -> bool:
    phases = dict.fromkeys(phase for phase, _, _ in asked.seconds)
    print(f"  {'ms: median, ninth decile, worst':34}" + "".join(f"{phase:>22}" for phase in phases))
    for where in WHERE:
        for page in (DISTRICT, *BESIDE, LIVE):
            cells = (_cell(asked.of(phase, where, page)) for phase in phases)
            name = page.replace("{district}", "…")
            print(f"  {where}: {name:{34 - len(where) - 2}}" + "".join(f"{cell:>22}" for cell in cells))
    medians = {
        (phase, where): 1000 * statistics.median(asked.of(phase, where, DISTRICT))
        for phase in ("idle", "baseline")
        for where in WHERE
    }
    for where in WHERE:
        under, idle = medians["baseline", where], medians["idle", where]
        print(
            f"  {where}: the district's page under a baseline {under:.0f} ms, {under / idle:.2f} of idle "
            f"(at most {ALLOWED_MS} ms)"
        )
    return all(medians["baseline", where] <= ALLOWED_MS for where in WHERE)


def _cell(seconds: list[float]) -> str:
    if not seconds:
        return "-"
    figures = statistics.median(seconds), seconds[int(0.9 * (len(seconds) - 1))], seconds[-1]
    return "{:6.0f} {:6.0f} {:6.0f}".format(*(1000 * one for one in figures))
