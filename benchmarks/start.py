"""How much processor time a command takes to start, beside a bare import of the libraries that it needs.

`rostering --help`, and `rostering districts` on an empty database, are run in turns with an interpreter that
only imports.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Final

from benchmarks import programs
from benchmarks.costs import Cost, compared, ratio
from benchmarks.servers import Server

ROUNDS: Final = 20
ALLOWED: Final = 3.0
"""Of processor time, for each command."""
NEEDS: Final = {
    "--help": "import click",
    "districts": "import asyncpg, click, orjson, pydantic, rich.table, structlog, tenacity, uvloop",
}


async def measure(server: Server) -> bool:
    """Print what each costs and the ratios; return whether the greater is small enough."""
    return await compare(server, ROUNDS) <= ALLOWED


async def compare(server: Server, rounds: int) -> float:
    """Print what each costs; return the greater of the ratios of processor time."""
    async with server.database() as url, programs.environment(url) as settings:
        return max([await asyncio.to_thread(_compare, settings, command, rounds) for command in NEEDS])


def _compare(settings: Mapping[str, str], command: str, rounds: int) -> float:
    ways = ([*programs.PROGRAM, command], [sys.executable, "-c", NEEDS[command]])
    costs: tuple[list[Cost], list[Cost]] = ([], [])
    for number in range(rounds):
        for place in (0, 1) if number % 2 else (1, 0):
            costs[place].append(_run(ways[place], settings))
    compared(f"rostering {command}", costs[0], NEEDS[command], costs[1])
    return ratio(*costs)[1]


def _run(command: Sequence[str], settings: Mapping[str, str]) -> Cost:
    started = time.perf_counter()
    process = subprocess.Popen(command, env=dict(settings), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, command
    return Cost(wall, used.ru_utime + used.ru_stime, 0)
