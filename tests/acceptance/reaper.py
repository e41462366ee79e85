"""Workers of which one is killed every now and then, at a moment drawn by chance."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from tests.acceptance.program import Site, Worker


class Fleet:
    """Workers that are started anew when they are killed."""

    def __init__(self, site: Site, workers: int, seed: int) -> None:
        self._environment = site.environment()
        self._count = workers
        self._rng = random.Random(seed)  # noqa: S311 — reproducible deaths
        self._workers: list[Worker] = []
        self.killed = 0

    async def start(self) -> None:
        """Start all of them."""
        self._workers = [await Worker.start(self._environment) for _ in range(self._count)]

    async def reap(self, shortest: float, longest: float) -> None:
        """Kill one after the other until cancelled, each so many seconds after it has begun to work."""
        while True:
            victim = self._rng.randrange(self._count)
            await self._workers[victim].logged("worker.started", seconds=120)
            await asyncio.sleep(self._rng.uniform(shortest, longest))  # the beat of the deaths themselves
            self._workers[victim].kill()
            assert await self._workers[victim].process.wait() == -signal.SIGKILL, "it ended by itself"
            self.killed += 1
            self._workers[victim] = await Worker.start(self._environment)

    async def end(self) -> None:
        """Kill those that are alive."""
        for worker in self._workers:
            worker.kill()
        await asyncio.gather(*(worker.process.wait() for worker in self._workers))


@asynccontextmanager
async def dying_workers(
    site: Site, workers: int, *, shortest: float, longest: float, seed: int = 1
) -> AsyncIterator[Fleet]:
    """Run workers of which one is killed every now and then while the context is open."""
    fleet = Fleet(site, workers, seed)
    await fleet.start()
    try:
        async with running_beside(fleet.reap(shortest, longest)):
            yield fleet
    finally:
        await fleet.end()


@asynccontextmanager
async def running_beside(endless: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Run what only ends by being cancelled while the context is open; raises what it raised before that."""
    running = asyncio.create_task(endless)
    try:
        yield
    finally:
        running.cancel()
        await asyncio.wait([running])
    assert running.cancelled(), running.exception()
