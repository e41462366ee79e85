"""Terms in time: on which days the passing of time alone changes which sections count."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final

from worker.domain.records import Term

_ONE_DAY: Final = timedelta(days=1)


def next_boundary(terms: Iterable[Term], today: date) -> date | None:
    """Return the first day after today on which a term begins to count or has ceased to; None: no such day.

    What counts is said by `worker.domain.filter.is_current`.
    """
    return min((day for term in terms for day in _turns(term) if day > today), default=None)


def crosses_boundary(terms: Sequence[Term], one: date, other: date) -> bool:
    """Whether some term counts on one of two days and not on the other, or did in between."""
    first, last = sorted((one, other))
    boundary = next_boundary(terms, first)
    return boundary is not None and boundary <= last


def _turns(term: Term) -> list[date]:
    """Return the days on which a term begins to count and has ceased to."""
    if term.start is not None and term.end is not None and term.end < term.start:
        return []  # it never counts
    turns = [] if term.start is None else [term.start]
    if term.end is not None and term.end < date.max:
        turns.append(term.end + _ONE_DAY)
    return turns
