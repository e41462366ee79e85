"""Causes of errors on students: each kind of error of each group of students to its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import Blocked, CauseFacts, ErrorKey, SchoolGrade, Sign
from worker.domain.review.causes.former_classes import FormerClassFate, Loss
from worker.domain.review.causes.labels import Label
from worker.domain.review.causes.model import Pile, most_first
from worker.domain.review.causes.reasons import (
    CO_TAUGHT,
    IDS_REISSUED,
    NO_TERM_RUNS,
    SIGNS,
    TERM_UNKNOWN,
    ErrorReason,
)
from worker.domain.roster.student_fields import ALWAYS_KEPT

MOST_PERCENT: Final = 50
"""Of the students in scope: too many for mistakes."""
HABIT_PERCENT: Final = 75
"""Of the students of a school who are in two classes of the same kinds: it is how the school works."""
WITHDRAWN_STUDENTS: Final = 10
"""With fewer students than this there is no telling the two apart."""
NEARLY_ALL_PERCENT: Final = 90
"""Of the students of a school, or of a grade there: the reason is with it, and not with its students."""
WORTH_NAMING: Final = 5
"""Students of a grade of a school from which the grade can be the reason."""
PAIRS: Final = 3
"""Kinds of sections kept together that are causes of their own; the others are folded into one. The same for
kinds that students have twice."""


_PLAIN: Final[Mapping[Code, ErrorReason]] = {
    Code.UNKNOWN_SCHOOL: ErrorReason("sharing.school_not_shared"),
    Code.LEFT_SCOPE: ErrorReason("filter.scope_left"),
}
_OF_REISSUED: Final = frozenset({Code.DUPLICATE_IDENTITY, Code.NO_SECTION, Code.MULTIPLE_SECTIONS})


@dataclass(frozen=True, slots=True)
class Scale:
    """What has to be known of all students before the error of one can be told a reason."""

    facts: CauseFacts
    withdrawn: frozenset[str]
    blank_at: frozenset[tuple[str, str | None]]
    """Fields with the schools where they are blank for nearly all."""
    uncovered: frozenset[SchoolGrade]
    unlisted: int
    nobody_has_a_class: bool
    kinds: frozenset[tuple[Label, ...]]
    """Kinds of sections kept together, or one twice, that are causes of their own."""
    are_reissued: bool
    """Whether so many students are there under two ids that it is no single mistake."""
    habits: frozenset[tuple[Label, ...]]
    """Of one kind: those that so many students have twice that it is no mistake."""
    habits_at: frozenset[tuple[tuple[Label, ...], str | None]]
    """Kinds that nearly all students of a school have together: how the school works."""
    all_fates: Collection[FormerClassFate]
    """What became of former classes."""


def scale_of(facts: CauseFacts) -> Scale:
    """Measure how widespread each kind of error is."""
    missing: Counter[str] = Counter()
    missing_at: Counter[tuple[str, str]] = Counter()
    without: Counter[SchoolGrade] = Counter()
    pairs: Counter[tuple[Label, ...]] = Counter()
    together: Counter[tuple[tuple[Label, ...], str | None]] = Counter()
    fates: Counter[FormerClassFate] = Counter()
    alike: Counter[tuple[Label, ...]] = Counter()
    unlisted = 0
    students_with_two_ids = sum(group.students for group in facts.blocked if group.sign is Sign.REISSUED)
    are_reissued = students_with_two_ids >= WITHDRAWN_STUDENTS
    for group in facts.blocked:
        is_explained = are_reissued if group.sign is Sign.REISSUED else group.sign is not None
        for key in group.since:
            if key.code is Code.FIELD_MISSING:
                missing[key.field] += group.students
                if group.place.school_id:
                    missing_at[key.field, group.place.school_id] += group.students
            elif key.code is Code.NO_SECTION and group.former:
                fates[group.former] += group.students
            if key.code is Code.NO_SECTION and not is_explained:
                without[group.place] += group.students
                if not group.is_listed:
                    unlisted += group.students
            elif key.code is Code.MULTIPLE_SECTIONS and not (
                is_explained or _is_matter_of_terms(group.labels)
            ):
                kinds = plain(group.labels)
                (pairs if len(kinds) > 1 else alike)[kinds] += group.students
                together[kinds, group.place.school_id] += group.students
    schools: Counter[str | None] = Counter()
    for place, students in facts.cohorts.items():
        schools[place.school_id] += students
    return Scale(
        facts,
        frozenset(
            name
            for name, students in missing.items()
            if students >= WITHDRAWN_STUDENTS and _nearly_all(students, facts.students)
        ),
        frozenset(
            (name, school)
            for (name, school), students in missing_at.items()
            if students >= WITHDRAWN_STUDENTS and _nearly_all(students, schools[school])
        ),
        frozenset(
            place
            for place, students in without.items()
            if students >= WORTH_NAMING and _nearly_all(students, facts.cohorts.get(place, 0))
        ),
        unlisted,
        sum(without.values()) == facts.students,
        frozenset([*_most(pairs), *_most(alike)]),
        are_reissued,
        frozenset(kinds for kinds, students in alike.items() if _are_most(students, facts.students)),
        frozenset(
            (kinds, school)
            for (kinds, school), students in together.items()
            if students >= WITHDRAWN_STUDENTS and students * 100 >= schools[school] * HABIT_PERCENT
        ),
        fates.keys(),
    )


def pile_up(facts: CauseFacts) -> dict[ErrorReason, Pile]:
    """Return the errors on students by their reasons."""
    scale = scale_of(facts)
    piles: dict[ErrorReason, Pile] = {}
    sections: dict[ErrorReason, set[tuple[Label, ...]]] = {}
    fates: dict[ErrorReason, set[FormerClassFate]] = {}
    for group in facts.blocked:
        reasons = {key: _reason(key, group, scale) for key in group.since}
        for reason in set(reasons.values()):
            pile = piles.setdefault(reason, Pile())
            pile.students += group.students
            pile.unblocks += group.students if len(set(reasons.values())) == 1 else 0
            pile.place(*group.place, group.students)
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
    for reason, sign in SIGNS.items():
        if reason in piles:
            piles[reason].sections = list(facts.signs.get(sign, ()))
    return piles


def _most_concerned(counts: Iterable[Mapping[str, int]]) -> list[str]:
    """Return the sections, those of most students first."""
    summed: Counter[str] = Counter()
    for some in counts:
        summed.update(some)
    return most_first(summed)


def plain(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """Return the kinds alone, however many sections of each there are, and of whatever term."""
    return tuple(sorted({Label(label.kind, label.text) for label in labels}))


def _reason(key: ErrorKey, group: Blocked, scale: Scale) -> ErrorReason:
    if group.sign is Sign.REISSUED and scale.are_reissued and key.code in _OF_REISSUED:
        return IDS_REISSUED
    match key.code:
        case Code.FIELD_MISSING:
            return _missing(key.field, group, scale)
        case Code.DUPLICATE_IDENTITY:
            return ErrorReason("sis.duplicate_identity", key.field)
        case Code.MULTIPLE_SECTIONS:
            return _several(group, scale)
        case Code.NO_SECTION:
            second = next((one for one in group.since if one.code is Code.DUPLICATE_IDENTITY), None)
            if second is not None and group.former is None:  # a second record of a student who has a class
                return ErrorReason("sis.duplicate_identity", second.field)
            return _none(group, scale)
        case _:
            return _PLAIN.get(key.code, ErrorReason(f"vendor.{key.code.replace('.', '_')}"))


def _missing(name: str, group: Blocked, scale: Scale) -> ErrorReason:
    """Tell a field that was kept from us from one that is badly kept.

    Clever's choice of fields is one for the whole district, so that a field blank at one whole school is
    that school's data.
    """
    if name in scale.withdrawn:
        # What is demanded only now may never have been shared.
        was_kept = scale.facts.was_rostered and scale.withdrawn <= frozenset(ALWAYS_KEPT)
        what = "withdrawn" if was_kept else "not_shared"
        if len(scale.withdrawn) > 1:
            return ErrorReason(f"sharing.fields_{what}", " ".join(sorted(scale.withdrawn)))
        return ErrorReason(f"sharing.field_{what}", name)
    if (name, group.place.school_id) in scale.blank_at:
        return ErrorReason("sis.field_missing_at_school", name)
    return ErrorReason("sis.field_missing", name)


def _several(group: Blocked, scale: Scale) -> ErrorReason:
    facts = scale.facts
    if group.sign is Sign.TERM_UNKNOWN:
        return TERM_UNKNOWN
    if group.sign is Sign.CO_TAUGHT and len(plain(group.labels)) <= 1:
        return CO_TAUGHT
    if not facts.has_rules:
        return ErrorReason("filter.no_rules")
    if _is_matter_of_terms(group.labels):
        return ErrorReason("filter.other_terms_kept")
    kinds = plain(group.labels)
    named = kinds if kinds in scale.kinds else ()
    is_habit = kinds in scale.habits or (kinds, group.place.school_id) in scale.habits_at
    if len(kinds) == 1 and facts.was_rostered and not facts.is_filter_new:
        is_habit = False  # with this filter each student was in one class
    if not is_habit and facts.was_rostered and not facts.is_filter_new:
        return ErrorReason("sis.added_to_second_class" if group.is_added else "sis.section_became_class")
    is_old_filter = facts.was_rostered and not facts.is_filter_new
    if len(kinds) > 1 and is_old_filter and facts.lessons.intersection(kinds):
        return ErrorReason("sis.section_became_class")
    if len(kinds) > 1:
        code = "filter.several_kinds_kept" if named else "filter.several_otherwise"
        return ErrorReason(code, labels=named)
    if is_habit:
        return ErrorReason("filter.several_of_one_kind", labels=kinds)
    return ErrorReason("sis.several_of_one_kind", labels=named)


def _is_matter_of_terms(labels: tuple[Label, ...]) -> bool:
    """Whether just one section would be left of those whose term runs now."""
    return [label.several for label in labels if label.is_current] == [False]


def _none(group: Blocked, scale: Scale) -> ErrorReason:
    facts = scale.facts
    is_uncovered = group.place in scale.uncovered
    if (
        facts.shared_sections
        and facts.shared_sections.sections
        and not facts.shared_sections.are_lists_filled
    ):
        return ErrorReason("sis.no_enrollments")
    if group.former and (group.former.loss is not Loss.TAKEN_OUT or not is_uncovered):
        return _of_former_class(group, group.former, scale)
    if group.sign is Sign.TERM_NOT_RUNNING:
        return NO_TERM_RUNS
    if not group.is_listed:
        if facts.shares_schools and group.place.school_id not in facts.school_names:
            return _PLAIN[Code.UNKNOWN_SCHOOL]
        if is_uncovered or _are_most(scale.unlisted, facts.students):
            return ErrorReason("sharing.sections_not_shared")
        return ErrorReason("sis.in_no_section")
    if facts.shared_sections and facts.shared_sections.only_subject:
        return ErrorReason("sharing.one_subject_shared")
    if is_uncovered:
        return ErrorReason("filter.nothing_kept" if scale.nobody_has_a_class else "filter.grade_not_kept")
    if facts.was_rostered and not facts.is_filter_new:
        return ErrorReason("sis.not_in_a_class")
    return ErrorReason("filter.none_kept")


def _of_former_class(group: Blocked, fate: FormerClassFate, scale: Scale) -> ErrorReason:
    """Return why students are in no class who had one in the last commit."""
    is_one = sum((one.loss, one.field) == (fate.loss, fate.field) for one in scale.all_fates) == 1
    told = fate if is_one else FormerClassFate(fate.loss, fate.field)
    match fate.loss:
        case Loss.UNSHARED:
            are_alike = sum(one.loss is Loss.UNSHARED for one in scale.all_fates) == 1
            return ErrorReason("sharing.classes_unshared", fate=fate if are_alike else None)
        case Loss.EMPTY_LIST:
            return ErrorReason("sis.class_lists_empty")
        case Loss.TAKEN_OUT:
            return ErrorReason("sis.taken_out_of_class" if group.is_listed else "sis.in_no_section")
        case Loss.TERM_OVER:
            return NO_TERM_RUNS
        case Loss.FILTER_CHANGED:
            return ErrorReason("filter.rules_changed")
        case Loss.CHANGED | Loss.REPLACED:
            if fate.field == "name" and not (fate.was or fate.now):
                return ErrorReason("filter.names_people")
            code = "sis.sections_changed" if fate.loss is Loss.CHANGED else "sis.sections_replaced"
            return ErrorReason(code, fate=told)


def _most(counts: Counter[tuple[Label, ...]]) -> list[tuple[Label, ...]]:
    return sorted(counts, key=lambda labels: (-counts[labels], labels))[:PAIRS]


def _are_most(students: int, total: int) -> bool:
    return students >= WITHDRAWN_STUDENTS and students * 100 >= total * MOST_PERCENT


def _nearly_all(students: int, total: int) -> bool:
    return bool(total) and students * 100 >= total * NEARLY_ALL_PERCENT
