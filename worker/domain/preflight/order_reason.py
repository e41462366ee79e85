"""The reason that an order is given with: the same check for whoever gives it, and wherever."""

from __future__ import annotations

from typing import Final

from worker.domain.roster.keepable_text import can_be_kept
from worker.runtime.errors import ReasonError

LONGEST_REASON: Final = 1000
"""Characters."""


def checked_reason(reason: str) -> str:
    """Return a reason without blanks around it; raises `ReasonError` where it says nothing, or too much."""
    said = reason.strip()
    if not said:
        raise ReasonError("expected a reason, got nothing")
    if not can_be_kept(said):
        raise ReasonError("expected text without NUL characters and unpaired surrogates")
    if len(said) > LONGEST_REASON:
        raise ReasonError(f"expected at most {LONGEST_REASON:,} characters, got {len(said):,}")
    return said
