"""Connections to PostgreSQL that outlast the event loops of tests: they live in a loop in a thread.

A new connection is a process of the server that has yet to read its catalogs: for what is done to a database
when its test is over, this takes several times as long as the doing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from threading import Thread
from typing import TypeVar

import asyncpg

Result = TypeVar("Result")


class KeptConnections:
    """One connection to each database, opened when it is first asked for."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="kept connections", daemon=True)
        self._open: dict[str, asyncpg.Connection] = {}

    async def do(self, url: str, work: Callable[[asyncpg.Connection], Awaitable[Result]]) -> Result:
        """Do some work over the connection to a database; a test may have ended it."""

        async def done() -> Result:
            kept = self._open.get(url)
            if kept is None or kept.is_closed():
                kept = self._open[url] = await asyncpg.connect(url)
            return await work(kept)

        if not self._thread.is_alive():
            self._thread.start()
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(done(), self._loop))

    def close(self) -> None:
        """End all connections."""
        if self._thread.is_alive():
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop.close()

    async def _end(self) -> None:
        for kept in self._open.values():
            kept.terminate()
        await asyncio.sleep(0)  # a transport closes in the loop's next round
