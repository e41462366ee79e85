"""The program itself, as people run it: the sandbox that plays Clever, and workers whose log is followed."""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import aiohttp

PROGRAM: Final = (sys.executable, "-m", "worker")
HOMEROOM: Final = '{"rules":[{"all":[{"field":"name","op":"contains","value":"homeroom"}]}]}'
PATIENCE_SECONDS: Final = 1800
_LINE_BYTES: Final = 2**20


@asynccontextmanager
async def sandbox(students: int) -> AsyncIterator[tuple[str, str]]:
    """Lend a sandbox of one district; gives its address and the district's id."""
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "sandbox", "--port", "0", "--districts", "1", "--students", str(students)),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout is not None
        address = re.search(r"http://\S+", (await process.stdout.readline()).decode())
        assert address is not None
        draining = asyncio.create_task(process.stdout.read())
        async with aiohttp.ClientSession() as session, session.get(f"{address[0]}/sandbox") as answer:
            (district,) = (await answer.json())["districts"]
        yield address[0], district["id"]
        process.terminate()
        await draining
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


@asynccontextmanager
async def environment(url: str, address: str | None = None, **settings: str) -> AsyncIterator[dict[str, str]]:
    """Lend the environment of a worker on a database, with a folder of its own.

    `address` is that of a sandbox for Clever; further settings are named without their prefix.
    """
    with tempfile.TemporaryDirectory(prefix="rostering-bench-") as folder:
        settings |= {"DATABASE_URL": url, "DATA_DIR": folder, "HTTP__PORT": "0"}
        if address is not None:
            settings |= {
                "CLEVER__API_URL": address,
                "CLEVER__CLIENT_ID": "sandbox",
                "CLEVER__CLIENT_SECRET": "sandbox",
            }
        yield os.environ | {f"ROSTERING_{name}": value for name, value in settings.items()}


async def set_filter(settings: Mapping[str, str], district_id: str) -> None:
    """Let the homerooms count, and nothing else."""
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "filter", "set", district_id, "-"),
        env=dict(settings),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    await process.communicate(HOMEROOM.encode())
    assert process.returncode == 0


async def open_console(settings: Mapping[str, str], session: aiohttp.ClientSession, address: str) -> None:
    """Open the console with a link, as a person does where there are no users yet.

    The session is then good for every process on the same database and host.
    """
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "users", "link"), env=dict(settings), stdout=asyncio.subprocess.PIPE
    )
    printed, _ = await process.communicate()
    path = re.search(r"/open/\S+", printed.decode())
    assert path is not None, process.returncode
    async with session.get(address + path[0]) as answer:
        assert answer.status == 200, answer.status


class Running:
    """A worker that runs, and what its log has said so far."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.pid = process.pid
        self._process = process
        self._said: list[tuple[float, dict[str, Any]]] = []
        self._more = asyncio.Event()

    async def follow(self) -> None:
        """Read the log, to its end."""
        assert self._process.stderr is not None
        async for line in self._process.stderr:
            record = json.loads(line)
            if record["event"] != "http.request":
                self._said.append((time.perf_counter(), record))
                self._more.set()

    def count(self, event: str) -> int:
        """Return how many lines of this kind the log has."""
        return sum(record["event"] == event for _, record in self._said)

    async def said(self, event: str, after: float = 0) -> tuple[float, dict[str, Any]]:
        """Wait for a line of the log that came after an instant; return when it came, and the line."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                self._more.clear()
                for moment, record in self._said:
                    if record["event"] == event and moment > after:
                        return moment, record
                await self._more.wait()


@asynccontextmanager
async def worker(settings: Mapping[str, str], *arguments: str) -> AsyncIterator[Running]:
    """Lend a worker that has started."""
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "run", *arguments),
        env=dict(settings),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        limit=_LINE_BYTES,
    )
    running = Running(process)
    following = asyncio.create_task(running.follow())
    try:
        await running.said("worker.started")
        yield running
    finally:
        process.kill()
        await process.wait()
        await following
