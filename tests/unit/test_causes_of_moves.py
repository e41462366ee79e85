"""Causes of students in another school or term, or in two; of doubled sections; of fields required since."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from tests.unit.test_causes import HOMEROOM, MATH, NONE, NORTH_3, SEVERAL, blocked, causes, missing, removal
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import (
    Copies,
    ErrorKey,
    Removed,
    SameValues,
    SchoolGrade,
    SharedSections,
    Sign,
    TermFacts,
)
from worker.domain.review.causes.former_classes import FormerClassFate, Loss
from worker.domain.review.causes.labels import Label, LabelKind
from worker.domain.roster.records import RecordId, Term

TODAY = date(2026, 9, 15)
FALL = Term(RecordId("f"), "Fall", date(2026, 8, 1), date(2026, 9, 1))
SPRING = Term(RecordId("s"), "Spring", date(2027, 1, 5), date(2027, 6, 1))
TERMS = TermFacts(TODAY, FALL, SPRING)
NAMES = {"north": "North School", "south": "South School"}
ROSTERED: dict[str, Any] = {"was_rostered": True, "has_rules": True, "school_names": NAMES}


def of(loss: Loss) -> FormerClassFate:
    return FormerClassFate(loss)


@pytest.mark.parametrize(
    ("loss", "sign", "code"),
    [
        (None, Sign.TERM_NOT_RUNNING, "sis.no_term_runs"),
        (None, Sign.TERM_AHEAD, "sis.no_term_runs"),
        (None, Sign.CLASS_OVER, "sis.no_class_this_term"),
        (None, Sign.CLASS_AHEAD, "sis.classes_begin_later"),
        (Loss.TERM_OVER, None, "sis.no_term_runs"),
        (Loss.TERM_OVER, Sign.TERM_NOT_RUNNING, "sis.no_term_runs"),
        (Loss.TERM_OVER, Sign.CLASS_OVER, "sis.no_class_this_term"),
        (Loss.UNSHARED, Sign.TERM_AHEAD, "sis.next_term_only"),
        (Loss.UNSHARED, Sign.TERM_NOT_RUNNING, "sharing.classes_unshared"),
        (Loss.UNSHARED, Sign.CLASS_AHEAD, "sharing.classes_unshared"),
    ],
)
def test_students_without_a_class_are_told_of_terms_as_their_sections_are(
    loss: Loss | None, sign: Sign | None, code: str
) -> None:
    (cause,) = causes(blocked(9, NONE, sign=sign, former=of(loss) if loss else None), terms=TERMS, **ROSTERED)

    assert cause.code == code


def test_terms_are_told_by_name_and_day_where_they_are_known() -> None:
    over, ahead = blocked(9, NONE, sign=Sign.CLASS_OVER), blocked(9, NONE, sign=Sign.CLASS_AHEAD)

    def said(group: Any, terms: TermFacts | None) -> str:
        return causes(group, terms=terms, **ROSTERED)[0].advice

    assert "would be their classes is over (“Fall” ended on 2026-09-01)." in said(over, TERMS)
    assert "would be their classes is over. They" in said(over, TermFacts(TODAY))
    assert "are in the term “Spring”, which begins on 2027-01-05." in said(ahead, TERMS)
    assert "are in a later term." in said(ahead, TermFacts(TODAY, following=FALL))


@pytest.mark.parametrize("is_listed", [True, False])
def test_a_student_taken_out_of_a_class_of_another_school_came_from_there(is_listed: bool) -> None:
    group = blocked(1, NONE, former=of(Loss.TAKEN_OUT), came_from="south", is_listed=is_listed)

    (cause,) = causes(group, **ROSTERED)

    assert cause.code == "sis.changed_school"
    assert "the student came from South School" in cause.advice


@pytest.mark.parametrize(
    ("loss", "was_grade", "students", "sign", "code"),
    [
        (Loss.UNSHARED, "2", 500, None, "sis.year_rolled_over"),
        (Loss.EMPTY_LIST, "2", 500, None, "sis.year_rolled_over"),
        (Loss.TAKEN_OUT, "2", 499, None, "sis.promoted_without_class"),
        (Loss.CLOSED, "2", 9, None, "sis.promoted_without_class"),
        (Loss.UNSHARED, "4", 500, None, "sharing.classes_unshared"),
        (Loss.UNSHARED, "Other", 500, None, "sharing.classes_unshared"),
        (Loss.UNSHARED, "2", 500, Sign.TERM_AHEAD, "sis.next_term_only"),
        (Loss.FILTER_CHANGED, "2", 500, None, "filter.rules_changed"),
        (Loss.CLOSED, None, 2, None, "sis.class_closed"),
    ],
)
def test_students_who_lost_their_class_and_are_a_grade_up_are_in_a_new_school_year(
    loss: Loss, was_grade: str | None, students: int, sign: Sign | None, code: str
) -> None:
    group = blocked(students, NONE, former=of(loss), was_grade=was_grade, sign=sign, is_listed=False)

    (cause,) = causes(group, **ROSTERED)

    assert cause.code == code
    assert ("one grade up since the last commit (from “2” to “3”)" in cause.advice) is (
        code in {"sis.year_rolled_over", "sis.promoted_without_class"}
    )


@pytest.mark.parametrize("loss", [Loss.TAKEN_OUT, Loss.UNSHARED, Loss.CLOSED, Loss.EMPTY_LIST])
@pytest.mark.parametrize(
    ("name", "is_listed", "code"),
    [
        ("North School", False, "sharing.school_without_sections"),
        ("Graduated Students", False, "sharing.students_left"),
        ("No-Show", False, "sharing.students_left"),
        ("Graduated Students", True, "sis.changed_school"),
    ],
)
def test_students_at_another_school_without_sections_may_have_left(
    loss: Loss, name: str, is_listed: bool, code: str
) -> None:
    group = blocked(3, NONE, former=of(loss), came_from="south", is_listed=is_listed)
    facts = {**ROSTERED, "school_names": {**NAMES, "north": name}}

    (cause,) = causes(group, schools_without_sections=frozenset({"north"}), **facts)

    assert cause.code == code
    assert "came from South School" in cause.advice


def test_all_students_of_a_school_who_came_to_sections_that_do_not_count_are_for_the_filter() -> None:
    group = blocked(9, NONE, former=of(Loss.UNSHARED), came_from="south")

    (cause,) = causes(group, cohorts={NORTH_3: 9}, **ROSTERED)

    assert cause.code == "filter.grade_not_kept"


@pytest.mark.parametrize(("month", "code"), [(5, "sharing.classes_unshared"), (6, "sis.year_over")])
def test_that_no_section_is_shared_in_summer_is_the_end_of_the_school_year(month: int, code: str) -> None:
    group = blocked(9, NONE, former=of(Loss.UNSHARED), is_listed=False)
    none = SharedSections(0, are_lists_filled=False)

    (cause,) = causes(group, shared_sections=none, today=date(2027, month, 9), **ROSTERED)

    assert cause.code == code


def test_a_school_without_a_name_is_another_school() -> None:
    (cause,) = causes(blocked(1, NONE, former=of(Loss.TAKEN_OUT), came_from="west"), **ROSTERED)

    assert "came from another school" in cause.advice


SAME_NUMBER = ErrorKey(Code.DUPLICATE_IDENTITY, "sis_id")
TWO = ("north", "south")
HOMEROOMS = replace(HOMEROOM, several=True)


@pytest.mark.parametrize(
    ("labels", "facts", "code"),
    [
        pytest.param((HOMEROOMS,), {}, "sis.in_two_schools", id="of one kind"),
        pytest.param((HOMEROOM, MATH), {}, "sis.in_two_schools", id="of two kinds"),
        pytest.param((HOMEROOMS,), {"was_rostered": False}, "sis.in_two_schools", id="before a commit"),
        pytest.param(
            (HOMEROOM, MATH), {"is_filter_new": True}, "filter.several_kinds_kept", id="by a new filter"
        ),
        pytest.param(
            (HOMEROOM, MATH), {"cohorts": {NORTH_3: 12}}, "filter.several_kinds_kept", id="how a school works"
        ),
    ],
)
def test_students_in_classes_of_two_schools_are_enrolled_twice(
    labels: tuple[Label, ...], facts: dict[str, Any], code: str
) -> None:
    group = blocked(12, SEVERAL, labels=labels, class_schools=TWO)

    (cause,) = causes(group, **{**ROSTERED, "cohorts": {NORTH_3: 90}, **facts})

    assert cause.code == code
    assert tuple(cause.schools) == (TWO if code.startswith("sis") else ("north",))


@pytest.mark.parametrize(
    ("group", "facts", "code"),
    [
        ({}, {}, "sis.second_teacher"),
        ({"is_added": True}, {}, "sis.co_taught"),
        ({}, {"is_filter_new": True}, "sis.co_taught"),
        ({}, {"was_rostered": False}, "sis.co_taught"),
    ],
)
def test_one_of_two_sections_of_other_teachers_may_be_a_substitute_s_where_it_is_new(
    group: dict[str, Any], facts: dict[str, Any], code: str
) -> None:
    (cause,) = causes(blocked(12, SEVERAL, sign=Sign.CO_TAUGHT, **group), **{**ROSTERED, **facts})

    assert cause.code == code


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, "sis.sections_doubled"),
        ({"has_rules": False}, "sis.sections_doubled"),
        ({"has_rules": False, "was_rostered": False}, "filter.no_rules"),
        ({"was_rostered": False}, "sis.sections_doubled"),
    ],
)
def test_sections_that_are_there_twice_are_a_mistake_unless_no_filter_was_ever_set(
    facts: dict[str, Any], code: str
) -> None:
    (cause,) = causes(blocked(12, SEVERAL, sign=Sign.DOUBLED), **{**ROSTERED, **facts})

    assert cause.code == code


@pytest.mark.parametrize(
    ("copies", "told"),
    [
        (
            Copies(4, 3, 0),
            ("Nearly all other sections", "They have no term", "section its term"),
        ),
        (Copies(4, 2, 8), ("Either they are for different", "the same term", "give each section the right")),
        (
            Copies(0, 0, 0),
            ("Either they are for different", "They have no", "by which our section"),
        ),
    ],
)
def test_sections_that_are_there_twice_may_be_of_another_term(copies: Copies, told: tuple[str, ...]) -> None:
    (cause,) = causes(blocked(12, SEVERAL, sign=Sign.DOUBLED), **ROSTERED, copies=copies)

    assert [one for one in told if one not in cause.advice] == []
    assert "was there at the last commit" in cause.advice


@pytest.mark.parametrize(("with_term", "is_told"), [(0, True), (2, False)])
def test_a_section_of_another_teacher_may_be_of_another_term_where_none_has_one(
    with_term: int, *, is_told: bool
) -> None:
    copies = Copies(2, 0, with_term)

    (cause,) = causes(blocked(12, SEVERAL, sign=Sign.CO_TAUGHT), **ROSTERED, copies=copies)

    assert ("they have to stay in the SIS" in cause.advice) is is_told


@pytest.mark.parametrize(
    ("students", "facts", "is_told"),
    [
        (10, {}, True),
        (9, {}, False),
        (10, {"are_all_without_term": False}, False),
        (10, {"new_kinds": [MATH]}, False),
    ],
)
def test_new_classes_of_many_may_be_of_another_term_where_none_has_one(
    students: int, facts: dict[str, Any], *, is_told: bool
) -> None:
    given = {**ROSTERED, "are_all_without_term": True, **facts}

    (cause,) = causes(blocked(students, SEVERAL, labels=(HOMEROOMS,)), **given)

    assert cause.code == "sis.section_became_class"
    assert ("they have to stay in the SIS" in cause.advice) is is_told


@pytest.mark.parametrize(
    ("facts", "code"), [({}, "sis.new_terms_blank"), ({"is_filter_new": True}, "sis.several_of_one_kind")]
)
def test_new_sections_without_a_term_count_beside_those_that_have_one(
    facts: dict[str, Any], code: str
) -> None:
    (cause,) = causes(blocked(3, SEVERAL, labels=(HOMEROOMS,)), **ROSTERED, new_without_term=2, **facts)

    assert cause.code == code


def test_students_out_of_scope_are_told_the_school_that_they_are_at() -> None:
    def removed(moved_to: str | None) -> Any:
        group = Removed(NORTH_3, 20, is_staged=True, moved_to=moved_to)
        return removal(group, cohorts={NORTH_3: 90}, school_names=NAMES)[0]

    assert removed(None).code == "sis.left_scope"
    assert removed("south").code == "filter.school_out_of_scope"
    assert "they are at South School now" in removed("south").advice


@pytest.mark.parametrize(
    ("field", "facts", "is_new"),
    [
        ("dob", {"committed_fields": frozenset(("dob",))}, False),
        ("dob", {}, True),
        ("email", {}, False),
        ("email", {"blank_before": frozenset(("email",))}, True),
        ("dob", {"was_rostered": False}, False),
    ],
)
def test_a_field_is_told_to_be_required_only_since_the_last_commit(
    field: str, facts: dict[str, Any], is_new: bool
) -> None:
    (cause,) = causes(blocked(3, missing(field)), **{**ROSTERED, **facts})

    assert ("not required at the last commit" in cause.advice) is is_new


def test_an_always_kept_field_that_was_blank_before_was_never_shared() -> None:
    group = blocked(1000, missing("email"))

    assert causes(group, **ROSTERED)[0].code == "sharing.field_withdrawn"
    before = causes(group, **ROSTERED, blank_before=frozenset(("email",)))
    assert before[0].code == "vendor.field_newly_required"


def test_only_where_no_section_lists_any_of_them_it_is_said() -> None:
    def said(*are_listed: bool) -> bool:
        groups = [blocked(3, NONE, former=of(Loss.UNSHARED), is_listed=one) for one in are_listed]
        return "No other shared section" in causes(*groups, **ROSTERED)[0].advice

    assert [said(False), said(True, False), said(True)] == [True, False, False]


def test_a_grade_of_the_scope_that_nobody_has_is_told_where_the_scope_changed() -> None:
    (cause,) = removal(
        Removed(NORTH_3, 20, is_staged=True),
        cohorts={NORTH_3: 90},
        is_filter_new=True,
        unmatched_grades=["K", "PK"],
    )

    assert "No shared student has the grades “K” and “PK”" in cause.advice


@pytest.mark.parametrize(
    ("field", "may_be_shared"),
    [("sis_id", False), ("state_id", False), ("student_number", False), ("email", True)],
)
def test_a_field_that_is_no_number_of_students_may_be_shared_by_siblings(
    field: str, may_be_shared: bool
) -> None:
    (cause,) = causes(blocked(2, ErrorKey(Code.DUPLICATE_IDENTITY, field)), **ROSTERED)

    assert ("as siblings may" in cause.advice) is may_be_shared


@pytest.mark.parametrize(("came_from", "is_told"), [("south", True), ("west", False), (None, False)])
def test_students_who_changed_schools_are_still_in_a_class_of_the_school_they_came_from(
    came_from: str | None, is_told: bool
) -> None:
    group = blocked(3, SEVERAL, labels=(HOMEROOMS,), class_schools=TWO, came_from=came_from)

    (cause,) = causes(group, **ROSTERED)

    assert (cause.code == "sis.still_at_old_school") is is_told
    assert ("they came from South School" in cause.advice) is is_told


@pytest.mark.parametrize(("is_filter_new", "is_told"), [(False, True), (True, False)])
def test_two_terms_that_run_at_once_are_told_where_the_filter_is_the_old_one(
    is_filter_new: bool, is_told: bool
) -> None:
    group = blocked(3, SEVERAL, labels=(HOMEROOMS,))

    (cause,) = causes(group, overlapping_terms=(FALL, SPRING), is_filter_new=is_filter_new, **ROSTERED)

    assert (cause.code == "sis.terms_overlap") is is_told


def test_sections_of_one_subject_are_told_where_the_former_classes_are_gone() -> None:
    shared = SharedSections(12, are_lists_filled=True, only_subject="math")

    (cause,) = causes(blocked(9, NONE, former=of(Loss.UNSHARED)), shared_sections=shared, **ROSTERED)

    assert cause.code == "sharing.one_subject_shared"


@pytest.mark.parametrize(
    ("new", "told"), [((3, 0), "They are new"), ((1, 2), "1 of them is new"), ((0, 3), "sections. Ask")]
)
def test_students_in_no_section_are_told_to_be_new(new: tuple[int, int], told: str) -> None:
    groups = [
        blocked(students, NONE, is_listed=False, is_new=is_new)
        for students, is_new in zip(new, (True, False), strict=True)
        if students
    ]

    (cause,) = causes(*groups, cohorts={NORTH_3: 90}, **ROSTERED)

    assert cause.code == "sis.in_no_section"
    assert told in cause.advice


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, "sharing.homerooms_not_shared"),
        ({"homeroom_words": ()}, "filter.nothing_kept"),
        ({"shared_sections": SharedSections(12, are_lists_filled=True)}, "filter.nothing_kept"),
        ({"was_rostered": True}, "filter.nothing_kept"),
        ({"students": 20}, "filter.grade_not_kept"),
    ],
)
def test_homerooms_that_the_filter_looks_for_and_that_nobody_has_are_not_shared(
    facts: dict[str, Any], code: str
) -> None:
    shared = SharedSections(12, are_lists_filled=True, have_homerooms=False)
    given = {"homeroom_words": ["homeroom"], "shared_sections": shared, "students": 12}

    (cause,) = causes(blocked(12, NONE), cohorts={NORTH_3: 12}, **{**given, **facts})

    assert cause.code == code


def test_co_taught_sections_of_two_kinds_are_told_by_these() -> None:
    group = blocked(3, SEVERAL, labels=(HOMEROOM, MATH), sign=Sign.CO_TAUGHT)

    (cause,) = causes(group, **{**ROSTERED, "was_rostered": False})

    assert cause.code == "filter.several_kinds_kept"


def test_schools_of_a_scope_that_nobody_is_at_are_to_be_corrected_and_nothing_is_to_be_approved() -> None:
    group = Removed(NORTH_3, 100, is_staged=True)

    (cause,) = removal(group, is_filter_new=True, unmatched_schools=["Nroth"], school_names=NAMES)

    assert "No shared student is at a school called “Nroth”" in cause.advice
    assert "approve" not in cause.advice


@pytest.mark.parametrize(
    ("same", "code"),
    [
        (SameValues(1, of_one=1), "sis.second_record"),
        (SameValues(2, of_one=1), "sis.duplicate_identity"),
        (SameValues(9, were_apart=5), "sis.values_rewritten"),
        (SameValues(9, were_apart=4), "sis.duplicate_identity"),
        (SameValues(4, were_apart=4), "sis.duplicate_identity"),
    ],
)
def test_students_with_one_number_are_told_apart_by_their_names_and_what_they_had(
    same: SameValues, code: str
) -> None:
    (cause,) = causes(blocked(2, SAME_NUMBER), same_values={"sis_id": same})

    assert cause.code == code
    assert ("They had different ones" in cause.advice) is (same.were_apart == same.values)


@pytest.mark.parametrize(
    ("same", "told"),
    [
        (
            SameValues(1, 1, one_listed=1, one_old=1, one_of_both=1),
            "Of the two, only one is in sections:",
        ),
        (SameValues(2, 2, one_listed=2), "Of each two, only one is in sections: ask"),
        (SameValues(1, 1, one_listed=1, one_old=1), "only the new record is in sections"),
        (SameValues(1, 1, one_old=1), "to delete the new one"),
        (SameValues(2, 2, one_listed=1, one_old=1), "not the one that is in use"),
    ],
)
def test_of_two_records_it_is_told_which_one_to_delete(same: SameValues, told: str) -> None:
    (cause,) = causes(blocked(2, SAME_NUMBER), same_values={"sis_id": same})

    assert told in cause.advice


@pytest.mark.parametrize(("of_others", "is_told"), [(2, False), (1, True)])
def test_no_record_is_to_be_deleted_where_all_names_differ(of_others: int, *, is_told: bool) -> None:
    (cause,) = causes(blocked(4, SAME_NUMBER), same_values={"sis_id": SameValues(2, of_others=of_others)})

    assert ("to delete one of them" in cause.advice) is is_told


@pytest.mark.parametrize(("students", "is_told"), [(10, True), (9, False)])
def test_two_kinds_of_sections_of_a_whole_grade_are_a_program_of_which_the_new_one_is_left_out(
    students: int, is_told: bool
) -> None:
    group = blocked(students, SEVERAL, labels=(HOMEROOM, MATH))
    cohorts = {NORTH_3: students, SchoolGrade("north", "4"): 90}

    (cause,) = causes(group, **ROSTERED, cohorts=cohorts, new_kinds=[MATH])

    assert (cause.code == "filter.several_kinds_kept") is is_told
    assert (f"named {MATH} were not classes" in cause.advice) is is_told


def test_a_new_kind_whose_words_the_former_classes_have_is_not_to_be_left_out() -> None:
    morning = Label(LabelKind.WORD, "am homeroom")

    (cause,) = causes(
        blocked(10, SEVERAL, labels=(morning, HOMEROOM)),
        **ROSTERED,
        cohorts={NORTH_3: 10},
        new_kinds=[HOMEROOM],
    )

    assert "Only those named “am homeroom” were classes at the last commit" in cause.advice
    assert "leave them out" not in cause.advice


@pytest.mark.parametrize(
    ("kinds", "told"),
    [([MATH], "another section, named “math”, counts"), ([MATH, HOMEROOM], "another section counts")],
)
def test_the_new_kind_of_section_is_named_if_it_is_one(kinds: list[Label], told: str) -> None:
    (cause,) = causes(blocked(3, SEVERAL, labels=(HOMEROOM, MATH)), **ROSTERED, new_kinds=kinds)

    assert told in cause.advice
