"""What causes say in one sentence or a few that are always the same but for numbers and names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

TEXTS: Final[Mapping[str, str]] = {
    "sharing.field_withdrawn": (
        "The field {field} is no longer shared with us: it is blank for {students} all at once. "
        "Ask the district to share it in the field settings for our app in Clever.{unblocks}"
    ),
    "sharing.field_not_shared": (
        "The field {field} appears not to be shared with us: it is blank for {students}. "
        "Ask the district to share it in the field settings for our app in Clever.{unblocks}"
    ),
    "sis.field_missing": (
        "Field {field} is blank for {students}{at}. Enter it in the student information system.{unblocks}"
    ),
    "sis.field_missing_at_school": (
        "Field {field} is blank for nearly every student of {schools}, {students} in all, but not at other "
        "schools. Clever shares a field for the whole district or not at all, so ask {the_schools} "
        "to enter it in the student information system.{unblocks}"
    ),
    "sis.duplicate_identity": (
        "{students}{at} {have} a {field} that another student has too. Give each student a unique one in the "
        "student information system, or share only one of the records.{unblocks}"
    ),
    "sharing.school_not_shared": (
        "{students} {are} at {schools} that the district does not share with us. "
        "Ask it to share the school, or to stop sharing its students.{unblocks}"
    ),
    "filter.no_rules": (
        "The section filter has no rules: every shared section counts, and {students} {are} in more than one "
        "class. Set a filter that keeps one section per student: `rostering filter suggest` finds one, "
        "`rostering filter try` shows what it would do.{unblocks}"
    ),
    "filter.several_otherwise": (
        "{students}{of} {are} in more than one class for other reasons. Check the sections listed "
        "with this cause, and narrow the section filter.{unblocks}"
    ),
    "filter.other_terms_kept": (
        "{students} {are} in more than one class, of which only one is in a current term. "
        "Set current_term_only in the section filter.{unblocks}"
    ),
    "sis.several_of_one_kind": (
        "{students}{of} {are} in two or more sections{of_kind} at once. "
        "Remove them from all but one in the student information system.{unblocks}"
    ),
    "filter.several_of_one_kind": (
        "{students} {are} in two or more sections{of_kind}: too many to be a data error. "
        "Narrow the section filter by what distinguishes these sections, such as course or period.{unblocks}"
    ),
    "sharing.sections_not_shared": (
        "{students} {are} in none of the shared sections ({grades}{at}): most likely their sections are not "
        "shared. Ask the district to share all sections with us in Clever.{unblocks}"
    ),
    "sis.in_no_section": (
        "{students} {are} in none of the shared sections{at}. Enroll {them} in a section in the student "
        "information system, or stop sharing {them}.{unblocks}"
    ),
    "filter.scope_narrowed": (
        "{removed} would be removed, although still shared: they are no longer in the scope of the section "
        "filter ({grades}{at}). Widen the scope if this is not intended.{approve}"
    ),
    "sharing.rule_narrowed": (
        "{removed} of whole grades ({grades}{at}) {removed_are} no longer shared, although their schools "
        "are: a sharing rule was narrowed. Ask the district to widen it.{approve}"
    ),
    "sharing.students_vanished": (
        "{removed} would be removed{at}: they are no longer shared, although others in their grades are. "
        "Ask the district whether it still shares all of its students.{approve}"
    ),
    "sharing.no_students": (
        "The district shares no students with us. Ask it to share its students with our app in Clever."
    ),
    "filter.nobody_in_scope": (
        "Students are shared, but none is in the scope of the section filter. "
        "Compare its grades and schools with the district's."
    ),
    "filter.scope_left": (
        "Students left the filter's scope but are still in a kept section: their grade or school changed, "
        "or is spelled differently. Compare it with the scope."
    ),
    "filter.scope_matches_nothing": (
        "The filter's scope names a grade or a school that no shared student or school has. Correct it, or "
        "remove it from the scope."
    ),
    "sis.class_without_teacher": ("{classes_have} no teacher. Enter one in the student information system."),
    "sharing.teacher_not_shared": (
        "The teachers of {classes} are not all shared with us. Ask the district to share them in Clever."
    ),
    "sharing.student_not_shared": (
        "{sections_list} students who are not shared with us. Ask the district to share them in Clever."
    ),
}
"""What is said of a cause, by its code, where the words of `remedies` are enough."""
UNKNOWN: Final = "{errors} with the code {code}. Please report this as a bug."
