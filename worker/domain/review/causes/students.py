"""Causes of errors on students: each kind of error of each group of students to its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from schemas.words import Owner
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import Blocked, CauseFacts, ErrorKey, SchoolGrade, Sign
from worker.domain.review.causes.labels import Label
from worker.domain.review.causes.model import Pile, most_first

WITHDRAWN_PERCENT: Final = 50
"""Of the students in scope: below it a field is badly kept, above it nobody kept it from us by accident."""
WITHDRAWN_STUDENTS: Final = 10
"""With fewer students than this there is no telling the two apart."""
NEARLY_ALL_PERCENT: Final = 90
"""Of the students of a school, or of a grade there: the reason is with it, and not with its students."""
WORTH_NAMING: Final = 5
"""Students of a grade of a school from which the grade can be the reason."""
PAIRS: Final = 3
"""Kinds of sections kept together that are causes of their own; the others are folded into one. The same for
kinds that students have twice."""


class ErrorReason(NamedTuple):
    """What makes two errors belong to one cause."""

    code: str
    owner: Owner
    field: str = ""
    labels: tuple[Label, ...] = ()


IDS_REISSUED: Final = ErrorReason("sis.ids_reissued", Owner.SIS)
NO_TERM_RUNS: Final = ErrorReason("sis.no_term_runs", Owner.SIS)
TERM_UNKNOWN: Final = ErrorReason("sis.term_unknown", Owner.SIS)
CO_TAUGHT: Final = ErrorReason("sis.co_taught", Owner.SIS)
SIGNS: Final[Mapping[ErrorReason, Sign]] = {
    NO_TERM_RUNS: Sign.TERM_NOT_RUNNING,
    TERM_UNKNOWN: Sign.TERM_UNKNOWN,
    CO_TAUGHT: Sign.CO_TAUGHT,
}

_PLAIN: Final[Mapping[Code, ErrorReason]] = {
    Code.UNKNOWN_SCHOOL: ErrorReason("sharing.school_not_shared", Owner.SHARING),
    Code.LEFT_SCOPE: ErrorReason("filter.scope_left", Owner.FILTER),
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
    kinds: frozenset[tuple[Label, ...]]
    """Kinds of sections kept together, or one twice, that are causes of their own."""
    are_reissued: bool
    """Whether so many students are there under two ids that it is no single mistake."""
    habits: frozenset[tuple[Label, ...]]
    """Of one kind: those that so many students have twice that it is no mistake."""


def scale_of(facts: CauseFacts) -> Scale:
    """Measure how widespread each kind of error is."""
    missing: Counter[str] = Counter()
    missing_at: Counter[tuple[str, str]] = Counter()
    without: Counter[SchoolGrade] = Counter()
    pairs: Counter[tuple[Label, ...]] = Counter()
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
            elif key.code is Code.NO_SECTION and not is_explained:
                without[group.place] += group.students
                if not group.is_listed:
                    unlisted += group.students
            elif key.code is Code.MULTIPLE_SECTIONS and not (
                is_explained or _is_matter_of_terms(group.labels)
            ):
                kinds = plain(group.labels)
                (pairs if len(kinds) > 1 else alike)[kinds] += group.students
    schools: Counter[str | None] = Counter()
    for place, students in facts.cohorts.items():
        schools[place.school_id] += students
    return Scale(
        facts,
        frozenset(name for name, students in missing.items() if _are_most(students, facts.students)),
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
        frozenset([*_most(pairs), *_most(alike)]),
        are_reissued,
        frozenset(kinds for kinds, students in alike.items() if _are_most(students, facts.students)),
    )


def pile_up(facts: CauseFacts) -> dict[ErrorReason, Pile]:
    """Return the errors on students by their reasons."""
    scale = scale_of(facts)
    piles: dict[ErrorReason, Pile] = {}
    sections: dict[ErrorReason, list[tuple[Label, ...]]] = {}
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
            if key.code is Code.MULTIPLE_SECTIONS and group.labels not in sections.setdefault(reason, []):
                sections[reason].append(group.labels)
    for reason, found in sections.items():
        named = Counter(section for labels in found for section in facts.sections.get(labels, ()))
        piles[reason].sections = most_first(named)
    for reason, sign in SIGNS.items():
        if reason in piles:
            piles[reason].sections = list(facts.signs.get(sign, ()))
    return piles


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
            return ErrorReason("sis.duplicate_identity", Owner.SIS, key.field)
        case Code.MULTIPLE_SECTIONS:
            return _several(group, scale)
        case Code.NO_SECTION:
            return _none(group, scale)
        case _:
            return _PLAIN.get(key.code, ErrorReason(f"vendor.{key.code.replace('.', '_')}", Owner.VENDOR))


def _missing(name: str, group: Blocked, scale: Scale) -> ErrorReason:
    """Tell a field that was kept from us from one that is badly kept.

    Clever's choice of fields is one for the whole district, so that a field blank at one whole school is
    that school's data.
    """
    if name in scale.withdrawn:
        what = "withdrawn" if scale.facts.was_rostered else "not_shared"
        return ErrorReason(f"sharing.field_{what}", Owner.SHARING, name)
    if (name, group.place.school_id) in scale.blank_at:
        return ErrorReason("sis.field_missing_at_school", Owner.SIS, name)
    return ErrorReason("sis.field_missing", Owner.SIS, name)


def _several(group: Blocked, scale: Scale) -> ErrorReason:
    if group.sign is Sign.TERM_UNKNOWN:
        return TERM_UNKNOWN
    if group.sign is Sign.CO_TAUGHT and len(plain(group.labels)) <= 1:
        return CO_TAUGHT
    if not scale.facts.has_rules:
        return ErrorReason("filter.no_rules", Owner.FILTER)
    if _is_matter_of_terms(group.labels):
        return ErrorReason("filter.other_terms_kept", Owner.FILTER)
    kinds = plain(group.labels)
    named = kinds if kinds in scale.kinds else ()
    if len(kinds) > 1:
        return ErrorReason(
            "filter.several_kinds_kept" if named else "filter.several_otherwise", Owner.FILTER, "", named
        )
    if kinds in scale.habits:
        return ErrorReason("filter.several_of_one_kind", Owner.FILTER, "", kinds)
    return ErrorReason("sis.several_of_one_kind", Owner.SIS, "", named)


def _is_matter_of_terms(labels: tuple[Label, ...]) -> bool:
    """Whether just one section would be left of those whose term runs now."""
    return [label.several for label in labels if label.is_current] == [False]


def _none(group: Blocked, scale: Scale) -> ErrorReason:
    if group.sign is Sign.TERM_NOT_RUNNING:
        return NO_TERM_RUNS
    is_uncovered = group.place in scale.uncovered
    if group.is_listed:
        return ErrorReason("filter.grade_not_kept" if is_uncovered else "filter.none_kept", Owner.FILTER)
    if is_uncovered or _are_most(scale.unlisted, scale.facts.students):
        return ErrorReason("sharing.sections_not_shared", Owner.SHARING)
    return ErrorReason("sis.in_no_section", Owner.SIS)


def _most(counts: Counter[tuple[Label, ...]]) -> list[tuple[Label, ...]]:
    return sorted(counts, key=lambda labels: (-counts[labels], labels))[:PAIRS]


def _are_most(students: int, total: int) -> bool:
    return students >= WITHDRAWN_STUDENTS and students * 100 >= total * WITHDRAWN_PERCENT


def _nearly_all(students: int, total: int) -> bool:
    return bool(total) and students * 100 >= total * NEARLY_ALL_PERCENT
