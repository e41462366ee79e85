"""What a cause says to the people who can put it right: what is wrong, what to do, what that would do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Final

from worker.domain.preflight.approval import GUARDS
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.class_changes import CLASS_CHANGE_TEXTS, rollover_text
from worker.domain.review.causes.facts import CauseFacts
from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.review.causes.model import Pile, most_first
from worker.domain.review.causes.remedy_texts import TEXTS, UNKNOWN
from worker.domain.review.causes.section_remedies import co_taught, no_term_runs, term_unknown
from worker.domain.review.causes.students import ErrorReason
from worker.domain.review.causes.wording import grades, listing, several, verb
from worker.runtime.count_text import counted

DIGITS: Final = 12
"""Of a plan's digest, as a sentence tells it: `approve` takes any beginning of one."""
_COMMAND: Final = re.compile(r"approve the plan: rostering approve \S+ --plan \S+ --reason TEXT")


def advice(reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    """Return one to three sentences for the owner of the cause."""
    if reason in CLASS_CHANGE_TEXTS:
        return f"{CLASS_CHANGE_TEXTS[reason](pile)}{_approve(facts)}"
    if reason.code in _TOLD:
        return _TOLD[reason.code](reason, pile, facts)
    return TEXTS.get(reason.code, UNKNOWN).format(**_words(reason, pile, facts))


def _words(reason: ErrorReason, pile: Pile, facts: CauseFacts) -> dict[str, str]:
    """Return what a text may say of the cause."""
    students, schools, found = pile.students, len(pile.schools), pile.findings.total()
    return {
        "field": reason.field,
        "students": _students(pile),
        "are": verb(students, "is", "are"),
        "have": verb(students, "has", "have"),
        "them": verb(students, "the student", "them"),
        "schools": several(schools, "school"),
        "the_schools": verb(schools, "the school", "the schools"),
        "at": _at(pile),
        "of": _of(pile),
        "of_kind": _named(reason.labels) if reason.labels else " of the same kind",
        "grades": grades(most_first(pile.grades)),
        "removed": _removed(pile),
        "removed_are": verb(pile.removed, "is", "are"),
        "classes_have": f"{counted(found, 'class', 'classes')} {verb(found, 'has', 'have')}",
        "classes": counted(found, "class", "classes"),
        "sections_list": f"{counted(found, 'kept section')} {verb(found, 'lists', 'list')}",
        "unblocks": _unblocks(pile),
        "approve": _approve(facts),
        "errors": counted(found, "error"),
        "code": reason.code,
    }


def _students(pile: Pile) -> str:
    return counted(pile.students, "student")


def _are(pile: Pile) -> str:
    return f"{_students(pile)} {verb(pile.students, 'is', 'are')}"


def _at(pile: Pile) -> str:
    return f" at {several(len(pile.schools), 'school')}" if pile.schools else ""


def _of(pile: Pile) -> str:
    """Say of which schools the students are; their sections may be at others."""
    return f" of {several(len(pile.schools), 'school')}" if pile.schools else ""


def _unblocks(pile: Pile) -> str:
    if not pile.unblocks:
        who = "Each of them also has" if pile.students > 1 else "The student also has"
        return f" {who} another error."
    return f" This makes {counted(pile.unblocks, 'student')} ready."


def _kinds(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    names = listing([str(label) for label in reason.labels])
    number = several(len(reason.labels), "kind")
    where = "named " if all(label.kind is LabelKind.WORD for label in reason.labels) else "of "
    return (
        f"{_are(pile)} in more than one class because the section filter keeps {number} of sections: those "
        f"{where}{names}. Keep only one of the {number.split()[0]}.{_unblocks(pile)}"
    )


def _named(labels: tuple[Label, ...]) -> str:
    (label,) = labels
    return f" {'named' if label.kind is LabelKind.WORD else 'of'} {label}"


def _grade_not_kept(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    if pile.students == facts.students:
        return (
            f"The current section filter keeps no section that any of the {_students(pile)} is in. "
            f"Set another filter.{_unblocks(pile)}"
        )
    return (
        f"The section filter keeps no section for {grades(most_first(pile.grades))}{_at(pile)}: "
        f"{_are(pile)} in no class. Add a rule that keeps one of their sections, or remove the grade from "
        f"the filter's scope.{_unblocks(pile)}"
    )


def _none_kept(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    why = "none is kept" if facts.has_rules else "none of their terms is current"
    return (
        f"{_are(pile)} in shared sections, but {why}{_at(pile)}. Add a rule to the section filter that "
        f"keeps one of them, or ask the district to add {verb(pile.students, 'the student', 'them')} to a "
        f"kept section.{_unblocks(pile)}"
    )


def _ids_reissued(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    """Say what is lost with the old ids, and who can map them."""
    if pile.removed:
        what = (
            f"{_removed(pile)} would be removed{_at(pile)}, and most of them come back under new IDs: they "
            "have the same SIS ID, state ID, student number, or name and grade."
        )
    else:
        what = (
            f"{_students(pile)}{_of(pile)} {verb(pile.students, 'is', 'are')} listed twice, under an old and "
            "a new ID: both have the same SIS ID, state ID, student number, or name and grade."
        )
    return (
        f"{what} Their IDs were reissued, most likely by a new student information system. Ask Clever "
        "support to map the new IDs to the old ones; otherwise the history under the old IDs is lost."
        + (_approve(facts) if pile.removed else " Do not merge them before the old ones are deleted.")
    )


def _approve(facts: CauseFacts) -> str:
    if facts.blocked or any(others.code not in GUARDS for others in facts.others):
        return " If this is intended, fix the other errors first; then the plan can be approved."
    return (
        f" If this is intended, approve the plan: rostering approve {facts.district_id} "
        f"--plan {facts.plan_digest[:DIGITS]} --reason TEXT"
    )


def without_command(advice: str) -> str:
    """Return an advice without the command that approves the plan, for where there is a button."""
    return _COMMAND.sub("approve the plan.", advice)


def _removed(pile: Pile) -> str:
    return counted(pile.removed, "student")


def _school_vanished(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    number = len(pile.schools)
    return (
        f"{several(number, 'school').capitalize()} {verb(number, 'is', 'are')} no longer shared, with all "
        f"{verb(number, 'its', 'their')} students: {_removed(pile)} would be removed. Ask the district "
        f"whether it still shares {verb(number, 'it', 'them')} in Clever.{_approve(facts)}"
    )


def _rollover(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    if not pile.removed:
        return f"{rollover_text(pile)}{_approve(facts)}"
    removals = facts.removals
    classes = (
        f"{removals.classes_removed:,} of {counted(removals.classes_committed, 'class', 'classes')}"
        if removals
        else "Classes"
    )
    return (
        f"{classes} are replaced by new ones, and {_removed(pile)} would be removed "
        f"({grades(most_first(pile.grades))}). This looks like a new school year.{_approve(facts)}"
    )


def _quarantined(_reason: ErrorReason, _pile: Pile, facts: CauseFacts) -> str:
    waiting = sum(others.waiting for others in facts.others if others.code is Code.EVENTS_QUARANTINED)
    return (
        f"{counted(waiting, 'event')} of this district could not be read, so its roster may be incomplete. "
        f"Replay or discard the dead letters, or read the whole district again with {_resync(facts)}."
    )


def _resync(facts: CauseFacts) -> str:
    """Return the command that reads the district whole: what is not connected, from saved pages."""
    return f"`rostering resync {facts.district_id}{'' if facts.is_connected else ' --from FOLDER'}`"


def _records_unreadable(_reason: ErrorReason, _pile: Pile, facts: CauseFacts) -> str:
    waiting = sum(others.waiting for others in facts.others if others.code is Code.RECORDS_UNREADABLE)
    return (
        f"The section filter uses terms or courses, and {waiting:,} of them cannot be read, because a "
        "date or a name is not valid. Correct them in the student information system."
    )


def _no_baseline(_reason: ErrorReason, _pile: Pile, facts: CauseFacts) -> str:
    return "The district was never read completely, so records may be missing. " + (
        f"It is read automatically soon; {_resync(facts)} reads it now."
        if facts.is_connected
        else "It is read as soon as it connects to this application in Clever. Until then, read saved pages "
        f"of Clever's lists with {_resync(facts)}."
    )


_TOLD: Final[Mapping[str, Callable[[ErrorReason, Pile, CauseFacts], str]]] = {
    "sis.ids_reissued": _ids_reissued,
    "sis.no_term_runs": no_term_runs,
    "sis.term_unknown": term_unknown,
    "sis.co_taught": co_taught,
    "filter.several_kinds_kept": _kinds,
    "filter.grade_not_kept": _grade_not_kept,
    "filter.none_kept": _none_kept,
    "sharing.school_vanished": _school_vanished,
    "vendor.rollover": _rollover,
    "vendor.events_quarantined": _quarantined,
    "vendor.no_baseline": _no_baseline,
    "sis.records_unreadable": _records_unreadable,
}
"""What takes more than that to say."""
