"""The loop that every stage runs in: do a piece of work, or wait for some; back off after an error.

A loop may be stopped before it starts, twice, and in mid-work: the piece in hand is finished, no other is
begun. What is away (`Unavailable`) is waited out. Any other error is written down with its place, counted and
tried again, later and later, and ends nothing: neither this loop nor the others. Only what no repetition can
mend ends the loop, and with it the process: a setting, or the schema of another version.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Hashable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import Final, Protocol, TypeVar

import structlog

from worker.runtime import logs
from worker.runtime.errors import (
    IngestHalted,
    SchemaVersionError,
    SettingsError,
    StageFailed,
    StageStalled,
    StoreFailed,
    Unavailable,
    UsageError,
)
from worker.runtime.heartbeat import Life
from worker.runtime.metrics import Metrics
from worker.runtime.repeated_lines import Repeats, same_wait

Result = TypeVar("Result")

FIRST_DELAY: Final = 0.2
LONGEST_DELAY: Final = 15.0
"""Seconds between two attempts while somebody is away; jittered, so that a fleet does not knock at once."""
BOUND_SECONDS: Final = 180.0
"""Without a sign of life for so long, a piece of work is given up; a stage may have a `bound` of its own.

An answer of the database is a sign, and so is its word that it still works on a statement.
"""


class Stage(Protocol):
    """A piece of the pipeline."""

    name: str

    async def once(self) -> bool:
        """Do one piece of work; return whether there was any. Raises `Unavailable`."""

    async def wait(self) -> None:
        """Return when there may be work again, within a second or so."""


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
            was_cancelled = tasks[0].cancelled()  # by a library: not by us, who do it below
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        if was_cancelled:
            raise StageFailed("what a stage waited for was cancelled")
        if isinstance(results[0], Exception):
            raise results[0]


class Health:
    """Whether each stage gets on, for `/ready`, the metrics and the watchdog to see.

    Several loops may do the same stage; it gets on if all of them do. `loop` tells them apart.
    """

    def __init__(self, metrics: Metrics | None = None) -> None:
        self._trouble: dict[str, dict[Hashable, Exception | str]] = {}
        self._since: dict[str, float] = {}
        self._metrics = metrics
        self.repeats = Repeats()

    def starting(self, parts: Iterable[str]) -> None:
        """Say that these parts have not worked yet."""
        for part in parts:
            if part != "http":
                self._trouble.setdefault(part, {})[None] = "starting"
                self._measure(part)

    def ok(self, part: str, loop: Hashable = None) -> None:
        """Say that a part works."""
        loops = self._trouble.get(part, {})
        loops.pop(None, None)
        loops.pop(loop, None)
        if not loops:
            self._trouble.pop(part, None)
            self._since.pop(part, None)
        self._measure(part)

    def trouble(self, part: str, error: Exception, loop: Hashable = None) -> None:
        """Say that a part does not work, and why."""
        self._trouble.setdefault(part, {})[loop] = error
        self._since.setdefault(part, time.monotonic())
        self._measure(part)

    def failed(self, part: str) -> None:
        """Count an error that nobody foresaw."""
        if self._metrics is not None:
            self._metrics.stage_errors.labels(part).inc()

    def cause(self, part: str) -> Exception | str | None:
        """Return why a part does not work; None where it does."""
        return next(iter(self._trouble.get(part, {}).values()), None)

    @property
    def problems(self) -> dict[str, str]:
        """The parts that do not work, each with why in a few words."""
        return {part: str(self.cause(part)) for part in self._trouble}

    def failing(self) -> dict[str, tuple[float, str]]:
        """Return the parts that fail, or have halted, with for how many seconds they have, and why.

        What only waits for somebody who is away is none of them.
        """
        found: dict[str, tuple[float, str]] = {}
        for part, causes in self._trouble.items():
            errors = [cause for cause in causes.values() if isinstance(cause, StageFailed | IngestHalted)]
            if errors:
                found[part] = (time.monotonic() - self._since[part], str(errors[0]))
        return found

    def _measure(self, part: str) -> None:
        if self._metrics is None:
            return
        up = part not in self._trouble
        self._metrics.stage_up.labels(part).set(up)
        if up:
            self._metrics.stage_last_worked.labels(part).set_to_current_time()


def retry_after(attempts: int, first: float, longest: float) -> timedelta:
    """Return how long to wait after so many attempts: `first` seconds, then twice as long each time."""
    delay = min(first * 2 ** min(attempts - 1, 10), longest)
    return timedelta(seconds=delay * random.uniform(0.5, 1))  # noqa: S311 — jitter is no secret


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


async def when_there(attempt: Callable[[], Awaitable[Result]], stop: Stop, health: Health) -> Result | None:
    """Return what `attempt` gives once it gives anything; None where a stop came first.

    Database and broker may well be started after us, or fail in any way; what a person must put right
    still raises.
    """
    back_off = BackOff()
    while not stop.requested:
        try:
            return await attempt()
        except UsageError:
            raise
        except Exception as error:  # noqa: BLE001 — nothing that may pass ends a process that starts
            if health.repeats.passes("worker.waiting", type(error).__name__) is not None:
                structlog.get_logger().warning("worker.waiting", **logs.shown(error))
            await stop.sleep(back_off.next())
    return None


async def run(stage: Stage, stop: Stop, health: Health) -> None:
    """Run a stage until a stop is asked for; raises `SettingsError` and `SchemaVersionError` alone."""
    loop = _Loop(stage, stop, health)
    while not stop.requested:
        await loop.turn()


class _Loop:
    """The turns of one stage, and what becomes of their errors."""

    def __init__(self, stage: Stage, stop: Stop, health: Health) -> None:
        self._stage = stage
        self._stop = stop
        self._health = health
        self._back_off = BackOff()
        self._was_logged = False
        self._bound: float = getattr(stage, "bound", BOUND_SECONDS)
        self._log = structlog.get_logger().bind(stage=stage.name)

    async def turn(self) -> None:
        """Do a piece of work, or wait for some, or back off."""
        try:
            async with Life(self._bound, self._stalled):
                worked = await self._stage.once()
            if not worked:
                await self._stop.interrupt(self._stage.wait())
        except (SettingsError, SchemaVersionError):
            raise
        except IngestHalted as error:
            # For good, and for a person: the process stays up to say so, and consumes nothing.
            self._log.error("stage.halted", reason=str(error))
            self._health.trouble(self._stage.name, error, self)
            await self._stop.wait()
        except StoreFailed as error:
            await self._failed(error)
        except Unavailable as error:
            line = same_wait(error)
            self._log_line(logging.WARNING, "stage.waiting", line, reason=str(error))
            await self._pause(error)
        except asyncio.CancelledError as error:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            await self._failed(error)  # a library cancelled what it had in hand, and nobody us
        except Exception as error:  # noqa: BLE001 — whatever it is, it must end neither this stage nor others
            await self._failed(error)
        else:
            self._worked()

    def _worked(self) -> None:
        if self._was_logged:
            self._log.info("stage.resumed")
        self._was_logged = False
        self._health.ok(self._stage.name, self)
        self._back_off.reset()

    async def _failed(self, error: BaseException) -> None:
        shown = logs.shown(error)
        known = [shown[name] for name in ("error", "sqlstate", "table", "where") if name in shown]
        self._health.failed(self._stage.name)
        line = ("stage.failed", self._stage.name, *known)
        self._log_line(logging.ERROR, "stage.failed", line, **shown)
        await self._pause(error if isinstance(error, StageStalled) else StageFailed(" ".join(known)))

    def _stalled(self, error: StageStalled) -> None:
        """Tell at once that the work in hand stands still: it may take a while to give it up."""
        self._health.trouble(self._stage.name, error, self)

    async def _pause(self, error: Exception) -> None:
        self._health.trouble(self._stage.name, error, self)
        await self._stop.sleep(self._back_off.next())

    def _log_line(self, level: int, event: str, line: tuple[Hashable, ...], **shown: str) -> None:
        """Write a line, and of those that are the same one a minute: a fleet that waits fills no disk."""
        held = self._health.repeats.passes(*line)
        if held is not None:
            self._was_logged = True
            self._log.log(level, event, **shown, **({"repeated": held} if held else {}))
