"""What causes say that lie in sections and terms as the district's information system has them."""

from __future__ import annotations

from collections.abc import Sequence

from worker.domain.review.causes.facts import CauseFacts, Sign
from worker.domain.review.causes.model import Pile
from worker.domain.review.causes.students import ErrorReason
from worker.domain.review.causes.wording import listing, shortened, verb
from worker.domain.roster.records import Term
from worker.runtime.count_text import counted


def no_term_runs(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    """Say that it is the calendar, and when the next term begins."""
    terms, number = facts.terms, pile.students
    who = f"{counted(number, 'student')} {verb(number, 'is', 'are')} in no class"
    if terms is None:
        return f"{who}: none of their sections has a current term today."
    to_come = "These sections have no later term."
    if terms.next_begins:
        to_come = f"The next term{_named(terms.next_name)} begins on {terms.next_begins.isoformat()}."
    return (
        f"{who}: none of their sections has a current term on {terms.today.isoformat()}. "
        f"{to_come} The section filter does not have to change.{_reversed(terms.reversed)}"
        " If school is in session, correct the dates of its terms in the student information system."
    )


def term_unknown(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    """Say how many sections count because nobody knows whether their term is over."""
    sections = len(facts.signs.get(Sign.TERM_UNKNOWN, ()))
    number = pile.students
    return (
        f"{counted(number, 'student')} {verb(number, 'is', 'are')} in more than one class because the term "
        f"of {counted(sections, 'section')} is not known or has no dates, so "
        f"{verb(sections, 'it counts', 'they count')} as current. Share the "
        f"{verb(sections, 'term', 'terms')} with their dates, or remove the "
        f"{verb(sections, 'section', 'sections')} in the student information system if the term is over."
    )


def co_taught(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    """Say both ways out: both teachers on one section, or the lead teacher's section alone."""
    sections = len(facts.signs.get(Sign.CO_TAUGHT, ()))
    number = pile.students
    return (
        f"{counted(number, 'student')} {verb(number, 'is', 'are')} in two or more sections with the same "
        f"students but different teachers ({counted(sections, 'section')} in all): each co-teacher has a "
        "section. No section filter can separate these. Put both teachers on one section in the student "
        "information system, or keep only the lead teacher's section."
    )


def _named(name: str | None) -> str:
    return f" “{shortened(name)}”" if name else ""


def _reversed(terms: Sequence[Term]) -> str:
    if not terms:
        return ""
    told = [f"{_named(term.name).strip() or 'no name'} ({term.start} to {term.end})" for term in terms]
    noun = verb(len(terms), "this term", "these terms")
    return f" The start and end of {noun} are swapped: {listing(told)}."
