"""Why a required field of students is blank: who ever had it, and who has it now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from worker.domain.preflight.policy import Code, Policy
from worker.domain.review.causes.facts import Blocked, CauseFacts
from worker.domain.review.causes.reasons import ErrorReason
from worker.domain.review.causes.scale import WITHDRAWN_STUDENTS, WORTH_NAMING, Scale, nearly_all

ALWAYS_REQUIRED: Final = frozenset(Policy().required_fields)
"""Fields that every district should have of every student: not to be done without."""


@dataclass(frozen=True, slots=True)
class BlankFields:
    """What has to be known of all students before the blank field of one can be told a reason."""

    lost_grades: frozenset[str]
    """Grades of the last commit that went blank, and that no student has now where they were."""
    grades_without: Mapping[str, frozenset[str]]
    """By field: the grades that lack what the other grades have."""


def blank_fields(facts: CauseFacts) -> BlankFields:
    """Find what blank fields have in common."""
    fields = {key.field for group in facts.blocked for key in group.since if key.code is Code.FIELD_MISSING}
    return BlankFields(_lost_grades(facts), {name: _grades_without(name, facts) for name in fields})


def missing_reason(name: str, group: Blocked, scale: Scale, blank: BlankFields) -> ErrorReason:
    """Return why a required field is blank.

    What is required only since the last commit is for us to decide. Clever's choice of fields is one for the
    whole district, so that a field blank at one whole school is that school's data. What was filled at the
    last commit was lost, in the SIS or on its way to us; what was never filled in some grades is how the
    district works.
    """
    facts = scale.facts
    if facts.is_newly_required(name):
        return _one_or_more(
            "vendor.{}_newly_required", name, filter(facts.is_newly_required, scale.withdrawn)
        )
    if name in scale.withdrawn:
        kept_from_us = "sharing.{}_withdrawn" if facts.was_rostered else "sharing.{}_not_shared"
        others = (one for one in scale.withdrawn if not facts.is_newly_required(one))
        return _one_or_more(kept_from_us, name, others)
    if (name, group.place.school_id) in scale.blank_at:
        return ErrorReason("sis.field_missing_at_school", name)
    if name in group.lost:
        is_unread = name == "grade" and group.was_grade in blank.lost_grades
        return ErrorReason("sis.grade_unread" if is_unread else "sis.field_emptied", name)
    if group.place.grade in blank.grades_without[name]:
        return ErrorReason(f"{'sis' if name in ALWAYS_REQUIRED else 'vendor'}.field_blank_in_grades", name)
    return ErrorReason("sis.field_missing", name)


def _one_or_more(code: str, name: str, together: Iterable[str]) -> ErrorReason:
    """Return one reason for all fields that are blank for nearly everybody, if this is one of them."""
    fields = sorted(together)
    if name in fields and len(fields) > 1:
        return ErrorReason(code.format("fields"), " ".join(fields))
    return ErrorReason(code.format("field"), name)


def _lost_grades(facts: CauseFacts) -> frozenset[str]:
    lost, left = Counter[str](), Counter[str]()
    counted = {place.school_id for place in facts.cohorts}
    for group in facts.blocked:
        if group.was_grade and "grade" in group.lost and group.place.school_id in counted:
            lost[group.was_grade] += group.students
    for place, students in facts.cohorts.items():
        left[place.grade or ""] += students
    return frozenset(
        grade for grade, students in lost.items() if students >= WORTH_NAMING and not left[grade]
    )


def _grades_without(name: str, facts: CauseFacts) -> frozenset[str]:
    blank, others = Counter[str](), 0
    everybody = Counter[str]()
    counted = {place.school_id for place in facts.cohorts}
    for group in facts.blocked:
        if name in group.lost or not _lacks(name, group):
            continue
        if group.place.grade and group.place.school_id in counted:
            blank[group.place.grade] += group.students
        else:
            others += group.students
    for place, students in facts.cohorts.items():
        everybody[place.grade or ""] += students
    return _habit(blank, everybody, others)


def _habit(blank: Mapping[str, int], everybody: Mapping[str, int], others: int) -> frozenset[str]:
    found = frozenset(
        grade
        for grade, students in blank.items()
        if students >= WORTH_NAMING and nearly_all(students, everybody[grade])
    )
    of_these = sum(blank[grade] for grade in found)
    is_habit = of_these >= WITHDRAWN_STUDENTS and nearly_all(of_these, sum(blank.values()) + others)
    return found if is_habit and everybody.keys() - found - {""} else frozenset()


def _lacks(name: str, group: Blocked) -> bool:
    return any(key.code is Code.FIELD_MISSING and key.field == name for key in group.since)
