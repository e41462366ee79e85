"""Why students are in no class, or in more than one: by what was committed, and by how many they are."""

from __future__ import annotations

from typing import Final

from worker.domain.review.causes.facts import Blocked, CauseFacts, Sign
from worker.domain.review.causes.former_classes import FormerClassFate, Loss
from worker.domain.review.causes.leavers import keeps_leavers
from worker.domain.review.causes.new_classes import Beside
from worker.domain.review.causes.reasons import (
    CHANGED_SCHOOL,
    CLASSES_BEGIN_LATER,
    CO_TAUGHT,
    IN_TWO_SCHOOLS,
    NEXT_TERM_ONLY,
    NO_CLASS_THIS_TERM,
    NO_TERM_RUNS,
    ONE_SUBJECT_SHARED,
    PROMOTED,
    SCHOOL_NOT_SHARED,
    SCHOOL_WITHOUT_SECTIONS,
    SECOND_TEACHER,
    SECTIONS_DOUBLED,
    STILL_AT_OLD_SCHOOL,
    STUDENTS_LEFT,
    TERM_UNKNOWN,
    TERMS_OVERLAP,
    YEAR_OVER,
    YEAR_ROLLED_OVER,
    ErrorReason,
)
from worker.domain.review.causes.scale import (
    Scale,
    are_most,
    is_lost,
    is_matter_of_terms,
    is_promoted_out,
    plain,
)

_OF_TERMS: Final = {
    Sign.TERM_NOT_RUNNING: NO_TERM_RUNS,
    Sign.TERM_AHEAD: NO_TERM_RUNS,
    Sign.CLASS_OVER: NO_CLASS_THIS_TERM,
    Sign.CLASS_AHEAD: CLASSES_BEGIN_LATER,
}
_SUMMER: Final = frozenset({6, 7, 8})
"""Months in which school may be out."""
_OF_LOSSES: Final = {
    Loss.EMPTY_LIST: ErrorReason("sis.class_lists_empty"),
    Loss.FILTER_CHANGED: ErrorReason("filter.rules_changed"),
}


def several_reason(group: Blocked, scale: Scale) -> ErrorReason:
    """Return why students are in more than one class."""
    facts = scale.facts
    if group.sign is Sign.TERM_UNKNOWN:
        return TERM_UNKNOWN
    if facts.sections_without_term and facts.is_filter_old:
        return ErrorReason("sis.terms_blank")
    if facts.new_without_term and facts.is_filter_old:
        return ErrorReason("sis.new_terms_blank")
    if facts.overlapping_terms and facts.is_filter_old:
        return TERMS_OVERLAP
    if group.sign is Sign.CO_TAUGHT and len(plain(group.labels)) <= 1:
        return SECOND_TEACHER if facts.is_filter_old and not group.is_added else CO_TAUGHT
    if group.sign is Sign.DOUBLED and (facts.has_rules or facts.is_filter_old):
        return SECTIONS_DOUBLED
    if not facts.has_rules:
        return ErrorReason("filter.no_rules")
    if is_matter_of_terms(group.labels):
        return ErrorReason("filter.other_terms_kept")
    return _news(group, scale) or _of_places(group, scale)


def _news(group: Blocked, scale: Scale) -> ErrorReason | None:
    """Return what the sections are that came beside classes; None where another reason tells more."""
    news, is_of_two = group.news, bool(group.class_schools)
    if news is None or not scale.facts.is_filter_old or group.came_from in group.class_schools:
        return None
    kinds = plain(group.labels)
    is_habit = len(kinds) > 1 and _is_habit(group, scale)
    if is_habit and not scale.facts.lessons.intersection(kinds):
        return None
    if news.what is Beside.LEFT_OUT:
        return ErrorReason("filter.sections_beside", news=news)
    if is_of_two or news.what is Beside.UNKNOWN:
        return None
    if news.what is Beside.TAKES_OVER:
        return ErrorReason("sis.not_dropped", news=news)
    is_of_term = news.field == "term" and bool(news.was and news.now)
    code = "sis.section_in_another_term" if is_of_term else "sis.section_became_class"
    return ErrorReason(code, news=news)


def _of_places(group: Blocked, scale: Scale) -> ErrorReason:
    """Return the reason of students of whose classes it matters where they are, and of what kinds."""
    return _in_two_schools(group, scale) or _since_last_commit(group, scale) or _of_kinds(group, scale)


def _in_two_schools(group: Blocked, scale: Scale) -> ErrorReason | None:
    """Return that students are in classes of two schools, unless a filter or how these work makes it so."""
    is_of_filter = len(plain(group.labels)) > 1 and not scale.facts.is_filter_old
    if not group.class_schools or is_of_filter or _is_habit(group, scale):
        return None
    is_moved = group.place.school_id and group.came_from in group.class_schools
    return STILL_AT_OLD_SCHOOL if is_moved else IN_TWO_SCHOOLS


def _since_last_commit(group: Blocked, scale: Scale) -> ErrorReason | None:
    """Return what changed at the district; with the filter of the last commit each student was in one class.

    None where a whole school has two kinds of homerooms now: that is how it works.
    """
    facts, kinds = scale.facts, plain(group.labels)
    if not facts.is_filter_old:
        return None
    if len(kinds) > 1 and _is_habit(group, scale):
        return ErrorReason("sis.section_became_class") if facts.lessons.intersection(kinds) else None
    return ErrorReason("sis.added_to_second_class" if group.is_added else "sis.section_became_class")


def _of_kinds(group: Blocked, scale: Scale) -> ErrorReason:
    kinds = plain(group.labels)
    named = kinds if kinds in scale.kinds else ()
    if len(kinds) > 1:
        code = "filter.several_kinds_kept" if named else "filter.several_otherwise"
        return ErrorReason(code, labels=named)
    if _is_habit(group, scale):
        return ErrorReason("filter.several_of_one_kind", labels=kinds)
    return ErrorReason("sis.several_of_one_kind", labels=named)


def _is_habit(group: Blocked, scale: Scale) -> bool:
    kinds = plain(group.labels)
    is_of_place = (kinds, group.place.school_id) in scale.habits_at or (kinds, group.place) in scale.habits_of
    return kinds in scale.habits or is_of_place


def none_reason(group: Blocked, scale: Scale) -> ErrorReason:
    """Return why students are in no class."""
    shared = scale.facts.shared_sections
    moved_on = _moved_on(group, scale)
    if moved_on is not None:
        return moved_on
    if shared and shared.are_all_empty:
        return ErrorReason("sis.no_enrollments")
    if group.former and not (_has_left(group, group.former) and group.place in scale.uncovered):
        return _of_former_class(group, group.former, scale)
    return _of_sections(group, scale)


def _has_left(group: Blocked, fate: FormerClassFate) -> bool:
    """Whether they are out of a class that goes on, or at another school."""
    return fate.loss is Loss.TAKEN_OUT or _is_at_another_school(group)


def _is_at_another_school(group: Blocked) -> bool:
    return group.came_from is not None and group.place.school_id is not None


def _of_sections(group: Blocked, scale: Scale) -> ErrorReason:
    """Return why none of the sections of students counts, of whom no former class tells."""
    facts = scale.facts
    is_uncovered = group.place in scale.uncovered
    if group.sign in _OF_TERMS:
        return _OF_TERMS[group.sign]
    if not group.is_listed:
        if facts.shares_schools and group.place.school_id not in facts.school_names:
            return SCHOOL_NOT_SHARED
        if is_uncovered or are_most(scale.unlisted, facts.students):
            return ErrorReason("sharing.sections_not_shared")
        return ErrorReason("sis.in_no_section")
    if facts.shared_sections and facts.shared_sections.only_subject:
        return ONE_SUBJECT_SHARED
    if facts.lacks_homerooms and scale.nobody_has_a_class:
        return ErrorReason("sharing.homerooms_not_shared")
    if is_uncovered:
        return ErrorReason("filter.nothing_kept" if scale.nobody_has_a_class else "filter.grade_not_kept")
    if facts.is_filter_old:
        return ErrorReason("sis.not_in_a_class")
    return ErrorReason("filter.none_kept")


def _moved_on(group: Blocked, scale: Scale) -> ErrorReason | None:
    """Return what changed of students who lost their class by it: their school or their grade."""
    facts, school = scale.facts, group.place.school_id
    if school is not None and not group.is_listed and school in facts.schools_without_sections:
        return STUDENTS_LEFT if keeps_leavers(facts.school_names.get(school, "")) else SCHOOL_WITHOUT_SECTIONS
    if group.home is not None and is_lost(group) and not _is_at_another_school(group):
        is_for_all = group.former is not None and group.former.loss is Loss.TAKEN_OUT
        if not (is_for_all and group.place in scale.uncovered):
            return ErrorReason("filter.new_section_not_kept", home=group.home, fate=group.former)
    if is_promoted_out(group) and not _is_at_another_school(group):
        return YEAR_ROLLED_OVER if scale.is_new_year else PROMOTED
    return None


def _of_former_class(group: Blocked, fate: FormerClassFate, scale: Scale) -> ErrorReason:
    """Return why students are in no class who had one in the last commit."""
    is_one = sum((one.loss, one.field) == (fate.loss, fate.field) for one in scale.all_fates) == 1
    told = fate if is_one else FormerClassFate(fate.loss, fate.field)
    match fate.loss:
        case Loss.UNSHARED:
            return _unshared(group, told, scale)
        case Loss.TAKEN_OUT | Loss.EMPTY_LIST | Loss.CLOSED if _is_at_another_school(group):
            return CHANGED_SCHOOL
        case Loss.CLOSED:
            return ErrorReason("sis.class_closed", fate=told)
        case Loss.TAKEN_OUT:
            return ErrorReason("sis.taken_out_of_class" if group.is_listed else "sis.in_no_section")
        case Loss.TERM_OVER:
            return NO_CLASS_THIS_TERM if group.sign is Sign.CLASS_OVER else NO_TERM_RUNS
        case Loss.EMPTY_LIST | Loss.FILTER_CHANGED:
            return _OF_LOSSES[fate.loss]
        case Loss.SPLIT:
            return ErrorReason("sis.class_split", fate=told)
        case Loss.CHANGED | Loss.REPLACED:
            if fate.field == "name" and not (fate.was or fate.now):
                return ErrorReason("filter.names_people")
            code = "sis.sections_changed" if fate.loss is Loss.CHANGED else "sis.sections_replaced"
            return ErrorReason(code, fate=told)


def _is_summer(facts: CauseFacts) -> bool:
    return facts.today is not None and facts.today.month in _SUMMER


def _unshared(group: Blocked, told: FormerClassFate, scale: Scale) -> ErrorReason:
    """Return why the classes of the last commit are gone."""
    shared = scale.facts.shared_sections
    if group.sign is Sign.TERM_AHEAD:
        return NEXT_TERM_ONLY
    if shared and shared.only_subject:
        return ONE_SUBJECT_SHARED
    if _is_at_another_school(group):
        return CHANGED_SCHOOL
    if shared and not shared.sections and _is_summer(scale.facts):
        return YEAR_OVER
    return ErrorReason("sharing.classes_unshared", fate=told)
