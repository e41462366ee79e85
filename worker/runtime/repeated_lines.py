"""Log lines that would be the same many times a second: one of them a minute, which counts the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from typing import Final

from worker.runtime.errors import UnroutableMessage

EVERY_SECONDS: Final = 60.0
MOST_LINES: Final = 1000
"""Different lines to remember; past that all are forgotten, and each may be written once more."""


def same_wait(error: Exception) -> tuple[Hashable, ...]:
    """Return what is equal for all stages and messages that wait for one thing that is away."""
    # The text of an unroutable message names its district: one missing binding would be a line for each.
    reason = "" if isinstance(error, UnroutableMessage) else str(error)
    return ("waiting", type(error).__name__, reason)


class Repeats:
    """Says which lines are written: the first of each kind, and one a minute of those that follow."""

    def __init__(self, every: float = EVERY_SECONDS, clock: Callable[[], float] = time.monotonic) -> None:
        self._every = every
        self._clock = clock
        self._lines: dict[Hashable, tuple[float, int]] = {}

    def passes(self, *line: Hashable) -> int | None:
        """Return how many of these lines were held back since the last one; None where this one is too."""
        now = self._clock()
        written_at, held = self._lines.get(line, (None, 0))
        if written_at is not None and now - written_at < self._every:
            self._lines[line] = (written_at, held + 1)
            return None
        if len(self._lines) >= MOST_LINES:
            self._lines.clear()
        self._lines[line] = (now, 0)
        return held
