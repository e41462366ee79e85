"""What a baseline of 200,000 students costs: how fast it reads, and in how much memory.

The sandbox serves the same pages twice: to a bare loop that only decodes them, and to a worker, which reads
them into the database and then adopts and judges the district. What counts is the worker's greatest
resident memory, and that its rows a second are told as a share of the bare loop's.
"""

from __future__ import annotations

import base64
import os
import time

import aiohttp
import orjson

from benchmarks import programs
from benchmarks.costs import memory
from benchmarks.servers import Server

STUDENTS = int(os.environ.get("BENCH_STUDENTS", "200000"))
MEMORY_MB = 400
COLLECTIONS = ("schools", "terms", "courses", "users", "sections")


async def measure(server: Server) -> bool:
    """Print rates, times and memory; return whether the memory stayed below the limit."""
    async with server.database() as url, programs.sandbox(STUDENTS) as (address, district_id):
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
    async with programs.environment(url, address) as settings:
        await programs.set_filter(settings, district_id)
        async with programs.worker(settings) as worker:
            before = memory(worker.pid, "VmRSS")
            begun, _ = await worker.said("baseline.started")
            read, _ = await worker.said("baseline.read")
            decided, record = await worker.said("batch.decided")
            peak = memory(worker.pid, "VmHWM")
    assert record["outcome"] == "commit", record
    pages = float(worker.count("baseline.page"))
    return {"pages": pages, "before": before, "peak": peak, "read": read - begun, "judged": decided - read}
