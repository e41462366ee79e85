"""What a piece of work costs: wall time, and processor time of a process and of PostgreSQL.

Processor time says more than wall time on a machine that others use too. That of PostgreSQL is the time of
the backends that the clients of one database have. A backend that ends before it is read is not counted, nor
are those of connections named `BENCH`, which prepare what is measured.
"""

from __future__ import annotations

import os
import re
import statistics
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

import asyncpg

_NANOSECOND: Final = 1e-9
BENCH: Final = "bench"
_BACKENDS: Final = """
    SELECT pid FROM pg_stat_get_activity(NULL) AS a JOIN pg_database AS d ON d.oid = a.datid
    WHERE d.datname = current_database() AND a.backend_type = 'client backend'
      AND a.application_name <> ALL ($1::text[])"""


@dataclass(frozen=True)
class Cost:
    """Seconds of wall time, of a process, and of the backends."""

    wall: float
    own: float
    backends: float

    @property
    def processor(self) -> float:
        """Seconds of processor time in all."""
        return self.own + self.backends

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.wall + other.wall, self.own + other.own, self.backends + other.backends)

    def __str__(self) -> str:
        backends = f" and {_seconds(self.backends)} in PostgreSQL" if self.backends else ""
        return f"{_seconds(self.wall)}, of the processor {_seconds(self.own)}{backends}"


NOTHING: Final = Cost(0, 0, 0)


@dataclass(frozen=True)
class Reading:
    """What was used up to a moment."""

    moment: float
    own: float
    backends: dict[int, float]

    def until(self, later: Reading) -> Cost:
        """Return what was used between two readings."""
        backends = sum(used - self.backends.get(pid, 0) for pid, used in later.backends.items())
        return Cost(later.moment - self.moment, later.own - self.own, backends)


class Meter:
    """Reads what a process and the backends of a database have used; this process if none is named."""

    def __init__(
        self,
        connection: asyncpg.Connection[asyncpg.Record],
        process_id: int | None = None,
        left_out: Sequence[str] = (BENCH,),
    ) -> None:
        self._connection = connection
        self._process_id = process_id or os.getpid()
        self._left_out = left_out

    async def read(self) -> Reading:
        """Return what was used so far; the moment of it is when this was called."""
        moment = time.perf_counter()
        own = _used(self._process_id)
        pids = [row["pid"] for row in await self._connection.fetch(_BACKENDS, self._left_out)]
        return Reading(moment, own, {pid: used for pid in pids if (used := _scheduled(pid)) is not None})

    @asynccontextmanager
    async def measuring(self, costs: list[Cost]) -> AsyncIterator[None]:
        """Add to `costs` what is used inside the context."""
        before = await self.read()
        started = Reading(time.perf_counter(), before.own, before.backends)
        yield
        costs.append(started.until(await self.read()))


def median(costs: Sequence[Cost]) -> Cost:
    """Return the median of each figure."""
    return Cost(*map(statistics.median, zip(*map(astuple, costs), strict=True)))


def ratio(costs: Iterable[Cost], floors: Iterable[Cost]) -> tuple[float, float]:
    """Return the medians of the ratios, of wall time and of processor time, of costs measured in pairs."""
    pairs = list(zip(costs, floors, strict=True))
    return (
        statistics.median(cost.wall / floor.wall for cost, floor in pairs),
        statistics.median(cost.processor / floor.processor for cost, floor in pairs),
    )


def compared(what: str, costs: Sequence[Cost], floor: str, floors: Sequence[Cost]) -> None:
    """Print the medians of both, and the ratios."""
    wall, processor = ratio(costs, floors)
    print(f"  {what}: {median(costs)}")
    print(f"    {floor}: {median(floors)}")
    print(f"    ratio: {wall:.1f} of wall time, {processor:.1f} of processor time")


def memory(process_id: int, what: str) -> float:
    """Return a figure of the kernel's on a process's memory, in MB."""
    found = re.search(rf"^{what}:\s+(\d+) kB", Path(f"/proc/{process_id}/status").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1]) / 1000


def _used(process_id: int) -> float:
    """Return the seconds that all threads of a process used, those that ended too."""
    return time.clock_gettime((~process_id << 3) | 2)  # what clock_getcpuclockid(3) gives


def _scheduled(process_id: int) -> float | None:
    """Return the seconds that a process of one thread used; None once it has ended."""
    try:
        return int(Path(f"/proc/{process_id}/schedstat").read_text().split()[0]) * _NANOSECOND
    except (FileNotFoundError, ProcessLookupError):
        return None


def _seconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
