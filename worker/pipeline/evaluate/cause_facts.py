"""Gathers what the causes of a review are folded from, in a fixed number of questions to the store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from schemas.words import RosterKind
from worker.domain.preflight.approval import CLASS_CHANGE_GUARDS, GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import (
    Blocked,
    CauseFacts,
    SameValues,
    Sign,
    TermFacts,
    TermState,
    schools_to_count,
    schools_to_name,
)
from worker.domain.review.causes.former_classes import (
    FilterInForce,
    FormerClassFate,
    fates_of,
)
from worker.domain.review.causes.labels import (
    ConcernedSection,
    Label,
    SectionsTogether,
    label_sections,
    vocabulary_of,
)
from worker.domain.review.causes.new_classes import NewClass, without
from worker.domain.review.causes.scale import WITHDRAWN_STUDENTS, plain
from worker.domain.review.causes.wording import grades, several
from worker.domain.roster.canonical import to_hex
from worker.domain.roster.days import day_in
from worker.domain.roster.name_words import is_homeroom, name_words, words
from worker.domain.roster.public_words import Vocabulary
from worker.domain.roster.records import Term
from worker.domain.roster.scope_counts import ScopeValue
from worker.domain.roster.section_filter import Scope, SectionFilter
from worker.pipeline.evaluate.new_section_facts import (
    by_reason,
    by_what_they_are,
    new_homes,
    what_new_classes_are,
)
from worker.pipeline.evaluate.section_signs import SectionSigns
from worker.pipeline.evaluate.term_facts import calendar_of, running_terms, term_states, undated_terms
from worker.pipeline.evaluate.unit_of_work import Evaluation
from worker.suggest.lesson_words import Says, of_subject

_LESSONS: Final = Says.READING | Says.MATH | Says.CORE | Says.SPECIAL | Says.IDLE
_LOOKS_FOR: Final = frozenset({"is", "contains", "starts_with", "one_of"})
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
    concerned: list[ConcernedSection] = []
    news: dict[str, NewClass] = {}
    together = await evaluation.sections_together() if counts.get(Code.MULTIPLE_SECTIONS) else []
    if section_filter.rules and counts.get(Code.MULTIPLE_SECTIONS):
        concerned = await evaluation.concerned_sections()
        names = await evaluation.teacher_names()
        teacher_words = name_words(name for both in names.values() for name in both)
        calendar = await calendar_of(evaluation)
        labels = label_sections(concerned, teacher_words, names.keys(), calendar, together)
        if state.last_commit_id is not None and not _is_filter_new(evaluation):
            vocabulary = vocabulary_of(concerned, teacher_words, names.keys())
            news = await what_new_classes_are(evaluation, concerned, _fields(section_filter), vocabulary)
        new_classes = [section.id for section in concerned if not section.was_class]
        without_term = _without_term(concerned) if section_filter.current_term_only else 0
    signs, terms = await _signs(evaluation, together, new_classes)
    signs = replace(signs, schools_of_classes=_schools(concerned), news=news)
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
        students_committed=state.committed_counts.get("students", 0),
        was_rostered=state.last_commit_id is not None,
        is_filter_new=_is_filter_new(evaluation),
        committed_fields=frozenset(state.committed_fields),
        blank_before=await _blank_before(evaluation),
        same_values=await _same_values(evaluation),
        has_rules=bool(section_filter.rules),
        homeroom_words=_homeroom_words(section_filter),
        filter_fields=_fields(section_filter),
        today=today,
        running_terms=await running_terms(evaluation, today, codes),
        overlapping_terms=_overlapping(concerned) if section_filter.current_term_only else (),
        sections_without_term=without_term,
        new_without_term=_new_without_term(concerned) if section_filter.current_term_only else 0,
        are_all_without_term=bool(concerned) and not any(section.term for section in concerned),
        copies=await evaluation.copies(sorted(signs.alike)) if signs.alike else None,
        undated_terms=await undated_terms(evaluation, signs.of_unknown_terms.values()),
        scope_text=_scope_text(section_filter.scope),
        unmatched_grades=_unmatched_grades(evaluation) if removals else (),
        unmatched_schools=await _unmatched_schools(evaluation) if removals else (),
        current_term_only=section_filter.current_term_only,
        is_scope_by_grade=bool(section_filter.scope.grades),
        has_scope=bool(section_filter.scope.grades or section_filter.scope.schools),
        blocked=blocked,
        cohorts=await evaluation.cohorts(schools) if schools else {},
        sections=await evaluation.sections_by_labels(labels) if labels else {},
        signs=_sections_by_sign(signs),
        terms=terms,
        lessons=_lessons(labels or {}, concerned),
        new_kinds=_new_kinds(labels or {}, concerned),
        new_classes=by_what_they_are(signs.news),
        new_homes=by_reason(signs.homes),
        offers=(*without(section_filter, signs.news.values()), *signs.offers),
        former_classes=_by_fate(signs),
        schools_without_sections=await _schools_without_sections(evaluation, blocked),
        shared_sections=await evaluation.shared_sections() if _nobody_has_a_class(evaluation) else None,
        others=others,
        removals=removals,
        class_changes=changes,
        is_connected=bool(codes & READ_AGAIN) and await evaluation.is_connected(),
        has_shared_students=Code.NO_STUDENTS in codes and await evaluation.has_shared_students(),
    )


async def _schools_without_sections(evaluation: Evaluation, blocked: Sequence[Blocked]) -> frozenset[str]:
    """Return the schools without a shared section that students in no class came to from another one."""
    came_to = {
        group.place.school_id
        for group in blocked
        if group.came_from and group.place.school_id and not group.is_listed
    }
    return frozenset(await evaluation.schools_without_sections(came_to) if came_to else ())


def _sections_by_sign(signs: SectionSigns) -> dict[Sign, list[str]]:
    """Return the sections that each sign of sections is of."""
    states = signs.term_states.items()
    return {
        Sign.TERM_NOT_RUNNING: sorted(section for section, state in states if state is not TermState.CURRENT),
        Sign.TERM_UNKNOWN: sorted(signs.of_unknown_terms),
        **{sign: _sections(signs, sign) for sign in (Sign.CO_TAUGHT, Sign.DOUBLED)},
    }


def _lessons(labels: Mapping[str, Label], concerned: Sequence[ConcernedSection]) -> frozenset[Label]:
    """Return the kinds that say a lesson, a special or a break, if no class of the last commit is of them."""
    kinds = _new_kinds(labels, concerned)
    return frozenset(kind for kind in kinds if of_subject(kind.text) & _LESSONS)


def _new_kinds(labels: Mapping[str, Label], concerned: Sequence[ConcernedSection]) -> tuple[Label, ...]:
    """Return the kinds of the sections, in order, of which no class of the last commit is."""
    of_classes = frozenset(plain(tuple(labels[section.id] for section in concerned if section.was_class)))
    return tuple(kind for kind in plain(tuple(labels.values())) if kind not in of_classes)


def _overlapping(concerned: Sequence[ConcernedSection]) -> Sequence[Term]:
    """Return the term of former classes and the one after it that has all the other sections; none otherwise.

    A term that lies within the other, as a semester in its year, is none after it.
    """
    former = {section.term for section in concerned if section.was_class}
    others = {section.term for section in concerned if not section.was_class}
    if len(former) != 1 or len(others) != 1:
        return ()
    (first,), (second,) = former, others
    if not (first and second and first.start and first.end and second.start and second.end):
        return ()
    return (first, second) if first.start < second.start <= first.end < second.end else ()


def _without_term(concerned: Sequence[ConcernedSection]) -> int:
    """Return how many sections that were classes lost their term, if that are most of them; else 0."""
    lost = sum(section.lost_term for section in concerned)
    return lost if lost * 2 > sum(section.was_class for section in concerned) else 0


def _new_without_term(concerned: Sequence[ConcernedSection]) -> int:
    """Return how many new sections have no term, if no new one has one and all former classes have."""
    have_terms = all((section.term is not None) is section.was_class for section in concerned)
    new = sum(not section.was_class for section in concerned)
    return new if have_terms and new < len(concerned) else 0


def _schools(concerned: Sequence[ConcernedSection]) -> dict[str, str]:
    """Return the schools of classes of students in several, where these are of two schools or more."""
    schools = {section.id: section.school_id for section in concerned if section.school_id}
    return schools if len({*schools.values()}) > 1 else {}


def _sections(signs: SectionSigns, sign: Sign) -> list[str]:
    """Return the sections that are alike in one way."""
    return sorted({section for some, of in signs.alike.items() if of is sign for section in some})


async def _blank_before(evaluation: Evaluation) -> frozenset[str]:
    """Return which required fields were blank in the last commit already."""
    state = evaluation.state
    if state.last_commit_id is None or not state.tally.by_code().get(Code.FIELD_MISSING):
        return frozenset()
    return frozenset(await evaluation.blank_before())


async def _same_values(evaluation: Evaluation) -> dict[str, SameValues]:
    """Return what students with the same value in a unique field have in common."""
    if not evaluation.state.tally.by_code().get(Code.DUPLICATE_IDENTITY):
        return {}
    return await evaluation.same_values()


def _unmatched_grades(evaluation: Evaluation) -> list[str]:
    """Return the grades of the filter's scope that no shared student has."""
    tally, grades_of_scope = evaluation.state.tally, evaluation.state.section_filter.scope.grades
    return [grade for grade in grades_of_scope if not tally.shared_at(ScopeValue("grades", grade).key)]


async def _unmatched_schools(evaluation: Evaluation) -> list[str]:
    """Return the schools of the filter's scope of which a finding says that nobody is there."""
    if not evaluation.state.section_filter.scope.schools:
        return []
    found = [one.finding for one in await evaluation.open_findings(["district"], None)]
    details = [one.detail for one in found if one.code is Code.SCOPE_MATCHES_NOTHING]
    return sorted(str(detail["value"]) for detail in details if detail["field"] == "schools")


def _is_filter_new(evaluation: Evaluation) -> bool:
    """Whether the filter in force is another version than that of the last commit."""
    state = evaluation.state
    return state.last_commit_id is not None and state.filter_version != state.committed_filter_version


def _fields(section_filter: SectionFilter) -> list[str]:
    """Return the fields of sections that decide what the filter keeps."""
    of_terms = {"term"} if section_filter.current_term_only else set[str]()
    return sorted({condition.field for rule in section_filter.rules for condition in rule.all} | of_terms)


def _homeroom_words(section_filter: SectionFilter) -> tuple[str, ...]:
    """Return the texts that the filter looks for, of which a word means the class of every student."""
    texts = dict[str, None]()
    for condition in (one for rule in section_filter.rules for one in rule.all):
        if condition.field in {"name", "subject", "course_name"} and condition.op in _LOOKS_FOR:
            values = (condition.value,) if isinstance(condition.value, str) else condition.value
            texts.update(dict.fromkeys(value for value in values if any(map(is_homeroom, words(value)))))
    return tuple(text for text in texts if Vocabulary(()).is_public_text(text))


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
    states: dict[str, TermState] = {}
    unknown: dict[str, str] = {}
    alike: dict[tuple[str, ...], Sign] = {}
    facts = None
    if section_filter.current_term_only and counts.get(Code.NO_SECTION):
        states, facts = await term_states(evaluation)
    if counts.get(Code.MULTIPLE_SECTIONS):
        if section_filter.current_term_only:
            unknown = await evaluation.sections_of_unknown_terms()
        alike = await evaluation.alike(together, is_filtered=bool(section_filter.rules))
    students_with_two_ids: list[str] = []
    if _may_have_two_ids(evaluation):
        students_with_two_ids = await evaluation.students_with_two_ids()
    signs = SectionSigns(states, unknown, alike, students_with_two_ids, (), new_classes)
    if counts.get(Code.NO_SECTION):
        signs = await _with_former(evaluation, signs)
    return signs, facts


async def _with_former(evaluation: Evaluation, signs: SectionSigns) -> SectionSigns:
    """Return the signs with the former classes of students in none, and new sections in their place."""
    state = evaluation.state
    found = await evaluation.former_classes() if state.last_commit_id is not None else []
    if not found:
        return signs
    vocabulary = Vocabulary(
        name_words(name for both in (await evaluation.teacher_names()).values() for name in both)
    )
    gone = [former.committed.id for former in found if former.staged is None and former.replacement is None]
    if gone:
        placed = await evaluation.classmates_placed(gone)
        found = [replace(former, placed=placed.get(former.committed.id, 0)) for former in found]
    calendar = await calendar_of(evaluation)
    in_force = FilterInForce(state.section_filter, _is_filter_new(evaluation), calendar)
    signs = replace(signs, former=[(former, fates_of(former, in_force, vocabulary)) for former in found])
    if in_force.is_new:
        return signs
    homes, offers = await new_homes(evaluation, state.section_filter, calendar, vocabulary)
    return replace(signs, homes=homes, offers=offers)


def _may_have_two_ids(evaluation: Evaluation) -> bool:
    """Whether there are so many newcomers, and errors of that kind, that all students are worth a look."""
    tally = evaluation.state.tally
    newcomers = tally.plan()[RosterKind.STUDENT]["upserted"]
    errors = sum(tally.by_code().get(code, 0) for code in (Code.NO_SECTION, Code.DUPLICATE_IDENTITY))
    return evaluation.state.last_commit_id is not None and min(newcomers, errors) >= WITHDRAWN_STUDENTS


def _scope_text(scope: Scope) -> str:
    told = [grades(scope.grades)] if scope.grades else []
    if scope.schools:
        told.append(several(len(scope.schools), "school"))
    return " at ".join(told)
