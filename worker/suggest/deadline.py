"""A deadline that a search asks about, and that somebody else may bring forward."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Deadline:
    """So many seconds from now; `cancel` ends it at once, from any thread."""

    seconds: float
    clock: Callable[[], float] = time.monotonic
    _end: float = field(init=False)
    _cancelled: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._end = self.clock() + self.seconds

    @property
    def left(self) -> float:
        """Seconds that are left, 0 when it has passed."""
        return 0.0 if self._cancelled.is_set() else max(0.0, self._end - self.clock())

    @property
    def was_cancelled(self) -> bool:
        """Whether nobody waits for an answer any more."""
        return self._cancelled.is_set()

    def cancel(self) -> None:
        """Let it be over now."""
        self._cancelled.set()
