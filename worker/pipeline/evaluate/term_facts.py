"""What there is to say of terms: students whose sections are of terms that are not current."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date

from worker.domain.preflight.approval import CLASS_CHANGE_GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import TermFacts, TermState
from worker.domain.roster.days import day_in
from worker.domain.roster.records import RecordId, Term
from worker.domain.roster.section_filter import matching_rule
from worker.domain.roster.terms import (
    TermCalendar,
    is_current,
    is_reversed,
    is_undated,
    last_of,
    next_of,
    running_of,
)
from worker.pipeline.evaluate.unit_of_work import Evaluation


async def term_states(evaluation: Evaluation) -> tuple[dict[str, TermState], TermFacts | None]:
    """Return what becomes of students in no class by the terms of their sections, and what to say of terms.

    The state of each section's term that is current, or that would count if its term was; nothing where none
    would.
    """
    district_terms, calendar = await evaluation.terms(), await calendar_of(evaluation)
    states: dict[str, TermState] = {}
    terms: dict[str, Term] = {}
    async for view in evaluation.sections_of_bare_students():
        if view.term is None or calendar.counts(view.section, view.term):
            states[view.section.id] = TermState.CURRENT
        elif matching_rule(evaluation.state.section_filter, view) is not None:
            states[view.section.id] = _state(view.term, calendar.today)
            terms[view.term.id] = view.term
    if not terms:
        return {}, None
    following = next_of(terms.values(), calendar.today) or next_of(district_terms.unused, calendar.today)
    wrong = [terms[term] for term in sorted(terms) if is_reversed(terms[term])]
    ended = last_of(terms.values(), calendar.today)
    running = running_of(district_terms.all(), calendar.today)
    begun = running if _is_after(running, ended) else None
    return states, TermFacts(calendar.today, ended, following or running, wrong, begun)


def _is_after(term: Term | None, ended: Term | None) -> bool:
    """Whether a term began after another one had ended."""
    return bool(term and term.start and ended and ended.end and ended.end < term.start)


def _state(term: Term, today: date) -> TermState:
    """Return the state of a term that is not current."""
    begins_later = term.start is not None and term.start > today and not is_reversed(term)
    return TermState.AHEAD if begins_later else TermState.OVER


async def running_terms(evaluation: Evaluation, today: date, codes: Collection[Code]) -> list[Term]:
    """Return the terms with dates that run today, where a cause may tell of them."""
    is_of_terms = evaluation.state.section_filter.current_term_only
    is_torn = bool(evaluation.state.tally.by_code().get(Code.MULTIPLE_SECTIONS))
    if not (CLASS_CHANGE_GUARDS.intersection(codes) or (is_of_terms and is_torn)):
        return []
    terms = (await evaluation.terms()).all()
    return [term for term in terms if not is_undated(term) and is_current(term, today)]


async def undated_terms(evaluation: Evaluation, terms: Iterable[str]) -> list[str | None]:
    """Return what these terms without dates are called; None for each that is not known."""
    wanted = sorted(set(terms))
    if not wanted:
        return []
    known = {term.id: term.name for term in (await evaluation.terms()).all()}
    return [known.get(RecordId(term)) for term in wanted]


async def calendar_of(evaluation: Evaluation) -> TermCalendar:
    """Return which terms count on the district's day."""
    policy = evaluation.state.policy
    today = day_in(policy.time_zone, evaluation.window.now)
    return (await evaluation.terms()).calendar(today, policy.term_grace_days)
