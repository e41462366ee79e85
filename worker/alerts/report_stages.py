"""Report: which stages of this process fail, so that an inspection alerts operations where that lasts.

Nothing is written while nothing fails.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from worker.runtime.loop import Health

EVERY_SECONDS: Final = 10.0
_MISSING: Final = ("42P01", "42703", "42883")
"""SQLSTATEs: no such table, column or function. What a schema of another version lacks, no retry brings."""


class StageFailures(Protocol):
    """Where failing stages are kept."""

    async def report(self, process: str, failing: Mapping[str, tuple[float, str]]) -> None:
        """Keep which stages of a process fail, for how many seconds they have, and why."""


@dataclass(slots=True)
class ReportStage:
    """Reports what fails in one process; `sleep` waits, or less where a stop is asked for."""

    failures: StageFailures
    health: Health
    process: str
    sleep: Callable[[float], Awaitable[None]]
    check_schema: Callable[[], Awaitable[None]] | None = None
    """Raises `SchemaVersionError` where the schema is not the program's; asked where something is missing."""
    name: str = "report"
    _was_reported: bool = False

    async def once(self) -> bool:
        """Report what fails, and once that nothing does any more; return False."""
        failing = self.health.failing()
        if failing or self._was_reported:
            await self.failures.report(self.process, failing)
            self._was_reported = bool(failing)
        if self.check_schema is not None and any(
            _lacks_something(problem) for _, problem in failing.values()
        ):
            await self.check_schema()
        return False

    async def wait(self) -> None:
        """Wait until it is time again."""
        await self.sleep(EVERY_SECONDS)


def _lacks_something(problem: str) -> bool:
    return any(state in problem for state in _MISSING)
