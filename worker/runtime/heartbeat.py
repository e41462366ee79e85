"""Signs of life: work that shows none for longer than it may is given up, and whoever watches it is told.

Whatever takes its time in many small steps, such as statements to the database, shows a sign after each; so a
bound is for one step, however many there are.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Final, Self

from worker.runtime.errors import StageStalled

AGAIN_SECONDS: Final = 30.0
"""After which work is cancelled again that lets nothing cancel it."""


class Life:
    """Cancels what is done inside it where it shows no sign of life for `bound` seconds.

    Leaving then raises `StageStalled`. `stalled` is called at once, also where the work cannot be cancelled.
    """

    def __init__(self, bound: float, stalled: Callable[[StageStalled], None]) -> None:
        self._bound = bound
        self._stalled = stalled
        self._last = 0.0
        self._expired = 0
        self._cancelling = 0
        self._task: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._token: Token[Life | None] | None = None

    async def __aenter__(self) -> Self:
        """Begin to watch."""
        self._task = asyncio.current_task()
        self._cancelling = self._task.cancelling() if self._task else 0
        self._token = _LIFE.set(self)
        self.sign()
        self._look_in(self._bound)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Watch no more."""
        if self._timer is not None:
            self._timer.cancel()
        if self._token is not None:
            _LIFE.reset(self._token)
        if self._task is None or not self._expired:
            return
        remaining = self._task.cancelling()
        for _ in range(self._expired):
            remaining = self._task.uncancel()
        if kind is not None and issubclass(kind, asyncio.CancelledError) and remaining <= self._cancelling:
            raise self._error() from None

    def sign(self) -> None:
        """Show that the work goes on."""
        self._last = time.monotonic()

    def _look(self) -> None:
        left = self._last + self._bound - time.monotonic()
        if left > 0 and not self._expired:
            self._look_in(left)
            return
        if not self._expired:
            self._stalled(self._error())
        if self._task is not None:
            self._expired += 1
            self._task.cancel()
        self._look_in(AGAIN_SECONDS)

    def _look_in(self, seconds: float) -> None:
        self._timer = asyncio.get_running_loop().call_later(seconds, self._look)

    def _error(self) -> StageStalled:
        return StageStalled(f"no sign of life for {self._bound:g} seconds: cancelled and started again")


_LIFE: ContextVar[Life | None] = ContextVar("life", default=None)


def sign() -> None:
    """Show that the work in hand goes on, where somebody watches it."""
    life = _LIFE.get()
    if life is not None:
        life.sign()
