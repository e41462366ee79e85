"""Days that people give: near enough to be meant, and to be reckoned with."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

FURTHEST: Final = timedelta(days=5 * 366)
"""From today, either way: an assessment window, the end of a policy. Beyond it stands a slip of the hand."""


def is_near(day: date, today: date) -> bool:
    """Whether a day is within five years of today."""
    return abs(day - today) <= FURTHEST
