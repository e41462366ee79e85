"""Where the time comes from, and how it is waited for: one value, so that tests need not wait."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Timing:
    """Two clocks, a sleep and chance; all in seconds.

    `clock` never goes back and says nothing of the date; `wall` is Unix time, in which Clever names the end
    of its window; `jitter` gives a number from 0 to 1.
    """

    clock: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    jitter: Callable[[], float] = random.random


REAL: Final = Timing()
