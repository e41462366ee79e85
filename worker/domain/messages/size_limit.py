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
    if over <= 0:
        return review
    first, others = review["suggestions"][:1], review["suggestions"][1:]
    others, over = _without_the_last(others, over)
    items, over = _without_the_last(review["findings"]["items"], over)
    first, over = _without_the_last(first, over)
    causes, over = _without_the_last(review["causes"], over)
    findings = {**review["findings"], "items": items}
    return {**review, "findings": findings, "causes": causes, "suggestions": [*first, *others]}


def _without_the_last(values: Sequence[Any], over: int) -> tuple[list[Any], int]:
    """Leave out values from the end until `over` bytes are saved; return the rest, and what is still over."""
    kept = list(values)
    while kept and over > 0:
        over -= _bytes(kept.pop()) + 1
    return kept, over


def _bytes(value: Any) -> int:
    return len(canonical(value).encode())
