"""Keeping a review within what a message may weigh: what matters least goes first, the totals stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from worker.domain.roster.canonical import canonical

LARGEST: Final = 1_000_000
"""Bytes of a review; no message is larger than 1 MiB."""


def truncated(review: dict[str, Any], limit: int = LARGEST) -> dict[str, Any]:
    """Return the review with as much of its lists as fits.

    Rules for a thousand schools each, and ids as long as they may be, are too much in places: suggestions
    after the first go, then findings, which are only examples, then what is left of causes and suggestions.
    """
    over = _bytes(review) - limit
    suggestions, over = _without_the_last(review["suggestions"], over, 1)
    items, over = _without_the_last(review["findings"]["items"], over, 0)
    suggestions, over = _without_the_last(suggestions, over, 0)
    causes, over = _without_the_last(review["causes"], over, 0)
    findings = {**review["findings"], "items": items}
    return {**review, "findings": findings, "causes": causes, "suggestions": suggestions}


def _without_the_last(values: Sequence[Any], over: int, fewest: int) -> tuple[list[Any], int]:
    """Leave out values from the end until `over` bytes are saved, or so few are left.

    Return the rest, and how many bytes are still over.
    """
    kept = list(values)
    while len(kept) > fewest and over > 0:
        over -= _bytes(kept.pop()) + bool(kept)  # with the comma before it
    return kept, over


def _bytes(value: Any) -> int:
    return len(canonical(value).encode())
