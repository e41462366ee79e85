"""What a search for section filters costs: time and memory of `filter suggest`, as people run it.

A district of `BENCH_STUDENTS` (50,000) with several habits and some noise is put into the store. The
limits are those promised for 50,000 and for 1,000,000 students.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from benchmarks.surroundings import Server

sys.path.append(str(Path(__file__).parent.parent / "tests"))  # where districts are generated

from habits.large import load, rows

STUDENTS = int(os.environ.get("BENCH_STUDENTS", "50000"))
SECONDS = 15 if STUDENTS <= 50_000 else 300
MEMORY_MB = 2000
SHARE = 0.95
"""Of the students that the best rule must give one class: what is left to it by the noise, and a little."""
DISTRICT = "5f0000000000000000000001"


async def measure(server: Server) -> bool:
    """Print seconds, memory and coverage; return whether all were within the limits."""
    async with server.database() as url:
        loaded = await load(url, DISTRICT, rows(STUDENTS))
        print(f"  {STUDENTS:,} students, {loaded:,} records")
        seconds, memory, found = await asyncio.to_thread(_run, url)
    if not found:
        print("  no suggestion")
        return False
    first = found[0]
    share = first["coverage"]["exactly_one"] / sum(first["coverage"].values())
    print(f"  {seconds:.1f} s of {SECONDS}, {memory:.0f} MB of {MEMORY_MB}; cut short: {first['cut_short']}")
    for one in found:
        print(f"  {one['coverage']} {one['text'][:150]}")
    return seconds <= SECONDS and memory <= MEMORY_MB and share >= SHARE


def _run(url: str) -> tuple[float, float, list[dict[str, object]]]:
    """Run the program; return its seconds, its greatest resident memory in megabytes, what it printed."""
    program = (sys.executable, "-m", "worker", "filter", "suggest", DISTRICT, "--json")
    reading, writing = os.pipe()
    started = time.perf_counter()
    pid = os.posix_spawn(
        sys.executable,
        program,
        {**os.environ, "ROSTERING_DATABASE_URL": url},
        file_actions=[(os.POSIX_SPAWN_DUP2, writing, 1), (os.POSIX_SPAWN_CLOSE, reading)],
    )
    os.close(writing)
    with os.fdopen(reading) as output:
        printed = output.read()
    _, status, usage = os.wait4(pid, 0)
    if os.waitstatus_to_exitcode(status):
        raise RuntimeError(f"filter suggest ended with status {os.waitstatus_to_exitcode(status)}")
    return time.perf_counter() - started, usage.ru_maxrss / 1024, json.loads(printed)
