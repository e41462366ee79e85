"""How widespread errors are: what has to be known of all students before one error can be told a reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final

from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import Blocked, CauseFacts, SchoolGrade, Sign
from worker.domain.review.causes.former_classes import FormerClassFate, Loss
from worker.domain.review.causes.labels import Label
from worker.domain.roster.grades import grade_number

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
    habits_of: frozenset[tuple[tuple[Label, ...], SchoolGrade]]
    """Two kinds or more that nearly all students of a grade there have together: a program of the grade."""
    all_fates: Collection[FormerClassFate]
    """What became of former classes."""
    is_new_year: bool
    """Whether most students are in no class and one grade up."""


def scale_of(facts: CauseFacts) -> Scale:
    """Measure how widespread each kind of error is."""
    missing: Counter[str] = Counter()
    missing_at: Counter[tuple[str, str]] = Counter()
    without: Counter[SchoolGrade] = Counter()
    pairs: Counter[tuple[Label, ...]] = Counter()
    together: Counter[tuple[tuple[Label, ...], str | None]] = Counter()
    in_grade: Counter[tuple[tuple[Label, ...], SchoolGrade]] = Counter()
    alike: Counter[tuple[Label, ...]] = Counter()
    unlisted = 0
    students_with_two_ids = sum(group.students for group in facts.blocked if group.sign is Sign.REISSUED)
    are_reissued = students_with_two_ids >= WITHDRAWN_STUDENTS
    for group in facts.blocked:
        is_explained = _is_explained(group, are_reissued=are_reissued)
        for key in group.since:
            if key.code is Code.FIELD_MISSING:
                missing[key.field] += group.students
                if group.place.school_id:
                    missing_at[key.field, group.place.school_id] += group.students
            elif key.code is Code.NO_SECTION and not is_explained:
                without[group.place] += group.students
                if not group.is_listed:
                    unlisted += group.students
            elif key.code is Code.MULTIPLE_SECTIONS and not (
                is_explained or is_matter_of_terms(group.labels)
            ):
                kinds = plain(group.labels)
                (pairs if len(kinds) > 1 else alike)[kinds] += group.students
                together[kinds, group.place.school_id] += group.students
                in_grade[kinds, group.place] += group.students
    schools: Counter[str | None] = Counter()
    for place, students in facts.cohorts.items():
        schools[place.school_id] += students
    return Scale(
        facts,
        frozenset(
            name
            for name, students in missing.items()
            if students >= WITHDRAWN_STUDENTS and nearly_all(students, facts.students)
        ),
        frozenset(
            (name, school)
            for (name, school), students in missing_at.items()
            if students >= WITHDRAWN_STUDENTS and nearly_all(students, schools[school])
        ),
        frozenset(
            place
            for place, students in without.items()
            if students >= WORTH_NAMING and nearly_all(students, facts.cohorts.get(place, 0))
        ),
        unlisted,
        sum(without.values()) == facts.students,
        frozenset([*_most(pairs), *_most(alike)]),
        are_reissued,
        frozenset(kinds for kinds, students in alike.items() if are_most(students, facts.students)),
        frozenset(
            (kinds, school)
            for (kinds, school), students in together.items()
            if students >= WITHDRAWN_STUDENTS and students * 100 >= schools[school] * HABIT_PERCENT
        ),
        frozenset(
            (kinds, place)
            for (kinds, place), students in in_grade.items()
            if len(kinds) > 1
            and students >= WITHDRAWN_STUDENTS
            and nearly_all(students, facts.cohorts.get(place, 0))
        ),
        {group.former for group in facts.blocked if group.former},
        are_most(sum(group.students for group in facts.blocked if is_promoted_out(group)), facts.students),
    )


_LOST: Final = frozenset({Loss.UNSHARED, Loss.CLOSED, Loss.EMPTY_LIST, Loss.TAKEN_OUT})


def is_promoted_out(group: Blocked) -> bool:
    """Whether students are one grade up and no section of their class lists them, nor one of a later term."""
    was, now = grade_number(group.was_grade), grade_number(group.place.grade)
    is_up = was is not None and now is not None and now - was == 1
    return is_up and is_lost(group)


def is_lost(group: Blocked) -> bool:
    """Whether no section of their class lists students, nor one of a later term."""
    return group.former is not None and group.former.loss in _LOST and group.sign is not Sign.TERM_AHEAD


def _is_explained(group: Blocked, *, are_reissued: bool) -> bool:
    """Whether a sign tells enough: sections of two kinds with the same students are not just co-taught."""
    if group.sign is Sign.REISSUED:
        return are_reissued
    return group.sign is not None and (group.sign is not Sign.CO_TAUGHT or len(plain(group.labels)) <= 1)


def plain(labels: tuple[Label, ...]) -> tuple[Label, ...]:
    """Return the kinds alone, however many sections of each there are, and of whatever term."""
    return tuple(sorted({replace(label, is_current=True, several=False) for label in labels}))


def is_matter_of_terms(labels: tuple[Label, ...]) -> bool:
    """Whether just one section would be left of those whose term runs now."""
    return [label.several for label in labels if label.is_current] == [False]


def _most(counts: Counter[tuple[Label, ...]]) -> list[tuple[Label, ...]]:
    return sorted(counts, key=lambda labels: (-counts[labels], labels))[:PAIRS]


def are_most(students: int, total: int) -> bool:
    """Whether so many of all students have an error that it is no mistake in the data."""
    return students >= WITHDRAWN_STUDENTS and students * 100 >= total * MOST_PERCENT


def nearly_all(students: int, total: int) -> bool:
    """Whether so many of these students have an error that the few others do not matter."""
    return bool(total) and students * 100 >= total * NEARLY_ALL_PERCENT
