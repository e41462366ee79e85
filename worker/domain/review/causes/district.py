"""Causes of errors that are on no student: what a mass removal looks like, and what holds a district back."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from worker.domain.preflight.approval import CLASS_CHANGE_GUARDS, REMOVAL_GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.class_changes import ROLLOVER, pile_up_class_changes
from worker.domain.review.causes.facts import CauseFacts, Others, Removals, Removed, SchoolGrade
from worker.domain.review.causes.model import Pile
from worker.domain.review.causes.reasons import IDS_REISSUED, ErrorReason
from worker.domain.roster.grades import grade_number, is_written_with

MINOR_PERCENT: Final = 10
"""Of the removed students: what a smaller part of them looks like is counted with the rest."""
MOST_PERCENT: Final = 50
MERGED_PERCENT: Final = 75
"""Of the students of a school that is gone: if so many new ones come in elsewhere, it may be a merge."""
KEPT_PERCENT: Final = 25
"""Of the committed students: if more are in the grade that they were in, no new school year began."""

SCOPE_NARROWED: Final = ErrorReason("filter.scope_narrowed")
SCHOOL_VANISHED: Final = ErrorReason("sharing.school_vanished")
RULE_NARROWED: Final = ErrorReason("sharing.rule_narrowed")
STUDENTS_VANISHED: Final = ErrorReason("sharing.students_vanished")
SCHOOL_EMPTIED: Final = ErrorReason("sharing.school_emptied")
SCHOOLS_MERGED: Final = ErrorReason("sis.schools_merged")

_PLAIN: Final[Mapping[Code, ErrorReason]] = {
    Code.EVENTS_QUARANTINED: ErrorReason("vendor.events_quarantined"),
    Code.NO_BASELINE: ErrorReason("vendor.no_baseline"),
    Code.RECORDS_UNREADABLE: ErrorReason("sis.records_unreadable"),
    Code.SCOPE_MATCHES_NOTHING: ErrorReason("filter.scope_matches_nothing"),
    Code.NO_TEACHER: ErrorReason("sis.class_without_teacher"),
    Code.UNKNOWN_TEACHER: ErrorReason("sharing.teacher_not_shared"),
    Code.UNKNOWN_STUDENT: ErrorReason("sharing.student_not_shared"),
    Code.KIND_VANISHED: ErrorReason("sharing.kind_vanished"),
}


def pile_up_others(facts: CauseFacts) -> dict[ErrorReason, Pile]:
    """Return the errors on everything but students by their reasons."""
    piles: dict[ErrorReason, Pile] = {}
    for others in facts.others:
        if others.code in REMOVAL_GUARDS | CLASS_CHANGE_GUARDS:
            continue
        pile = piles.setdefault(_reason(others, facts), Pile())
        pile.findings[others.code.value] += others.findings
        pile.date(others.since)
        if others.code in {Code.NO_TEACHER, Code.UNKNOWN_TEACHER, Code.UNKNOWN_STUDENT}:
            pile.sections = sorted({*pile.sections, *others.record_ids})
    removals = [others for others in facts.others if others.code in REMOVAL_GUARDS]
    if removals:
        _add_removals(piles, _removals(facts.removals or Removals(()), removals, facts), facts)
    for reason, changes in pile_up_class_changes(facts, is_rollover=ROLLOVER in piles).items():
        piles[reason] = _together(piles.get(reason), changes)
    return piles


def _add_removals(
    piles: dict[ErrorReason, Pile], removed: dict[ErrorReason, Pile], facts: CauseFacts
) -> None:
    """Add the removals; that nobody is left is no cause of its own then."""
    for others in facts.others:
        if others.code is Code.NO_STUDENTS and removed:
            piles.pop(_reason(others, facts), None)
            largest = max(removed, key=lambda reason: (removed[reason].removed, reason))
            removed[largest].findings[others.code.value] += others.findings
            removed[largest].date(others.since)
    piles |= removed


def _together(one: Pile | None, other: Pile) -> Pile:
    """Return what belongs to one reason, of removals and of class changes."""
    if one is None:
        return other
    one.class_changes = other.class_changes
    one.findings.update(other.findings)
    one.schools.update(other.schools)
    if not one.removed:
        one.grades.update(other.grades)
    one.sections = [*one.sections, *other.sections]
    one.date(other.since)
    return one


def _reason(others: Others, facts: CauseFacts) -> ErrorReason:
    if others.code is Code.NO_STUDENTS:
        if facts.has_shared_students and facts.has_scope:
            return ErrorReason("filter.nobody_in_scope")
        return ErrorReason("sharing.no_students")
    return _PLAIN.get(others.code, ErrorReason(f"vendor.{others.code.replace('.', '_')}"))


def _removals(removals: Removals, found: list[Others], facts: CauseFacts) -> dict[ErrorReason, Pile]:
    shapes = _merged(_shapes(_concerned(removals, found), facts))
    piles = {shape: Pile() for shape in shapes}
    at_school: defaultdict[str | None, Counter[ErrorReason]] = defaultdict(Counter)
    for shape, groups in shapes.items():
        for group in groups:
            piles[shape].removed += group.students
            piles[shape].listed += group.listed
            piles[shape].place(*group.place, group.students)
            if group.moved_to:
                piles[shape].moved_to[group.moved_to] += group.students
            if group.is_staged and group.grade_now and group.place.grade:
                piles[shape].grade_moves[group.place.grade, group.grade_now] += group.students
            at_school[group.place.school_id][shape] += group.students
    largest = _largest({shape: pile.removed for shape, pile in piles.items()})
    for others in found:
        ids = others.record_ids if others.code is Code.SCHOOL_MASS_REMOVAL else ()
        for school in ids:
            _count(piles, _largest(at_school[school], largest), others, 1)
        # The ids are only the first; the rest, and the district itself, go with most of the students.
        _count(piles, largest, others, others.findings - len(ids))
    for pile in piles.values():
        if not pile.findings:  # a part of the removal that the district's finding speaks of as a whole
            pile.date(min(others.since for others in found))
    return piles


def _concerned(removals: Removals, found: list[Others]) -> Removals:
    """Leave out the schools that lose students within the limits, unless the district loses too many.

    A student who changed schools within the hours that are counted is a loss of his former school: where
    so none would be left, all are told.
    """
    if any(others.code is Code.DISTRICT_MASS_REMOVAL for others in found):
        return removals
    schools = {school for others in found for school in others.record_ids}
    concerned = [group for group in removals.students if group.place.school_id in schools]
    return replace(removals, students=concerned or removals.students)


def _count(piles: dict[ErrorReason, Pile], shape: ErrorReason, others: Others, findings: int) -> None:
    if findings:
        pile = piles.setdefault(shape, Pile())
        pile.findings[others.code.value] += findings
        pile.date(others.since)


def _shapes(removals: Removals, facts: CauseFacts) -> dict[ErrorReason, list[Removed]]:
    """Return the removed students by what their removal looks like."""
    shapes: dict[ErrorReason, list[Removed]] = {}
    left: Counter[str | None] = Counter()
    for place, students in facts.cohorts.items():
        left[place.school_id] += students
    lost = Counter[str | None]()
    for group in removals.students:
        lost[group.place.school_id] += group.students
    rest = []
    for group in removals.students:
        school = group.place.school_id
        if group.is_staged:
            shapes.setdefault(_left_scope(group, facts), []).append(group)
        elif group.reissued * 100 >= group.students * MOST_PERCENT:
            shapes.setdefault(IDS_REISSUED, []).append(group)
        elif school in removals.gone_schools or (school and lost[school] > 1 and not left[school]):
            shapes.setdefault(_shape_of_school(removals, school, lost[school]), []).append(group)
        else:
            rest.append(group)
    if rest:
        shapes[_shape_of_rest(removals, rest, facts.cohorts)] = rest
    return shapes


def _shape_of_school(removals: Removals, school: str | None, lost: int) -> ErrorReason:
    """Return what became of a school without a student: others may get as many new ones as it loses."""
    gained = sum(students for other, students in removals.newcomers.items() if other != school)
    if gained * 100 >= lost * MERGED_PERCENT:
        return SCHOOLS_MERGED
    return SCHOOL_VANISHED if school in removals.gone_schools else SCHOOL_EMPTIED


def _left_scope(group: Removed, facts: CauseFacts) -> ErrorReason:
    """Return why students who are still shared are out of scope: their grade, our filter, or their school."""
    was, now = group.place.grade, group.grade_now
    if not facts.is_scope_by_grade or was is None or was == now:
        if facts.is_filter_new:
            return SCOPE_NARROWED
        return ErrorReason("filter.school_out_of_scope" if group.moved_to else "sis.left_scope")
    if now is None:
        return ErrorReason("sis.grade_blank")
    before, after = grade_number(was), grade_number(now)
    if before is None or after is None:
        is_same = before is not None and is_written_with(now, before)
        return ErrorReason("sis.grade_rewritten" if is_same else "sis.grade_changed")
    by_step = {0: "sis.grade_rewritten", 1: _promoted(facts)}
    return ErrorReason(by_step.get(after - before, "sis.grade_changed"))


def _promoted(facts: CauseFacts) -> str:
    """Return whose move it is that students are one grade up: a new school year has few who are not."""
    kept = facts.students_committed - (facts.removals.regraded if facts.removals else 0)
    is_new_year = kept * 100 <= facts.students_committed * KEPT_PERCENT
    return "vendor.grade_promoted" if is_new_year else "sis.grade_promoted"


def _shape_of_rest(
    removals: Removals, rest: list[Removed], cohorts: Mapping[SchoolGrade, int]
) -> ErrorReason:
    replaced = min(removals.classes_removed, removals.classes_new)
    if removals.classes_committed and replaced * 100 >= removals.classes_committed * MOST_PERCENT:
        return ROLLOVER
    whole = sum(group.students for group in rest if group.place.school_id and not cohorts.get(group.place))
    removed = sum(group.students for group in rest)
    return RULE_NARROWED if whole * 100 >= removed * MOST_PERCENT else STUDENTS_VANISHED


def _merged(shapes: dict[ErrorReason, list[Removed]]) -> dict[ErrorReason, list[Removed]]:
    """Return the shapes with those of a few students counted to the largest."""
    sizes = {shape: sum(group.students for group in groups) for shape, groups in shapes.items()}
    merged: dict[ErrorReason, list[Removed]] = {}
    for shape in _most_first(sizes):
        is_minor = sizes[shape] * 100 < sum(sizes.values()) * MINOR_PERCENT
        merged.setdefault(_largest(sizes) if is_minor else shape, []).extend(shapes[shape])
    return merged


def _most_first(sizes: Mapping[ErrorReason, int]) -> list[ErrorReason]:
    return sorted(sizes, key=lambda reason: (-sizes[reason], reason))


def _largest(sizes: Mapping[ErrorReason, int], otherwise: ErrorReason = STUDENTS_VANISHED) -> ErrorReason:
    return next(iter(_most_first(sizes)), otherwise)
