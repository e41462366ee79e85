"""Clever's limit of requests, kept on our side, so that Clever need not refuse any.

Clever counts by bearer token, in hard windows of a minute whose start we cannot know. So no 60 seconds,
wherever they begin, may hold more requests than one of its windows.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from worker.adapters.clever.clock import REAL, Timing

WINDOW_SECONDS: Final = 60.0
REQUESTS: Final = 1200
"""Clever's limit for one token in one window."""
FORGET_SECONDS: Final = 120.0
_SHORTEST_SECONDS: Final = 0.001
"""A wait of less might not move a clock at all."""


@dataclass(slots=True)
class _Use:
    """What one token was used for lately."""

    sent: deque[float] = field(default_factory=deque)
    held_until: float = 0.0
    last: float = 0.0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever waits holds it, so that requests go out in the order in which they were asked for."""


class RequestLimiter:
    """Lets `requests` of each key pass in any 60 seconds; the keys are hashes of tokens, not tokens."""

    def __init__(self, timing: Timing = REAL, *, requests: int = REQUESTS) -> None:
        self._timing = timing
        self._requests = requests
        self._uses: dict[bytes, _Use] = {}
        self._next_sweep = 0.0

    async def acquire(self, key: bytes) -> None:
        """Return once a request of this key may be sent, and count it as sent."""
        use = self._use(key)
        async with use.turn:
            while (wait := self._wait(use)) > 0:
                await self._timing.sleep(max(wait, _SHORTEST_SECONDS))
            use.last = self._timing.clock()
            use.sent.append(use.last)

    def hold(self, key: bytes, until: float) -> None:
        """Let no request of this key pass before `until`, in seconds of the clock."""
        use = self._use(key)
        use.held_until = max(use.held_until, until)

    def __len__(self) -> int:
        return len(self._uses)

    def _wait(self, use: _Use) -> float:
        now = self._timing.clock()
        while use.sent and use.sent[0] + WINDOW_SECONDS <= now:
            use.sent.popleft()
        full_until = use.sent[0] + WINDOW_SECONDS if len(use.sent) >= self._requests else now
        return max(use.held_until, full_until) - now

    def _use(self, key: bytes) -> _Use:
        now = self._timing.clock()
        if now >= self._next_sweep:
            self._next_sweep = now + WINDOW_SECONDS
            self._forget(now)
        use = self._uses.setdefault(key, _Use())
        use.last = now
        return use

    def _forget(self, now: float) -> None:
        """Drop the keys that nobody used for two minutes: tokens rotate, and districts leave.

        Nobody can be waiting with one of them: without a hold, a wait has at most one.
        """
        self._uses = {
            key: use
            for key, use in self._uses.items()
            if max(use.last + FORGET_SECONDS, use.held_until) > now
        }
