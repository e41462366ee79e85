"""Causes of class changes: why so many students would sit in another class at once.

`district` adds these piles to its own; `remedies` takes the texts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from schemas.messages.review import MAX_CAUSE_LISTED
from schemas.words import Owner
from worker.domain.preflight.approval import CLASS_CHANGE_GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import CauseFacts, ClassChange, Fate, Others
from worker.domain.review.causes.model import Pile, most_first
from worker.domain.review.causes.students import ErrorReason
from worker.domain.review.causes.wording import grades, several, verb
from worker.runtime.count_text import counted

MINOR_PERCENT: Final = 10
"""Of the students who change class: a smaller part with a reason of its own is counted with the rest."""
MOST_PERCENT: Final = 50

CLASS_IDS_CHANGED: Final = ErrorReason("sis.class_ids_changed", Owner.SIS)
CLASSES_RENEWED: Final = ErrorReason("sis.classes_renewed", Owner.SIS)
STUDENTS_REASSIGNED: Final = ErrorReason("sis.students_reassigned", Owner.SIS)
OTHER_SECTIONS_KEPT: Final = ErrorReason("filter.other_sections_kept", Owner.FILTER)
SECTIONS_UNSHARED: Final = ErrorReason("sharing.sections_unshared", Owner.SHARING)
TERM_TURNED: Final = ErrorReason("vendor.term_turned", Owner.VENDOR)
ROLLOVER: Final = ErrorReason("vendor.rollover", Owner.VENDOR)

_REASONS: Final[Mapping[Fate, ErrorReason]] = {
    Fate.NEW_ID: CLASS_IDS_CHANGED,
    Fate.RENEWED: CLASSES_RENEWED,
    Fate.UNSHARED: SECTIONS_UNSHARED,
    Fate.NOT_KEPT: OTHER_SECTIONS_KEPT,
    Fate.TERM_OVER: TERM_TURNED,
    Fate.LEFT: STUDENTS_REASSIGNED,
}


def pile_up_class_changes(facts: CauseFacts, is_rollover: bool) -> dict[ErrorReason, Pile]:
    """Return the findings of class changes by their reasons; none where there is no such finding.

    `is_rollover` says that removals of the same plan look like a new school year: then so do these.
    """
    found = [others for others in facts.others if others.code in CLASS_CHANGE_GUARDS]
    if not found:
        return {}
    groups = _concerned(facts.class_changes, found)
    reasons = _merged(groups, is_rollover=is_rollover or _most_are_promoted(groups))
    piles = {reason: Pile() for reason in reasons.values()}
    at_school: defaultdict[str | None, Counter[ErrorReason]] = defaultdict(Counter)
    sections: defaultdict[ErrorReason, Counter[str]] = defaultdict(Counter)
    for group in groups:
        reason = reasons[group.fate]
        piles[reason].class_changes += group.students
        piles[reason].place(*group.place, group.students)
        at_school[group.place.school_id][reason] += group.students
        sections[reason].update(dict.fromkeys(group.sections, group.students))
    for reason, named in sections.items():
        piles[reason].sections = most_first(named)[:MAX_CAUSE_LISTED]
    _attribute(piles, found, at_school)
    return piles


def _concerned(groups: Sequence[ClassChange], found: Sequence[Others]) -> list[ClassChange]:
    """Leave out the schools within the limit, unless the district is beyond it."""
    if any(others.code is Code.DISTRICT_CLASS_CHANGE for others in found):
        return list(groups)
    schools = {school for others in found for school in others.record_ids}
    return [group for group in groups if group.place.school_id in schools] or list(groups)


def _most_are_promoted(groups: Collection[ClassChange]) -> bool:
    """Whether most of the students come into another grade as well, as they do once a year."""
    promoted = sum(group.students for group in groups if group.is_promoted)
    return promoted * 100 > sum(group.students for group in groups) * MOST_PERCENT


def _merged(groups: Sequence[ClassChange], *, is_rollover: bool) -> dict[Fate, ErrorReason]:
    """Return the reason of each fate, those of a few students counted to the largest."""
    sizes = Counter[Fate]()
    for group in groups:
        sizes[group.fate] += group.students
    largest = max(sorted(sizes), key=lambda fate: sizes[fate], default=Fate.LEFT)
    return {
        fate: ROLLOVER
        if is_rollover
        else _REASONS[largest if size * 100 < sizes.total() * MINOR_PERCENT else fate]
        for fate, size in sizes.items()
    }


def _attribute(
    piles: dict[ErrorReason, Pile],
    found: Sequence[Others],
    at_school: Mapping[str | None, Counter[ErrorReason]],
) -> None:
    """Give each finding to the reason of most of its students."""
    sizes = {reason: pile.class_changes for reason, pile in piles.items()}
    largest = _largest(sizes, STUDENTS_REASSIGNED)
    for others in found:
        ids = others.record_ids if others.code is Code.SCHOOL_CLASS_CHANGE else ()
        for school in ids:
            _give(piles, _largest(at_school.get(school, {}), largest), others, 1)
        # The ids are only the first; the rest, and the district itself, go with most of the students.
        _give(piles, largest, others, others.findings - len(ids))
    for pile in piles.values():
        if not pile.findings:
            pile.date(min(others.since for others in found))


def _give(piles: dict[ErrorReason, Pile], reason: ErrorReason, others: Others, findings: int) -> None:
    if findings:
        pile = piles.setdefault(reason, Pile())
        pile.findings[others.code.value] += findings
        pile.date(others.since)


def _largest(sizes: Mapping[ErrorReason, int], otherwise: ErrorReason) -> ErrorReason:
    return min(sizes, key=lambda reason: (-sizes[reason], reason), default=otherwise)


def _would(pile: Pile) -> str:
    at = f" at {several(len(pile.schools), 'school')}" if pile.schools else ""
    return f"{counted(pile.class_changes, 'student')}{at} would change class"


def _their(pile: Pile) -> str:
    return verb(pile.class_changes, "the student's", "their")


def _class_ids_changed(pile: Pile) -> str:
    return (
        f"{_would(pile)}: the sections were deleted and created again under new IDs, with the same SIS IDs. "
        "Ask the district whether its student information system, or its Clever sync, was replaced or set up "
        "again."
    )


def _classes_renewed(pile: Pile) -> str:
    return (
        f"{_would(pile)}: {_their(pile)} sections were deleted, and similar new ones were created. Ask the "
        "district whether students were really assigned to new classes."
    )


def _students_reassigned(pile: Pile) -> str:
    if not pile.class_changes:  # the plan only adds them: it is earlier commits that they left with
        return (
            "Students who were recently removed come back, but would be in different classes. "
            "Ask the district whether the enrollments in its student information "
            "system are right."
        )
    return (
        f"{_would(pile)}: {_their(pile)} sections are still shared, but no longer list "
        f"{verb(pile.class_changes, 'the student', 'them')}. Ask the district whether the "
        "enrollments in its student information system are right."
    )


def _other_sections_kept(pile: Pile) -> str:
    return (
        f"{_would(pile)}: {_their(pile)} sections are still shared, but the section filter now keeps others. "
        "Either the filter changed, or the names, courses or terms of the sections. See the filter's latest "
        "versions with `rostering filter show --history`."
    )


def _term_turned(pile: Pile) -> str:
    return (
        f"{_would(pile)}: the term of {_their(pile)} sections is over, and the sections of another term take "
        "their place. This is normal at the start of a term; the section filter does not have to change."
    )


def _sections_unshared(pile: Pile) -> str:
    return (
        f"{_would(pile)}: {_their(pile)} sections are no longer shared, and others take their place. A "
        "sharing "
        "rule was changed: ask the district to share the earlier sections in Clever again."
    )


CLASS_CHANGE_TEXTS: Final[Mapping[ErrorReason, Callable[[Pile], str]]] = {
    CLASS_IDS_CHANGED: _class_ids_changed,
    CLASSES_RENEWED: _classes_renewed,
    STUDENTS_REASSIGNED: _students_reassigned,
    OTHER_SECTIONS_KEPT: _other_sections_kept,
    TERM_TURNED: _term_turned,
    SECTIONS_UNSHARED: _sections_unshared,
}
"""What is wrong and what to do; how to let it pass comes after it."""


def rollover_text(pile: Pile) -> str:
    """Return what a new school year looks like in classes, where nobody would be removed."""
    return (
        f"{_would(pile)}, most of them in another grade ({grades(most_first(pile.grades))}). This "
        "looks like a new school year."
    )
