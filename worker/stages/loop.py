"""The loop that every stage runs in: do a piece of work, or wait for some; back off while others are away.

A loop may be stopped before it starts, twice, and in mid-work: the piece in hand is finished, no other is
begun. Being away (`Unavailable`) is no failure of ours: it is waited out, logged when it begins and ends.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Final, Protocol

import structlog

from worker.errors import IngestHalted, Unavailable
from worker.metrics import Metrics

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 15.0
"""Seconds between two attempts while somebody is away; jittered, so that a fleet does not knock at once."""


class Stage(Protocol):
    """A piece of the pipeline."""

    name: str

    async def once(self) -> bool:
        """Do one piece of work; return whether there was any. Raises `Unavailable`."""
        ...

    async def wait(self) -> None:
        """Return when there may be work again, within a second or so."""
        ...


class Stop:
    """A request to stop that many may wait for."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def set(self) -> None:
        """Ask everybody to stop; asking again changes nothing."""
        self._event.set()

    @property
    def requested(self) -> bool:
        """Whether somebody asked."""
        return self._event.is_set()

    async def wait(self) -> None:
        """Return once a stop is asked for."""
        await self._event.wait()

    async def sleep(self, seconds: float) -> None:
        """Sleep, or less where a stop is asked for."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._event.wait(), seconds)

    async def interrupt(self, waiting: Awaitable[None]) -> None:
        """Wait for `waiting`, or for the stop, whichever comes first."""
        tasks = [asyncio.ensure_future(waiting), asyncio.ensure_future(self._event.wait())]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        if isinstance(results[0], Exception):
            raise results[0]


class Health:
    """Whether each stage gets on, for `/ready`, the metrics and the watchdog to see."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._trouble: dict[str, Exception | str] = {}
        self._metrics = metrics

    def starting(self, parts: Iterable[str]) -> None:
        """Say that these parts have not worked yet."""
        starting = [part for part in parts if part != "http"]
        self._trouble |= dict.fromkeys(starting, "starting")
        for part in starting:
            self._measure(part, up=False)

    def ok(self, part: str) -> None:
        """Say that a part works."""
        self._trouble.pop(part, None)
        self._measure(part, up=True)

    def trouble(self, part: str, error: Exception) -> None:
        """Say that a part does not work, and why."""
        self._trouble[part] = error
        self._measure(part, up=False)

    def cause(self, part: str) -> Exception | str | None:
        """Return why a part does not work; None where it does."""
        return self._trouble.get(part)

    @property
    def problems(self) -> dict[str, str]:
        """The parts that do not work, each with why in a few words."""
        return {part: str(cause) for part, cause in self._trouble.items()}

    def _measure(self, part: str, *, up: bool) -> None:
        if self._metrics is None:
            return
        self._metrics.stage_up.labels(part).set(up)
        if up:
            self._metrics.stage_last_worked.labels(part).set_to_current_time()


class BackOff:
    """Delays that double, with jitter, up to a longest one."""

    def __init__(self, jitter: Callable[[], float] = random.random) -> None:
        self._jitter = jitter
        self._delay = FIRST_DELAY

    def next(self) -> float:
        """Return how long to wait now."""
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST_DELAY)
        return delay * (0.5 + self._jitter() / 2)

    def reset(self) -> None:
        """Begin again with the shortest delay."""
        self._delay = FIRST_DELAY


async def run(stage: Stage, stop: Stop, health: Health) -> None:
    """Run a stage until a stop is asked for."""
    log = structlog.get_logger().bind(stage=stage.name)
    back_off = BackOff()
    away = False
    while not stop.requested:
        try:
            worked = await stage.once()
            if not worked:
                await stop.interrupt(stage.wait())
        except Unavailable as error:
            if not away:
                log.warning("stage.waiting", reason=str(error))
            away = True
            health.trouble(stage.name, error)
            await stop.sleep(back_off.next())
            continue
        except IngestHalted as error:
            # For good, and for a person: the process stays up to say so, and consumes nothing.
            log.error("stage.halted", reason=str(error))  # noqa: TRY400 — our own error: its text says it all
            health.trouble(stage.name, error)
            await stop.wait()
            continue
        if away:
            log.info("stage.resumed")
        away = False
        health.ok(stage.name)
        back_off.reset()
