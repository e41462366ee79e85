"""Why students are in no class, or in more than one: by what was committed, and by how many they are."""

from __future__ import annotations

from typing import Final

from worker.domain.review.causes.facts import Blocked, Sign
from worker.domain.review.causes.former_classes import FormerClassFate, Loss
from worker.domain.review.causes.reasons import (
    CHANGED_SCHOOL,
    CLASSES_BEGIN_LATER,
    CO_TAUGHT,
    IN_TWO_SCHOOLS,
    NEXT_TERM_ONLY,
    NO_CLASS_THIS_TERM,
    NO_TERM_RUNS,
    ONE_SUBJECT_SHARED,
    SCHOOL_NOT_SHARED,
    SECOND_TEACHER,
    SECTIONS_DOUBLED,
    STILL_AT_OLD_SCHOOL,
    TERM_UNKNOWN,
    TERMS_OVERLAP,
    ErrorReason,
)
from worker.domain.review.causes.scale import Scale, are_most, is_matter_of_terms, plain

_OF_TERMS: Final = {
    Sign.TERM_NOT_RUNNING: NO_TERM_RUNS,
    Sign.TERM_AHEAD: NO_TERM_RUNS,
    Sign.CLASS_OVER: NO_CLASS_THIS_TERM,
    Sign.CLASS_AHEAD: CLASSES_BEGIN_LATER,
}
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
    facts = scale.facts
    is_uncovered = group.place in scale.uncovered
    shared = facts.shared_sections
    if shared and shared.are_all_empty:
        return ErrorReason("sis.no_enrollments")
    if group.former and (group.former.loss is not Loss.TAKEN_OUT or not is_uncovered):
        return _of_former_class(group, group.former, scale)
    if group.sign in _OF_TERMS:
        return _OF_TERMS[group.sign]
    if not group.is_listed:
        if facts.shares_schools and group.place.school_id not in facts.school_names:
            return SCHOOL_NOT_SHARED
        if is_uncovered or are_most(scale.unlisted, facts.students):
            return ErrorReason("sharing.sections_not_shared")
        return ErrorReason("sis.in_no_section")
    if shared and shared.only_subject:
        return ONE_SUBJECT_SHARED
    if is_uncovered:
        return ErrorReason("filter.nothing_kept" if scale.nobody_has_a_class else "filter.grade_not_kept")
    if facts.is_filter_old:
        return ErrorReason("sis.not_in_a_class")
    return ErrorReason("filter.none_kept")


def _of_former_class(group: Blocked, fate: FormerClassFate, scale: Scale) -> ErrorReason:
    """Return why students are in no class who had one in the last commit."""
    is_one = sum((one.loss, one.field) == (fate.loss, fate.field) for one in scale.all_fates) == 1
    told = fate if is_one else FormerClassFate(fate.loss, fate.field)
    match fate.loss:
        case Loss.UNSHARED:
            return _unshared(group, told, scale)
        case Loss.TAKEN_OUT if group.came_from and group.place.school_id:
            return CHANGED_SCHOOL
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


def _unshared(group: Blocked, told: FormerClassFate, scale: Scale) -> ErrorReason:
    """Return why the classes of the last commit are gone."""
    shared = scale.facts.shared_sections
    if group.sign is Sign.TERM_AHEAD:
        return NEXT_TERM_ONLY
    if shared and shared.only_subject:
        return ONE_SUBJECT_SHARED
    return ErrorReason("sharing.classes_unshared", fate=told)
