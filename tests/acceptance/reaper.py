"""Workers of which one is killed every now and then, after as much work as chance draws."""

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
        self._losses = asyncio.Semaphore(0)
        self.killed = 0

    async def start(self) -> None:
        """Start all of them."""
        self._workers = [await Worker.start(self._environment) for _ in range(self._count)]

    def lose_one(self) -> None:
        """Have one of them killed before long."""
        self._losses.release()

    async def reap(self, lines: int) -> None:
        """Kill one for each that is to be lost, when it has logged up to so many lines of its work.

        By what was done, and not by the clock: on a busy machine a second is no time for any work.
        """
        while True:
            await self._losses.acquire()
            victim = self._rng.randrange(self._count)
            await self._workers[victim].logged("worker.started", seconds=120)
            await self._workers[victim].wrote(self._rng.randint(1, lines))
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
async def dying_workers(site: Site, workers: int, *, lines: int, seed: int = 1) -> AsyncIterator[Fleet]:
    """Run workers while the context is open; `lose_one` has one of them killed, and started anew."""
    fleet = Fleet(site, workers, seed)
    await fleet.start()
    try:
        async with running_beside(fleet.reap(lines)):
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
