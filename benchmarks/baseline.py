"""What a baseline of 200,000 students costs: how fast it reads, and in how much memory.

The sandbox serves the same pages twice: to a bare loop that only decodes them, and to a worker, which reads
them into the database and then adopts and judges the district. What counts is the worker's greatest
resident memory, and that its rows a second are told as a share of the bare loop's.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from benchmarks.surroundings import Server

STUDENTS = int(os.environ.get("BENCH_STUDENTS", "200000"))
MEMORY_MB = 400
COLLECTIONS = ("schools", "terms", "courses", "users", "sections")
PROGRAM = (sys.executable, "-m", "worker")
PATIENCE = 1800
HOMEROOM = '{"rules":[{"all":[{"field":"name","op":"contains","value":"homeroom"}]}]}'


async def measure(server: Server) -> bool:
    """Print rates, times and memory; return whether the memory stayed below the limit."""
    async with server.database() as url, _sandbox() as (address, district_id):
        rows, bare = await _bare(address)
        print(f"  bare loop: {rows:,} rows in {bare:.1f} s, {rows / bare:,.0f} rows/s")
        seen = await _worker(url, address, district_id)
    read, judged, peak, before = seen["read"], seen["judged"], seen["peak"], seen["before"]
    print(f"  worker reads: {rows:,} rows in {read:.1f} s, {rows / read:,.0f} rows/s")
    print(
        f"  a share of {bare / read:.0%} of the bare loop's rate; progress told of {seen['pages']:.0f} times"
    )
    print(f"  adopted, judged and committed in {judged:.1f} s more")
    print(f"  resident memory of the worker: {before:.0f} MB at its start, {peak:.0f} MB at most")
    return bool(peak < MEMORY_MB)


@asynccontextmanager
async def _sandbox() -> AsyncIterator[tuple[str, str]]:
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "sandbox", "--port", "0", "--districts", "1", "--students", str(STUDENTS)),
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


async def _bare(address: str) -> tuple[int, float]:
    """Read every page and decode it, and nothing else; return how many rows, in how many seconds."""
    credentials = base64.b64encode(b"sandbox:sandbox").decode()
    async with aiohttp.ClientSession() as session:
        where = f"{address}/oauth/tokens?owner_type=district"
        async with session.get(where, headers={"Authorization": f"Basic {credentials}"}) as answer:
            token = (await answer.json())["data"][0]["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        rows, started = 0, time.perf_counter()
        for collection in COLLECTIONS:
            path: str | None = f"/v3.1/{collection}?limit=10000"
            while path is not None:
                async with session.get(address + path) as answer:
                    page = orjson.loads(await answer.read())
                rows += len(page["data"])
                path = next((link["uri"] for link in page["links"] if link["rel"] == "next"), None)
        return rows, time.perf_counter() - started


async def _worker(url: str, address: str, district_id: str) -> dict[str, float]:
    """Run a worker until it has decided; return its seconds, and its memory in MB."""
    with tempfile.TemporaryDirectory(prefix="rostering-bench-") as folder:
        settings = {
            "DATABASE_URL": url,
            "DATA_DIR": folder,
            "HTTP__PORT": "0",
            "CLEVER__API_URL": address,
            "CLEVER__CLIENT_ID": "sandbox",
            "CLEVER__CLIENT_SECRET": "sandbox",
        }
        environment = os.environ | {f"ROSTERING_{name}": value for name, value in settings.items()}
        await _set_filter(environment, district_id)
        process = await asyncio.create_subprocess_exec(
            *(*PROGRAM, "run"),
            env=environment,
            stderr=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(PATIENCE):
                return await _until_decided(process)
        finally:
            # Not asked to stop: nobody reads its log any more, and it might wait for that.
            process.kill()
            await process.wait()


async def _set_filter(environment: dict[str, str], district_id: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(*PROGRAM, "filter", "set", district_id, "-"),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    await process.communicate(HOMEROOM.encode())
    assert process.returncode == 0


async def _until_decided(process: asyncio.subprocess.Process) -> dict[str, float]:
    """Follow the worker's log to its first decision."""
    assert process.stderr is not None
    times: dict[str, float] = {}
    figures = {"pages": 0.0, "before": 0.0}
    async for line in process.stderr:
        record: dict[str, Any] = json.loads(line)
        times.setdefault(record["event"], time.perf_counter())
        match record["event"]:
            case "worker.started":
                figures["before"] = _memory(process.pid, "VmRSS")
            case "baseline.page":
                figures["pages"] += 1
            case "batch.decided":
                assert record["outcome"] == "commit", record
                figures["peak"] = _memory(process.pid, "VmHWM")
                break
    read = times["baseline.read"] - times["baseline.begun"]
    return figures | {"read": read, "judged": times["batch.decided"] - times["baseline.read"]}


def _memory(process_id: int, what: str) -> float:
    """Return a figure of the kernel's on a process's memory, in MB."""
    found = re.search(rf"^{what}:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1000
