"""Causes of class changes: why so many students would sit in another class at once.

`district` adds these piles to its own.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final

from schemas.messages.review import MAX_CAUSE_LISTED
from worker.domain.preflight.approval import CLASS_CHANGE_GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import CauseFacts, ClassChange, Fate, Others
from worker.domain.review.causes.model import Pile, most_first
from worker.domain.review.causes.reasons import ErrorReason

MINOR_PERCENT: Final = 10
"""Of the students who change class: a smaller part with a reason of its own is counted with the rest."""
MOST_PERCENT: Final = 50

CLASS_IDS_CHANGED: Final = ErrorReason("sis.class_ids_changed")
CLASSES_RENEWED: Final = ErrorReason("sis.classes_renewed")
STUDENTS_REASSIGNED: Final = ErrorReason("sis.students_reassigned")
OTHER_SECTIONS_KEPT: Final = ErrorReason("filter.other_sections_kept")
OTHER_SECTIONS_COUNT: Final = ErrorReason("sis.other_sections_kept")
SECTIONS_UNSHARED: Final = ErrorReason("sharing.sections_unshared")
CLASS_MADE_ANEW: Final = ErrorReason("sis.class_made_anew")
CLASSES_MOVED: Final = ErrorReason("sis.classes_moved")
CLASSES_MERGED: Final = ErrorReason("sis.classes_merged")
TERM_TURNED: Final = ErrorReason("vendor.term_turned")
ROLLOVER: Final = ErrorReason("vendor.rollover")

_REASONS: Final[Mapping[Fate, ErrorReason]] = {
    Fate.NEW_ID: CLASS_IDS_CHANGED,
    Fate.RENEWED: CLASSES_RENEWED,
    Fate.MADE_ANEW: CLASS_MADE_ANEW,
    Fate.MERGED: CLASSES_MERGED,
    Fate.MOVED: CLASSES_MOVED,
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
    groups = [_moved(group) for group in _concerned(facts.class_changes, found)]
    reasons = _merged(groups, is_rollover=is_rollover or _most_are_promoted(groups))
    if facts.was_rostered and not facts.is_filter_new:
        same_filter = {OTHER_SECTIONS_KEPT: OTHER_SECTIONS_COUNT}
        reasons = {fate: same_filter.get(reason, reason) for fate, reason in reasons.items()}
    piles = {reason: Pile() for reason in reasons.values()}
    at_school: defaultdict[str | None, Counter[ErrorReason]] = defaultdict(Counter)
    sections: defaultdict[ErrorReason, Counter[str]] = defaultdict(Counter)
    for group in groups:
        reason = reasons[group.fate]
        piles[reason].class_changes += group.students
        piles[reason].place(*group.place, group.students)
        if group.moved_to:
            piles[reason].moved_to[group.moved_to] += group.students
        at_school[group.place.school_id][reason] += group.students
        sections[reason].update(dict.fromkeys(group.sections, group.students))
    for reason, named in sections.items():
        piles[reason].sections = most_first(named)[:MAX_CAUSE_LISTED]
    _attribute(piles, found, at_school)
    return piles


def _moved(group: ClassChange) -> ClassChange:
    """Tell a class that goes on at another school from one that was only made again."""
    goes_on = group.fate in {Fate.NEW_ID, Fate.RENEWED, Fate.MADE_ANEW, Fate.MERGED}
    return replace(group, fate=Fate.MOVED) if group.moved_to and goes_on else group


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
