"""Terms of a school, and which of them count on a day."""

from __future__ import annotations

from datetime import date, timedelta

from tests.support.builders.records import section
from worker.domain.roster.records import RecordId, Term
from worker.domain.roster.terms import DistrictTerms, TermCalendar, TermUse

TODAY = date(2026, 9, 15)
ONE_DAY = timedelta(days=1)
GRACE = 30


def named(*terms: Term | None, school: str = "a", unused: tuple[Term, ...] = ()) -> DistrictTerms:
    """Return terms that sections of one school name, called 0, 1, 2, and those that no section names."""
    uses = [TermUse(school, str(number), 1, one) for number, one in enumerate(terms)]
    return DistrictTerms(uses, unused)


def counting(terms: DistrictTerms, day: date, grace: int = GRACE) -> list[str]:
    """Return the ids of the terms by which a section of their school counts."""
    calendar = terms.calendar(day, grace)
    return [use.term_id for use in terms.uses if _counts(calendar, use)]


def _counts(calendar: TermCalendar, use: TermUse) -> bool:
    school = RecordId(use.school_id) if use.school_id else None
    return calendar.counts(section(school_id=school, term_id=RecordId(use.term_id)), use.term)
