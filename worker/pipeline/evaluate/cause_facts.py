"""Gathers what the causes of a review are folded from, in a fixed number of questions to the store."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Final

from schemas.words import RosterKind
from worker.domain.preflight.approval import CLASS_CHANGE_GUARDS, GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import CauseFacts, Sign, TermFacts, schools_to_count, schools_to_name
from worker.domain.review.causes.former_classes import (
    FilterInForce,
    FormerClass,
    FormerClassFate,
    fates_of,
)
from worker.domain.review.causes.labels import (
    ConcernedSection,
    Label,
    SectionsTogether,
    label_sections,
)
from worker.domain.review.causes.scale import WITHDRAWN_STUDENTS, plain
from worker.domain.review.causes.wording import grades, several
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.days import day_in
from worker.domain.roster.name_words import name_words
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import RecordId, Term
from worker.domain.roster.section_filter import Scope, SectionFilter, matching_rule
from worker.domain.roster.terms import (
    TermCalendar,
    is_current,
    is_reversed,
    is_undated,
    last_of,
    next_of,
    running_of,
)
from worker.pipeline.evaluate.unit_of_work import Evaluation, SectionSigns
from worker.suggest.lesson_words import Says, of_subject

_LESSONS: Final = Says.READING | Says.MATH | Says.CORE | Says.SPECIAL | Says.IDLE
READ_AGAIN: Final = frozenset({Code.EVENTS_QUARANTINED, Code.NO_BASELINE})
"""Errors that reading the district whole again puts right."""


async def cause_facts(evaluation: Evaluation) -> CauseFacts:
    """Return the figures of the district's open errors."""
    facts = await _unnamed_facts(evaluation)
    schools = schools_to_name(facts)
    if not schools:
        return facts
    names = await evaluation.school_names(schools)
    shares_schools = bool(schools - names.keys()) and await evaluation.shares_schools()
    return replace(facts, school_names=names, shares_schools=shares_schools)


async def _unnamed_facts(evaluation: Evaluation) -> CauseFacts:
    """Return the figures without the names of schools."""
    state = evaluation.state
    section_filter, counts = state.section_filter, state.tally.by_code()
    labels, new_classes, without_term = None, None, 0
    together = await evaluation.sections_together() if counts.get(Code.MULTIPLE_SECTIONS) else []
    if section_filter.rules and counts.get(Code.MULTIPLE_SECTIONS):
        concerned = await evaluation.concerned_sections()
        labels = await _labels(evaluation, concerned, together)
        new_classes = [section.id for section in concerned if not section.was_class]
        without_term = _without_term(concerned) if section_filter.current_term_only else 0
    signs, terms = await _signs(evaluation, together, new_classes)
    blocked = await evaluation.blocked_students(labels, signs) if state.tally.blocked else []
    others = await evaluation.other_errors()
    codes = {found.code for found in others}
    removals = None
    if codes & GUARDS:
        removals = await evaluation.removals(state.committed_counts.get("classes", 0))
    changes = []
    today = day_in(state.policy.time_zone, evaluation.window.now)
    if codes & CLASS_CHANGE_GUARDS:
        changes = await evaluation.class_changes(today if section_filter.current_term_only else None)
    schools = schools_to_count(blocked)
    if removals:
        schools |= {group.place.school_id for group in removals.students if group.place.school_id}
    return CauseFacts(
        district_id=evaluation.window.district_id,
        students=state.tally.students,
        plan_digest=to_hex(state.tally.candidate_digest),
        was_rostered=state.last_commit_id is not None,
        is_filter_new=_is_filter_new(evaluation),
        committed_fields=frozenset(state.committed_fields),
        has_rules=bool(section_filter.rules),
        filter_fields=_fields(section_filter),
        today=today,
        running_terms=await _running_terms(evaluation, today, codes),
        sections_without_term=without_term,
        undated_terms=await _undated_terms(evaluation, signs),
        scope_text=_scope_text(section_filter.scope),
        current_term_only=section_filter.current_term_only,
        is_scope_by_grade=bool(section_filter.scope.grades),
        has_scope=bool(section_filter.scope.grades or section_filter.scope.schools),
        blocked=blocked,
        cohorts=await evaluation.cohorts(schools) if schools else {},
        sections=await evaluation.sections_by_labels(labels) if labels else {},
        signs={
            Sign.TERM_NOT_RUNNING: sorted(signs.not_running),
            Sign.TERM_UNKNOWN: sorted(signs.of_unknown_terms),
            Sign.CO_TAUGHT: sorted({section for some in signs.co_taught for section in some}),
        },
        terms=terms,
        lessons=_lessons(labels or {}),
        former_classes=_by_fate(signs),
        shared_sections=await evaluation.shared_sections() if _nobody_has_a_class(evaluation) else None,
        others=others,
        removals=removals,
        class_changes=changes,
        is_connected=bool(codes & READ_AGAIN) and await evaluation.is_connected(),
        has_shared_students=Code.NO_STUDENTS in codes and await evaluation.has_shared_students(),
    )


def _lessons(labels: Mapping[str, Label]) -> frozenset[Label]:
    """Return the kinds that say a lesson, a special or a break."""
    return frozenset(kind for kind in plain(tuple(labels.values())) if of_subject(kind.text) & _LESSONS)


def _without_term(concerned: Sequence[ConcernedSection]) -> int:
    """Return how many sections that were classes lost their term, if that are most of them; else 0."""
    lost = sum(section.lost_term for section in concerned)
    return lost if lost * 2 > sum(section.was_class for section in concerned) else 0


def _is_filter_new(evaluation: Evaluation) -> bool:
    """Whether the filter in force is another version than that of the last commit."""
    state = evaluation.state
    return state.last_commit_id is not None and state.filter_version != state.committed_filter_version


def _fields(section_filter: SectionFilter) -> list[str]:
    """Return the fields of sections that decide what the filter keeps."""
    of_terms = {"term"} if section_filter.current_term_only else set[str]()
    return sorted({condition.field for rule in section_filter.rules for condition in rule.all} | of_terms)


def _by_fate(signs: SectionSigns) -> dict[FormerClassFate, list[str]]:
    """Return the former classes by what became of them, in the order that they are in."""
    found: dict[FormerClassFate, list[str]] = {}
    for former, both in signs.former:
        for fate in dict.fromkeys(both.values()):
            found.setdefault(fate, []).append(former.committed.id)
    return found


def _nobody_has_a_class(evaluation: Evaluation) -> bool:
    tally = evaluation.state.tally
    return 0 < tally.students <= tally.by_code().get(Code.NO_SECTION, 0)


async def _signs(
    evaluation: Evaluation, together: Sequence[SectionsTogether], new_classes: Sequence[str] | None
) -> tuple[SectionSigns, TermFacts | None]:
    """Return what sections tell of students in none or in several, and what there is to say of terms."""
    section_filter, counts = evaluation.state.section_filter, evaluation.state.tally.by_code()
    not_running: set[str] = set()
    unknown: dict[str, str] = {}
    co_taught: list[tuple[str, ...]] = []
    facts = None
    if section_filter.current_term_only and counts.get(Code.NO_SECTION):
        not_running, facts = await _not_running(evaluation)
    if counts.get(Code.MULTIPLE_SECTIONS):
        if section_filter.current_term_only:
            unknown = await evaluation.sections_of_unknown_terms()
        co_taught = await evaluation.co_taught(together, is_filtered=bool(section_filter.rules))
    students_with_two_ids: list[str] = []
    if _may_have_two_ids(evaluation):
        students_with_two_ids = await evaluation.students_with_two_ids()
    former = await _former(evaluation) if counts.get(Code.NO_SECTION) else ()
    signs = SectionSigns(not_running, unknown, co_taught, students_with_two_ids, former, new_classes)
    return signs, facts


async def _former(evaluation: Evaluation) -> Sequence[tuple[FormerClass, dict[bool, FormerClassFate]]]:
    """Return the former classes of students in none, and what became of them."""
    state = evaluation.state
    found = await evaluation.former_classes() if state.last_commit_id is not None else []
    if not found:
        return ()
    vocabulary = Vocabulary(
        name_words(name for both in (await evaluation.teacher_names()).values() for name in both)
    )
    calendar = await _calendar(evaluation)
    in_force = FilterInForce(state.section_filter, _is_filter_new(evaluation), calendar)
    return [(former, fates_of(former, in_force, vocabulary)) for former in found]


def _may_have_two_ids(evaluation: Evaluation) -> bool:
    """Whether there are so many newcomers, and errors of that kind, that all students are worth a look."""
    tally = evaluation.state.tally
    newcomers = tally.plan()[RosterKind.STUDENT]["upserted"]
    errors = sum(tally.by_code().get(code, 0) for code in (Code.NO_SECTION, Code.DUPLICATE_IDENTITY))
    return evaluation.state.last_commit_id is not None and min(newcomers, errors) >= WITHDRAWN_STUDENTS


async def _not_running(evaluation: Evaluation) -> tuple[set[str], TermFacts | None]:
    """Return the sections that would count if their term ran, and what there is to say of their terms."""
    district_terms, calendar = await evaluation.terms(), await _calendar(evaluation)
    sections: set[str] = set()
    terms: dict[str, Term] = {}
    async for view in evaluation.sections_of_bare_students():
        if view.term is None or calendar.counts(view.section, view.term):
            continue
        if matching_rule(evaluation.state.section_filter, view) is not None:
            sections.add(view.section.id)
            terms[view.term.id] = view.term
    if not sections:
        return sections, None
    following = next_of(terms.values(), calendar.today) or next_of(district_terms.unused, calendar.today)
    wrong = [terms[term] for term in sorted(terms) if is_reversed(terms[term])]
    ended = last_of(terms.values(), calendar.today)
    running = running_of(district_terms.all(), calendar.today)
    return sections, TermFacts(calendar.today, ended, following or running, wrong)


async def _running_terms(evaluation: Evaluation, today: date, codes: Collection[Code]) -> list[Term]:
    """Return the terms with dates that run today, where a cause may tell of them."""
    is_of_terms = evaluation.state.section_filter.current_term_only
    is_torn = bool(evaluation.state.tally.by_code().get(Code.MULTIPLE_SECTIONS))
    if not (CLASS_CHANGE_GUARDS.intersection(codes) or (is_of_terms and is_torn)):
        return []
    terms = (await evaluation.terms()).all()
    return [term for term in terms if not is_undated(term) and is_current(term, today)]


async def _undated_terms(evaluation: Evaluation, signs: SectionSigns) -> list[str | None]:
    """Return what the terms without dates are called; None for each that is not known."""
    if not signs.of_unknown_terms:
        return []
    known = {term.id: term.name for term in (await evaluation.terms()).all()}
    return [known.get(RecordId(term)) for term in sorted(set(signs.of_unknown_terms.values()))]


def _scope_text(scope: Scope) -> str:
    told = [grades(scope.grades)] if scope.grades else []
    if scope.schools:
        told.append(several(len(scope.schools), "school"))
    return " at ".join(told)


async def _labels(
    evaluation: Evaluation, sections: Sequence[ConcernedSection], together: Sequence[SectionsTogether]
) -> dict[str, Label]:
    names = await evaluation.teacher_names()
    teacher_words = name_words(name for both in names.values() for name in both)
    return label_sections(sections, teacher_words, names.keys(), await _calendar(evaluation), together)


async def _calendar(evaluation: Evaluation) -> TermCalendar:
    policy = evaluation.state.policy
    today = day_in(policy.time_zone, evaluation.window.now)
    return (await evaluation.terms()).calendar(today, policy.term_grace_days)
