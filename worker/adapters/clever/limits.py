"""What Clever's headers say of its limit: `X-RateLimit-Remaining` and `X-RateLimit-Reset` (Unix seconds).

Each may come several times, or with several values: Clever counts in several windows at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from multidict import CIMultiDictProxy

SHORTEST_SECONDS: Final = 0.1
LONGEST_SECONDS: Final = 65.0
"""A window has a minute; the rest is for clocks that disagree."""


def seconds_to_wait(headers: CIMultiDictProxy[str], now: float) -> float | None:
    """Return the seconds until the last of the windows begins anew; None where none is ahead of `now`."""
    ahead = [reset - now for reset in _numbers(headers, "X-RateLimit-Reset") if reset > now]
    return min(max(*ahead, SHORTEST_SECONDS), LONGEST_SECONDS) if ahead else None


def used_up(headers: CIMultiDictProxy[str]) -> bool:
    """Whether one of the windows has no request left."""
    return any(left <= 0 for left in _numbers(headers, "X-RateLimit-Remaining"))


def _numbers(headers: CIMultiDictProxy[str], name: str) -> Iterator[float]:
    for value in headers.getall(name, []):
        for text in value.split(","):
            try:
                yield float(text)
            except ValueError:
                continue
