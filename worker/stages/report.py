"""Report: which stages of this process fail, so that an inspection alerts operations where that lasts.

Nothing is written while nothing fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from worker.stages.loop import Health

EVERY_SECONDS: Final = 10.0


class StageFailures(Protocol):
    """Where failing stages are kept."""

    async def report(self, process: str, failing: Mapping[str, tuple[float, str]]) -> None:
        """Keep which stages of a process fail, for how many seconds they have, and why."""
        ...


@dataclass(slots=True)
class ReportStage:
    """Reports what fails in one process; `sleep` waits, or less where a stop is asked for."""

    failures: StageFailures
    health: Health
    process: str
    sleep: Callable[[float], Awaitable[None]]
    name: str = "report"
    _was_reported: bool = False

    async def once(self) -> bool:
        """Report what fails, and once that nothing does any more; return False."""
        failing = self.health.failing()
        if failing or self._was_reported:
            await self.failures.report(self.process, failing)
            self._was_reported = bool(failing)
        return False

    async def wait(self) -> None:
        """Wait until it is time again."""
        await self.sleep(EVERY_SECONDS)
