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
from worker.domain.review.causes.section_remedies import co_taught, no_term_runs, term_unknown
from worker.domain.review.causes.students import ErrorReason
from worker.domain.review.causes.wording import grades, listing, several, verb
from worker.runtime.count_text import counted

DIGITS: Final = 12
"""Of a plan's digest, as a sentence tells it: `approve` takes any beginning of one."""
_COMMAND: Final = re.compile(r"approve the plan: rostering approve \S+ --plan \S+ --reason TEXT")
_Words = Callable[[ErrorReason, Pile, CauseFacts], str]


def advice(reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    """Return one to three sentences for the owner of the cause."""
    if reason in CLASS_CHANGE_TEXTS:
        return f"{CLASS_CHANGE_TEXTS[reason](pile)}{_approve(facts)}"
    return _TEXTS.get(reason.code, _unknown)(reason, pile, facts)


def _students(pile: Pile) -> str:
    return counted(pile.students, "student")


def _are(pile: Pile) -> str:
    return f"{_students(pile)} {verb(pile.students, 'is', 'are')}"


def _at(pile: Pile) -> str:
    return f" at {several(len(pile.schools), 'school')}" if pile.schools else ""


def _of_schools(pile: Pile) -> str:
    """Say of which schools the students are; their sections may be at others."""
    schools = f" of {several(len(pile.schools), 'school')}" if pile.schools else ""
    return f"{_students(pile)}{schools} {verb(pile.students, 'is', 'are')}"


def _unblocks(pile: Pile) -> str:
    if not pile.unblocks:
        who = "Each of them also has" if pile.students > 1 else "The student also has"
        return f" {who} another error."
    return f" This makes {counted(pile.unblocks, 'student')} ready."


def _field_withdrawn(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"The field {reason.field} is no longer shared with us: it is blank for {_students(pile)} all at "
        "once. Ask the district to share it in the field settings for our app in Clever."
        f"{_unblocks(pile)}"
    )


def _field_not_shared(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"The field {reason.field} appears not to be shared with us: it is blank for {_students(pile)}. "
        f"Ask the district to share it in the field settings for our app in Clever.{_unblocks(pile)}"
    )


def _field_missing(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"Field {reason.field} is blank for {_students(pile)}{_at(pile)}. "
        f"Enter it in the student information system.{_unblocks(pile)}"
    )


def _field_missing_at_school(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"Field {reason.field} is blank for nearly every student of {several(len(pile.schools), 'school')}, "
        f"{_students(pile)} in all, but not at other schools. Clever shares a field for the whole "
        "district or "
        f"not at all, so ask the {verb(len(pile.schools), 'school', 'schools')} to enter it in the student "
        f"information system.{_unblocks(pile)}"
    )


def _duplicate(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{_students(pile)}{_at(pile)} {verb(pile.students, 'has', 'have')} a {reason.field} that another "
        f"student has too. Give each student a unique one in the student information system, or share only "
        f"one of the records.{_unblocks(pile)}"
    )


def _school_not_shared(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{_are(pile)} at {several(len(pile.schools), 'school')} that the district does not share with us. "
        f"Ask it to share the school, or to stop sharing its students.{_unblocks(pile)}"
    )


def _no_rules(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"The section filter has no rules: every shared section counts, and {_are(pile)} in more than one "
        "class. Set a filter that keeps one section per student: `rostering filter suggest` finds one, "
        f"`rostering filter try` shows what it would do.{_unblocks(pile)}"
    )


def _kinds(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    names = listing([str(label) for label in reason.labels])
    number = several(len(reason.labels), "kind")
    where = "named " if all(label.kind is LabelKind.WORD for label in reason.labels) else "of "
    return (
        f"{_are(pile)} in more than one class because the section filter keeps {number} of sections: those "
        f"{where}{names}. Keep only one of the {number.split()[0]}.{_unblocks(pile)}"
    )


def _otherwise(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{_of_schools(pile)} in more than one class for other reasons. Check the sections listed with this "
        f"cause, and narrow the section filter.{_unblocks(pile)}"
    )


def _other_terms(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{_are(pile)} in more than one class, of which only one is in a current term. "
        "Set current_term_only in the section filter."
        f"{_unblocks(pile)}"
    )


def _of_one_kind(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{_of_schools(pile)} in two or more sections{_named(reason.labels)} at once. "
        f"Remove them from all but one in the student information system.{_unblocks(pile)}"
    )


def _habit(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{_are(pile)} in two or more sections{_named(reason.labels)}: too many to be a data error. "
        "Narrow the section filter by what distinguishes these sections, such as course or "
        f"period.{_unblocks(pile)}"
    )


def _named(labels: tuple[Label, ...]) -> str:
    if not labels:
        return " of the same kind"
    return (" named " if labels[0].kind is LabelKind.WORD else " of ") + listing([str(one) for one in labels])


def _grade_not_kept(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    if pile.students == facts.students:
        return (
            f"The current section filter keeps no section that any of the {_students(pile)} is in. "
            f"Set another filter.{_unblocks(pile)}"
        )
    return (
        f"The section filter keeps no section for {grades(most_first(pile.grades))}{_at(pile)}: "
        f"{_are(pile)} in no class. Add a rule that keeps one of their sections, or remove the grade from "
        "the "
        f"filter's scope.{_unblocks(pile)}"
    )


def _none_kept(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    why = (
        "none of their terms is current"
        if facts.current_term_only and not facts.has_rules
        else "none is kept"
    )
    return (
        f"{_are(pile)} in shared sections, but {why}{_at(pile)}. Add a rule to the section filter that "
        f"keeps one of them, or ask the district to add {verb(pile.students, 'the student', 'them')} to a "
        "kept "
        "section."
        f"{_unblocks(pile)}"
    )


def _not_shared(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{_are(pile)} in none of the shared sections ({grades(most_first(pile.grades))}{_at(pile)}): most "
        "likely their sections are not shared. Ask the district to share all sections with us in Clever."
        f"{_unblocks(pile)}"
    )


def _unlisted(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{_are(pile)} in none of the shared sections{_at(pile)}. Enroll "
        f"{verb(pile.students, 'the student', 'them')} in a section in the student information system, or "
        "stop "
        f"sharing {verb(pile.students, 'the student', 'them')}."
        f"{_unblocks(pile)}"
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
            f"{_of_schools(pile)} listed twice, under an old and a new ID: both have the same "
            "SIS ID, state ID, student number, or name and grade."
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


def _scope_narrowed(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    return (
        f"{_removed(pile)} would be removed, although still shared: they are no longer in the scope of the "
        f"section filter ({grades(most_first(pile.grades))}{_at(pile)}). Widen the scope if this is not "
        "intended."
        f"{_approve(facts)}"
    )


def _school_vanished(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    number = len(pile.schools)
    return (
        f"{several(number, 'school').capitalize()} {verb(number, 'is', 'are')} no longer shared, with all "
        f"{verb(number, 'its', 'their')} students: {_removed(pile)} would be removed. Ask the district "
        f"whether it still shares {verb(number, 'it', 'them')} in Clever.{_approve(facts)}"
    )


def _rule_narrowed(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    return (
        f"{_removed(pile)} of whole grades ({grades(most_first(pile.grades))}{_at(pile)}) "
        f"{verb(pile.removed, 'is', 'are')} no longer shared, although their schools are: a sharing rule was "
        "narrowed. Ask the district to widen it."
        f"{_approve(facts)}"
    )


def _rollover(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    if pile.class_changes and not pile.removed:
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


def _vanished(_reason: ErrorReason, pile: Pile, facts: CauseFacts) -> str:
    return (
        f"{_removed(pile)} would be removed{_at(pile)}: they are no longer shared, although others in "
        "their grades are. Ask the district whether it still shares all of its students."
        f"{_approve(facts)}"
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
        "date or a "
        "name is not valid. Correct them in the student information system."
    )


def _no_baseline(_reason: ErrorReason, _pile: Pile, facts: CauseFacts) -> str:
    return "The district was never read completely, so records may be missing. " + (
        f"It is read automatically soon; {_resync(facts)} reads it now."
        if facts.is_connected
        else "It is read as soon as it connects to this application in Clever. Until then, read saved pages "
        f"of Clever's lists with {_resync(facts)}."
    )


def _no_students(_reason: ErrorReason, _pile: Pile, _facts: CauseFacts) -> str:
    return "The district shares no students with us. Ask it to share its students with our app in Clever."


def _scope_left(_reason: ErrorReason, _pile: Pile, _facts: CauseFacts) -> str:
    return (
        "Students left the filter's scope but are still in a kept section: their grade or school changed, "
        "or is spelled differently. Compare it with the scope."
    )


def _scope_matches_nothing(_reason: ErrorReason, _pile: Pile, _facts: CauseFacts) -> str:
    return (
        "The filter's scope names a grade or a school that no shared student or school has. Correct it, or "
        "remove it from the scope."
    )


def _nobody_in_scope(_reason: ErrorReason, _pile: Pile, _facts: CauseFacts) -> str:
    return (
        "Students are shared, but none is in the scope of the section filter. "
        "Compare its grades and schools with the district's."
    )


def _class_without_teacher(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    classes = counted(pile.findings.total(), "class", "classes")
    has = verb(pile.findings.total(), "has", "have")
    return f"{classes} {has} no teacher. Enter one in the student information system."


def _teacher_not_shared(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    classes = counted(pile.findings.total(), "class", "classes")
    return f"The teachers of {classes} are not all shared with us. Ask the district to share them in Clever."


def _student_not_shared(_reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    sections = counted(pile.findings.total(), "kept section")
    return (
        f"{sections} {verb(pile.findings.total(), 'lists', 'list')} students who are not shared with us. "
        "Ask the district to share them in Clever."
    )


def _unknown(reason: ErrorReason, pile: Pile, _: CauseFacts) -> str:
    return (
        f"{counted(pile.findings.total(), 'error')} with the code {reason.code}. Please report this as a bug."
    )


_TEXTS: Final[Mapping[str, _Words]] = {
    "sharing.field_withdrawn": _field_withdrawn,
    "sharing.field_not_shared": _field_not_shared,
    "sis.field_missing": _field_missing,
    "sis.field_missing_at_school": _field_missing_at_school,
    "sis.duplicate_identity": _duplicate,
    "sharing.school_not_shared": _school_not_shared,
    "sis.ids_reissued": _ids_reissued,
    "sis.no_term_runs": no_term_runs,
    "sis.term_unknown": term_unknown,
    "sis.co_taught": co_taught,
    "filter.no_rules": _no_rules,
    "filter.several_kinds_kept": _kinds,
    "filter.several_otherwise": _otherwise,
    "filter.other_terms_kept": _other_terms,
    "sis.several_of_one_kind": _of_one_kind,
    "filter.several_of_one_kind": _habit,
    "filter.grade_not_kept": _grade_not_kept,
    "filter.none_kept": _none_kept,
    "sharing.sections_not_shared": _not_shared,
    "sis.in_no_section": _unlisted,
    "filter.scope_narrowed": _scope_narrowed,
    "sharing.school_vanished": _school_vanished,
    "sharing.rule_narrowed": _rule_narrowed,
    "vendor.rollover": _rollover,
    "sharing.students_vanished": _vanished,
    "vendor.events_quarantined": _quarantined,
    "vendor.no_baseline": _no_baseline,
    "sis.records_unreadable": _records_unreadable,
    "sharing.no_students": _no_students,
    "filter.nobody_in_scope": _nobody_in_scope,
    "filter.scope_left": _scope_left,
    "filter.scope_matches_nothing": _scope_matches_nothing,
    "sis.class_without_teacher": _class_without_teacher,
    "sharing.teacher_not_shared": _teacher_not_shared,
    "sharing.student_not_shared": _student_not_shared,
}
