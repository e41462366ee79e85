"""Poll: find the connected districts and read them, one turn of one district at a time.

One process at a time has a district, by a lock that goes with the process. A district that Clever does not
answer for is tried again later and later, by itself; the others are not held up.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import structlog

from worker.pipeline.poll import connected_districts, feed, turn
from worker.pipeline.poll.connections import Connection
from worker.pipeline.poll.context import PollContext
from worker.runtime import logs
from worker.runtime.errors import BaselineRefused, CleverRefused, CleverUnavailable, StoreFailed, Unavailable
from worker.runtime.progress import Progress, no_progress
from worker.runtime.tracing import Span

LOOK_SECONDS: Final = 0.5
"""How often to look for a district that is due; nothing but time makes one so."""
PUT_OFF: Final = timedelta(seconds=30)
"""For how long others come first after a turn that the database failed."""
LONGEST_BACK_OFF: Final = timedelta(minutes=15)
DOUBLINGS: Final = 10


@dataclass(slots=True)
class ListStage:
    """Keeps the list of connected districts."""

    source: PollContext
    name: str = "poll.list"
    bound: float = 600.0
    """Seconds: see below."""

    async def once(self) -> bool:
        """Read the list of connected districts if it is due; return whether it was."""
        return await connected_districts.read_list(self.source)

    async def wait(self) -> None:
        """Return when it may be due."""
        await asyncio.sleep(LOOK_SECONDS)


@dataclass(slots=True)
class PollStage:
    """Takes turns of reading districts; several of these side by side read several."""

    source: PollContext
    progress: Callable[[str], Progress] | None = None
    name: str = "poll"
    bound: float = 600.0
    """Seconds: one question to Clever is asked again for up to two minutes, and later where it says so."""

    async def once(self) -> bool:
        """Take the turn of the district that has been due for longest; return whether there was one."""
        async with self.source.connections.turn() as connection:
            if connection is None:
                return False
            await self._take(connection)
        return True

    async def wait(self) -> None:
        """Return when a district may be due."""
        await asyncio.sleep(LOOK_SECONDS)

    async def _take(self, connection: Connection) -> None:
        with self.source.tracer.span("turn", district_id=connection.district_id) as span:
            await self._read(connection, span)

    async def _read(self, connection: Connection, span: Span) -> None:
        district_id = connection.district_id
        shown = self.progress(district_id) if self.progress else no_progress
        read, started = Counter[str](), time.perf_counter()

        def progress(what: str, count: int) -> None:
            read["events" if what == feed.READING else "records"] += count
            shown(what, count)

        after, problem = self._back_off(connection), None
        try:
            after = await turn.take(self.source, connection, progress)
        except (CleverUnavailable, CleverRefused) as error:
            problem = str(error)
        except turn.NotConnected:
            problem = "Clever has no token for it"
        except BaselineRefused as error:
            # The feed is followed meanwhile as if there had been no baseline.
            after, problem = self.source.pace.poll, str(error)
        except StoreFailed:
            # Not this district's fault, which counts nothing; but others come first for a while.
            with suppress(Unavailable):
                await self.source.connections.put_off(district_id, PUT_OFF)
            raise
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 — whatever it is, it must not stop the other districts
            problem = f"internal error: {type(error).__name__} at {logs.where(error)}"
            span.failed(error)
        span.set(outcome="failed" if problem else "done", events=read["events"], records=read["records"])
        self.source.metrics.turns.labels("failed" if problem else "done").inc()
        if problem is not None:
            structlog.get_logger().warning(
                "district.not_read",
                stage=self.name,
                district_id=district_id,
                reason=problem,
                again_seconds=round(after.total_seconds(), 1),
            )
        elif read.total():
            structlog.get_logger().info(
                "turn.ended",
                stage=self.name,
                district_id=district_id,
                events=read["events"],
                records=read["records"],
                seconds=round(time.perf_counter() - started, 3),
            )
        await self.source.connections.again(district_id, after, problem)

    def _back_off(self, connection: Connection) -> timedelta:
        """Return how long a district is left alone after a turn that failed: longer each time."""
        doubled: int = 2 ** min(connection.failures, DOUBLINGS)
        return min(self.source.pace.poll * doubled, LONGEST_BACK_OFF)
