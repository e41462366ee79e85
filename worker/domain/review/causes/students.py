"""Causes of errors on students: each kind of error of each group of students to its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from worker.domain.preflight.policy import Code
from worker.domain.review.causes.blank_fields import BlankFields, blank_fields, missing_reason
from worker.domain.review.causes.facts import Blocked, CauseFacts, ErrorKey, Sign
from worker.domain.review.causes.former_classes import FormerClassFate
from worker.domain.review.causes.labels import Label
from worker.domain.review.causes.model import Pile, most_first
from worker.domain.review.causes.placing import none_reason, several_reason
from worker.domain.review.causes.reasons import (
    CHANGED_SCHOOL,
    IDS_REISSUED,
    IN_TWO_SCHOOLS,
    PROMOTED,
    SCHOOL_NOT_SHARED,
    SCHOOL_WITHOUT_SECTIONS,
    SIGNS,
    STILL_AT_OLD_SCHOOL,
    STUDENTS_LEFT,
    YEAR_ROLLED_OVER,
    ErrorReason,
)
from worker.domain.review.causes.scale import WORTH_NAMING, Scale, scale_of

_PLAIN: Final[Mapping[Code, ErrorReason]] = {
    Code.UNKNOWN_SCHOOL: SCHOOL_NOT_SHARED,
    Code.LEFT_SCOPE: ErrorReason("filter.scope_left"),
}
_OF_MOVES: Final = frozenset({CHANGED_SCHOOL, STILL_AT_OLD_SCHOOL, SCHOOL_WITHOUT_SECTIONS, STUDENTS_LEFT})
_OF_REISSUED: Final = frozenset({Code.DUPLICATE_IDENTITY, Code.NO_SECTION, Code.MULTIPLE_SECTIONS})


def pile_up(facts: CauseFacts) -> dict[ErrorReason, Pile]:
    """Return the errors on students by their reasons."""
    scale, blank = scale_of(facts), blank_fields(facts)
    piles: dict[ErrorReason, Pile] = {}
    sections: dict[ErrorReason, set[tuple[Label, ...]]] = {}
    fates: dict[ErrorReason, set[FormerClassFate]] = {}
    for group in facts.blocked:
        reasons = {key: _reason(key, group, scale, blank) for key in group.since}
        for reason in set(reasons.values()):
            pile = piles.setdefault(reason, Pile())
            pile.students += group.students
            pile.unblocks += group.students if len(set(reasons.values())) == 1 else 0
            pile.unlisted += 0 if group.is_listed else group.students
            pile.newcomers += group.students if group.is_new else 0
            pile.place(*group.place, group.students)
            _place_elsewhere(pile, reason, group)
            _place_before(pile, reason, group)
        for key, reason in reasons.items():
            piles[reason].findings[key.code.value] += group.students
            piles[reason].date(group.since[key])
            if key.code is Code.MULTIPLE_SECTIONS:
                sections.setdefault(reason, set()).add(group.labels)
            elif key.code is Code.NO_SECTION and group.former:
                fates.setdefault(reason, set()).add(group.former)
    for reason, found in sections.items():
        piles[reason].sections = _most_concerned(facts.sections.get(labels, {}) for labels in found)
    for reason, of_reason in fates.items():
        former = [one for fate, some in facts.former_classes.items() if fate in of_reason for one in some]
        piles[reason].former_classes = former
        piles[reason].sections = former
    for reason, pile in piles.items():
        pile.sections = _told_by(reason, facts, pile.sections)
    return piles


def _told_by(reason: ErrorReason, facts: CauseFacts, otherwise: list[str]) -> list[str]:
    """Return the sections by which a reason is told, if it is told by some that are alike."""
    if reason.news is not None:
        return list(facts.new_classes.get(reason.news, otherwise))
    if reason.home is not None:
        return list(facts.new_homes.get(reason.home, otherwise))
    return list(facts.signs.get(SIGNS[reason], ())) if reason in SIGNS else otherwise


def _place_elsewhere(pile: Pile, reason: ErrorReason, group: Blocked) -> None:
    """Count the other schools of students who changed schools, or are in classes of two; and new grades."""
    if reason == IN_TWO_SCHOOLS or reason.code == "filter.sections_beside":
        for school in group.class_schools:
            if school != group.place.school_id:
                pile.place(school, None, group.students)
    if reason in _OF_MOVES and group.came_from:
        pile.came_from[group.came_from] += group.students
    if reason in {YEAR_ROLLED_OVER, PROMOTED} and group.was_grade and group.place.grade:
        pile.grade_moves[group.was_grade, group.place.grade] += group.students


def _place_before(pile: Pile, reason: ErrorReason, group: Blocked) -> None:
    """Count what students had in the last commit whose field is blank now."""
    if set(reason.field.split()).intersection(group.lost):
        pile.lost += group.students
        if reason.field == "grade" and group.was_grade:
            pile.was_grade[group.was_grade] += group.students
        if reason.field == "school_id" and group.came_from:
            pile.came_from[group.came_from] += group.students


def _most_concerned(counts: Iterable[Mapping[str, int]]) -> list[str]:
    """Return the sections, those of most students first."""
    summed: Counter[str] = Counter()
    for some in counts:
        summed.update(some)
    return most_first(summed)


def _reason(key: ErrorKey, group: Blocked, scale: Scale, blank: BlankFields) -> ErrorReason:
    if group.sign is Sign.REISSUED and scale.are_reissued and key.code in _OF_REISSUED:
        return IDS_REISSUED
    match key.code:
        case Code.FIELD_MISSING:
            return missing_reason(key.field, group, scale, blank)
        case Code.DUPLICATE_IDENTITY:
            return _duplicate(key.field, scale)
        case Code.MULTIPLE_SECTIONS:
            return several_reason(group, scale)
        case Code.NO_SECTION:
            second = next((one for one in group.since if one.code is Code.DUPLICATE_IDENTITY), None)
            if second is not None and _is_second_record(second.field, group, scale):
                return _duplicate(second.field, scale)
            return none_reason(group, scale)
        case _:
            return _PLAIN.get(key.code, ErrorReason(f"vendor.{key.code.replace('.', '_')}"))


def _is_second_record(name: str, group: Blocked, scale: Scale) -> bool:
    """Whether students have no class because another record of them has it."""
    same = scale.facts.same_values.get(name)
    return group.former is None or (same is not None and same.are_of_one and not group.is_listed)


def _duplicate(name: str, scale: Scale) -> ErrorReason:
    """Tell two students with one number from two records of one, and from numbers written otherwise."""
    same = scale.facts.same_values.get(name)
    if same and same.are_rewritten and same.values >= WORTH_NAMING:
        return ErrorReason("sis.values_rewritten", name)
    return ErrorReason("sis.second_record" if same and same.are_of_one else "sis.duplicate_identity", name)
