"""Terms in time: which of them count on a day, and when the passing of time alone changes that.

A term counts while it runs. In a gap, which is a time in which no term of a school runs, the term that ended
last there goes on counting until the next one begins, and no longer than the grace that the policy gives it.
A school's terms are those that its live sections name. A term that no section names yet belongs to every
school as the next one, so that nothing of an old term counts once a new one has begun.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from worker.domain.roster.records import Section, Term

_ONE_DAY: Final = timedelta(days=1)
MOST_GRACE_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class TermUse:
    """A term that live sections of a school name; the school is "" for sections that name none.

    `term` is None where the district shares no term of that id. `in_grace`: by the last evaluation the term
    counted there though it had ended.
    """

    school_id: str
    term_id: str
    sections: int
    term: Term | None = None
    in_grace: bool = False


@dataclass(frozen=True, slots=True)
class DistrictTerms:
    """A district's terms, by the schools that use them."""

    uses: Sequence[TermUse] = ()
    unused: Sequence[Term] = ()
    """Terms that no live section names."""

    def all(self) -> list[Term]:
        """Return every term that is known."""
        used = {use.term_id: use.term for use in self.uses if use.term is not None}
        return [*used.values(), *self.unused]

    def calendar(self, today: date, grace_days: int) -> TermCalendar:
        """Return what counts on a day."""
        by_school: defaultdict[str, list[TermUse]] = defaultdict(list)
        for use in self.uses:
            by_school[use.school_id].append(use)
        grace: dict[tuple[str, str], date] = {}
        for school, uses in by_school.items():
            end = _in_grace([use.term for use in uses if use.term], self.unused, today, grace_days)
            if end is not None:
                last = _later(end, grace_days)
                ended = [use for use in uses if use.term and _is_dated(use.term) and use.term.end == end]
                grace |= {(school, use.term_id): last for use in ended}
        return TermCalendar(today, grace)


@dataclass(frozen=True, slots=True)
class TermCalendar:
    """Which terms count on a day, and at which schools."""

    today: date
    grace: Mapping[tuple[str, str], date]
    """Schools and terms that have ended there and go on counting, each with the last day on which it does."""

    def counts(self, section: Section, term: Term | None) -> bool:
        """Whether a section's term counts: it runs, or it is the last one of its school in a gap."""
        if is_current(term, self.today):
            return True
        return (section.school_id or "", section.term_id) in self.grace

    def moved(self, before: Iterable[TermUse]) -> set[str]:
        """Return the schools at which another term is in grace than by the last evaluation."""
        return {school for school, _ in self.grace.keys() ^ {_key(use) for use in before if use.in_grace}}


def without_grace(today: date) -> TermCalendar:
    """Return the calendar by which a term counts on its own days and on no other."""
    return TermCalendar(today, {})


def is_current(term: Term | None, today: date) -> bool:
    """Whether the term runs today; no term, or one without days, always does."""
    if term is None:
        return True
    begun = term.start is None or term.start <= today
    return begun and (term.end is None or today <= term.end)


def is_reversed(term: Term) -> bool:
    """Whether a term's days are the wrong way round: it never runs."""
    return term.start is not None and term.end is not None and term.end < term.start


def is_undated(term: Term) -> bool:
    """Whether a term has no days at all: it always runs."""
    return term.start is None and term.end is None


def next_of(terms: Iterable[Term], today: date) -> Term | None:
    """Return the term that begins first after a day."""
    coming = [
        (term.start, term.id, term)
        for term in terms
        if term.start is not None and term.start > today and not is_reversed(term)
    ]
    return min(coming)[2] if coming else None


def last_of(terms: Iterable[Term], today: date) -> Term | None:
    """Return the term that ended last before a day."""
    ended = [
        (term.end, term.id, term)
        for term in terms
        if term.end is not None and term.end < today and not is_reversed(term)
    ]
    return max(ended)[2] if ended else None


def running_of(terms: Iterable[Term], today: date) -> Term | None:
    """Return the term with dates that runs on a day; of several the one that began last."""
    running = [
        (term.start, term.id, term)
        for term in terms
        if term.start is not None and term.end is not None and is_current(term, today)
    ]
    return max(running)[2] if running else None


def next_boundary(terms: Iterable[Term], calendar: TermCalendar) -> date | None:
    """Return the first day after the calendar's on which what counts may change; None: no such day."""
    ends = (last + _ONE_DAY for last in calendar.grace.values() if last < date.max)
    turns = (day for term in terms for day in _turns(term))
    return min((day for day in (*turns, *ends) if day > calendar.today), default=None)


def crosses_boundary(terms: Sequence[Term], one: date, other: date, grace_days: int) -> bool:
    """Whether what counts may differ between two days, or was different in between."""
    first, last = sorted((one, other))
    ends = [_later(term.end, grace_days) for term in terms if term.end is not None and _is_dated(term)]
    days = [day for term in terms for day in _turns(term)]
    days += [end + _ONE_DAY for end in ends if end < date.max]
    return any(first < day <= last for day in days)


def _in_grace(terms: Sequence[Term], unused: Sequence[Term], today: date, days: int) -> date | None:
    """Return the last day of the terms of one school that ended last, if they count on."""
    dated = [term for term in terms if _is_dated(term)]
    if any(is_current(term, today) for term in dated):
        return None
    end = max((term.end for term in dated if term.end is not None and term.end < today), default=None)
    if end is None or today > _later(end, days):
        return None
    is_over = any(term.start is not None and end < term.start <= today for term in unused if _is_dated(term))
    return None if is_over else end


def _key(use: TermUse) -> tuple[str, str]:
    return use.school_id, use.term_id


def _is_dated(term: Term) -> bool:
    return not is_undated(term) and not is_reversed(term)


def _later(day: date, days: int) -> date:
    return day + timedelta(days=min(days, (date.max - day).days))


def _turns(term: Term) -> list[date]:
    """Return the days on which a term begins to run and has ceased to."""
    if is_reversed(term):
        return []
    turns = [] if term.start is None else [term.start]
    if term.end is not None and term.end < date.max:
        turns.append(term.end + _ONE_DAY)
    return turns
