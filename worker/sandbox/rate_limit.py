"""Clever's limit on requests: so many a minute and token, in fixed minutes."""

from __future__ import annotations

from typing import Final

_MINUTE: Final = 60
_KEPT: Final = 10_000
"""Tokens counted at a time, at most: those that were rotated away are not worth remembering."""


class RequestLimit:
    """Counts the requests of each token in the present minute."""

    def __init__(self) -> None:
        self._minute = 0
        self._counts: dict[str, int] = {}

    def take(self, token: str, now: float, limit: int) -> tuple[bool, dict[str, str]]:
        """Count a request at a time in seconds; tell whether it is within the limit, and its headers.

        A limit of 0 is none, and has no headers.
        """
        if limit == 0:
            return True, {}
        minute = int(now // _MINUTE)
        if minute != self._minute or len(self._counts) > _KEPT:
            self._minute, self._counts = minute, {}
        used = self._counts[token] = self._counts.get(token, 0) + 1
        return used <= limit, limit_headers(limit, max(0, limit - used), (minute + 1) * _MINUTE)


def limit_headers(limit: int, remaining: int, reset: int) -> dict[str, str]:
    """Write the headers of an answer; `reset` is in Unix seconds."""
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(remaining),
        "X-RateLimit-Reset": str(reset),
    }
