"""Findings folded to causes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from schemas.messages.review import Cause
from schemas.words import Owner
from tests.support.builders.records import DISTRICT, NOON, later
from worker.domain.preflight.policy import Code
from worker.domain.review.causes.facts import (
    Blocked,
    CauseFacts,
    ErrorKey,
    Others,
    Removals,
    Removed,
    SameValues,
    SchoolGrade,
    schools_to_count,
)
from worker.domain.review.causes.folding import fold
from worker.domain.review.causes.former_classes import FormerClassFate, Loss
from worker.domain.review.causes.labels import Label, LabelKind

NONE, SEVERAL = ErrorKey(Code.NO_SECTION), ErrorKey(Code.MULTIPLE_SECTIONS)
DIGEST = "ab" * 32
NORTH_3 = SchoolGrade("north", "3")


def missing(field: str = "dob") -> ErrorKey:
    return ErrorKey(Code.FIELD_MISSING, field)


def word(text: str, **fields: Any) -> Label:
    return Label(LabelKind.WORD, text, **fields)


HOMEROOM, ADVISORY, GUIDANCE = word("homeroom"), word("advisory"), word("group guidance")


def blocked(
    students: int, *errors: ErrorKey, school: str | None = "north", grade: str | None = "3", **fields: Any
) -> Blocked:
    return Blocked(dict.fromkeys(errors, NOON), students, SchoolGrade(school, grade), **fields)


def causes(*groups: Blocked, students: int = 1000, **fields: Any) -> list[Cause]:
    return fold(CauseFacts(DISTRICT, students, DIGEST, blocked=groups, **fields))


def others(code: Code, *ids: str, **fields: Any) -> Others:
    return Others(code, len(ids), ids, NOON, **fields)


def told(cause: Cause) -> tuple[str, str, int]:
    return cause.code, cause.owner.value, cause.students


# Fields


def test_a_field_that_vanished_from_a_rostered_district_is_one_cause_owned_by_sharing() -> None:
    (cause,) = causes(blocked(1000, missing("sis_id")), students=1004, was_rostered=True)

    assert told(cause) == ("sharing.field_withdrawn", Owner.SHARING, 1000)
    assert cause.field == "sis_id"
    assert cause.advice.startswith("The SIS ID is no longer shared with us")


def test_a_field_that_is_not_always_kept_may_be_required_only_now() -> None:
    (cause,) = causes(blocked(1000, missing("dob")), students=1004, was_rostered=True)

    assert told(cause) == ("vendor.field_newly_required", Owner.VENDOR, 1000)
    assert "ask the district to share it in the field settings" in cause.advice
    (known,) = causes(
        blocked(1000, missing("dob")), students=1004, was_rostered=True, committed_fields=frozenset({"dob"})
    )
    assert known.code == "sharing.field_withdrawn"


def test_of_several_blank_fields_those_required_only_now_are_a_cause_of_their_own() -> None:
    fields = [missing(name) for name in ("sis_id", "dob", "gender")]

    found = causes(blocked(48, *fields), students=48, was_rostered=True)

    assert [(cause.code, cause.field) for cause in found] == [
        ("sharing.field_withdrawn", "sis_id"),
        ("vendor.fields_newly_required", None),
    ]


def test_a_field_that_nobody_has_and_that_is_ours_to_require_may_not_be_needed() -> None:
    for field, is_ours in (("email", True), ("sis_id", False)):
        (cause,) = causes(blocked(1000, missing(field)))
        assert (cause.code, cause.owner) == ("sharing.field_not_shared", Owner.SHARING)
        assert ("stop requiring it" in cause.advice) is is_ours


@pytest.mark.parametrize(
    ("others", "left", "code"),
    [
        pytest.param(0, 90, "vendor.field_blank_in_grades", id="only one grade"),
        pytest.param(1, 90, "vendor.field_blank_in_grades", id="and one in ten"),
        pytest.param(2, 90, "sis.field_missing", id="and more"),
        pytest.param(0, 0, "sis.field_missing", id="no other grade is known"),
    ],
)
def test_a_field_that_one_grade_alone_lacks_is_how_the_district_works(
    others: int, left: int, code: str
) -> None:
    groups = [blocked(9, missing("email")), blocked(1, missing("email"), school="south")]
    groups += [blocked(others, missing("email"), grade="4")] if others else []
    cohorts = {NORTH_3: 10, SchoolGrade("south", "3"): 1, SchoolGrade("north", "4"): left}

    found = causes(*groups, cohorts={place: number for place, number in cohorts.items() if number})

    assert found[0].code == code


def test_what_was_filled_at_the_last_commit_was_lost() -> None:
    (lost,) = causes(blocked(3, missing("email"), lost=("email",)), was_rostered=True)
    (other,) = causes(blocked(3, missing("email"), lost=("sis_id",)), was_rostered=True)

    assert (lost.code, other.code) == ("sis.field_emptied", "sis.field_missing")
    assert "was not blank at the last commit" in lost.advice


@pytest.mark.parametrize(
    ("students", "left", "code"),
    [(5, 0, "sis.grade_unread"), (4, 0, "sis.field_emptied"), (5, 1, "sis.field_emptied")],
)
def test_a_grade_that_everybody_lost_who_had_it_is_one_that_is_not_read(
    students: int, left: int, code: str
) -> None:
    group = blocked(students, missing("grade"), grade=None, lost=("grade",), was_grade="TK")

    (cause,) = causes(
        group, was_rostered=True, cohorts={SchoolGrade("north", "4"): 90, SchoolGrade("north", "TK"): left}
    )

    assert cause.code == code
    assert ("“TK”" in cause.advice) is (code == "sis.grade_unread")


def test_students_whose_school_is_blank_are_told_where_they_were() -> None:
    group = blocked(3, missing("school_id"), school=None, lost=("school_id",), came_from="north")

    (cause,) = causes(group, was_rostered=True, school_names={"north": "North School"})

    assert "They were at North School then." in cause.advice


def test_a_school_is_told_how_many_of_its_students_had_a_field() -> None:
    groups = [blocked(10, missing("email"), lost=("email",)), blocked(2, missing("email"))]

    (cause,) = causes(*groups, was_rostered=True, cohorts={NORTH_3: 12})

    assert cause.code == "sis.field_missing_at_school"
    assert "10 of them had one at the last commit." in cause.advice


def test_several_fields_that_vanished_at_once_are_one_cause() -> None:
    fields = [missing("sis_id"), missing("last_name")]

    (cause,) = causes(blocked(48, *fields), students=48, was_rostered=True)

    assert (cause.code, cause.field, cause.unblocks) == ("sharing.fields_withdrawn", None, 48)
    assert "last name and SIS ID" in cause.advice


@pytest.mark.parametrize(("of_one", "is_listed", "number"), [(1, False, 1), (0, False, 2), (1, True, 2)])
def test_a_record_whose_class_another_one_of_the_student_has_is_a_duplicate(
    of_one: int, is_listed: bool, number: int
) -> None:
    same = ErrorKey(Code.DUPLICATE_IDENTITY, "sis_id")
    fate = FormerClassFate(Loss.TAKEN_OUT)

    found = causes(
        blocked(1, same, NONE, former=fate, is_listed=is_listed),
        same_values={"sis_id": SameValues(1, of_one)},
    )

    assert len(found) == number


def test_a_second_record_that_is_in_no_class_is_a_duplicate() -> None:
    twin = ErrorKey(Code.DUPLICATE_IDENTITY, "sis_id")

    (cause,) = causes(blocked(1, twin), blocked(1, twin, NONE, is_listed=False))

    assert (cause.code, cause.students, cause.unblocks) == ("sis.duplicate_identity", 2, 2)


def test_a_field_that_few_students_lack_is_the_districts_data_and_says_at_how_many_schools() -> None:
    (cause,) = causes(blocked(8, missing()), blocked(4, missing(), school="south"))

    assert told(cause) == ("sis.field_missing", Owner.SIS, 12)
    assert cause.schools == ("north", "south")
    assert cause.advice.startswith("The birth date is blank for 12 students at two schools (grade 3).")
    assert cause.advice.endswith("When this is fixed, 12 students have no error left.")


@pytest.mark.parametrize(
    ("students", "facts", "code"),
    [
        pytest.param(1004, {"students": 1004}, "sharing.field_not_shared", id="it was never there"),
        pytest.param(9, {"students": 9, "was_rostered": True}, "sis.field_missing", id="few students"),
        pytest.param(
            180, {"students": 200, "was_rostered": True}, "sharing.field_withdrawn", id="nine in ten lack it"
        ),
        pytest.param(180, {"students": 201, "was_rostered": True}, "sis.field_missing", id="fewer do"),
        pytest.param(10, {"cohorts": {NORTH_3: 10}}, "sis.field_missing_at_school", id="ten of a school"),
        pytest.param(9, {"cohorts": {NORTH_3: 9}}, "sis.field_missing", id="nine of a school"),
    ],
)
def test_whose_a_blank_field_is_depends_on_how_many_lack_it(
    students: int, facts: dict[str, Any], code: str
) -> None:
    (cause,) = causes(blocked(students, missing("sis_id")), **facts)

    assert cause.code == code


def test_a_field_blank_for_a_whole_school_is_that_schools_data() -> None:
    cohorts = {NORTH_3: 60, SchoolGrade("north", "4"): 60}

    (whole, few) = causes(
        blocked(58, missing()),
        blocked(55, missing(), grade="4"),
        blocked(3, missing(), school="south"),
        cohorts=cohorts,
    )

    assert told(whole) == ("sis.field_missing_at_school", Owner.SIS, 113)
    assert (whole.schools, whole.grades) == (("north",), ("3", "4"))
    assert told(few) == ("sis.field_missing", Owner.SIS, 3)


def test_each_field_is_a_cause_of_its_own_in_a_stable_order() -> None:
    found = causes(blocked(60, missing("sis_id")), blocked(50, missing("grade")), students=100)

    assert [cause.field for cause in found] == ["sis_id", "grade"]


# Several classes


def test_without_a_rule_several_classes_are_the_missing_filters() -> None:
    (cause,) = causes(blocked(900, SEVERAL))

    assert told(cause) == ("filter.no_rules", Owner.FILTER, 900)
    assert cause.advice.startswith("The section filter has no rules: every shared section counts")


def test_two_kinds_of_section_kept_together_are_named_with_their_sections() -> None:
    pair = (ADVISORY, HOMEROOM)

    (cause,) = causes(
        blocked(412, SEVERAL, labels=pair), has_rules=True, sections={pair: {"section 1": 9, "section 2": 8}}
    )

    assert told(cause) == ("filter.several_kinds_kept", Owner.FILTER, 412)
    assert "two kinds of sections: those named “advisory” and “homeroom”" in cause.advice
    assert cause.sections == ("section 1", "section 2")
    assert cause.findings == {"student.multiple_sections": 412}


def test_three_pairs_of_kinds_are_named_and_the_rest_is_folded_into_one() -> None:
    kinds = [word(text) for text in ("art", "band", "choir", "drama", "english")]
    groups = [blocked(50 - place, SEVERAL, labels=(kind, HOMEROOM)) for place, kind in enumerate(kinds)]

    found = causes(*groups, has_rules=True)

    assert Counter(cause.code for cause in found) == {
        "filter.several_kinds_kept": 3,
        "filter.several_otherwise": 1,
    }
    assert found[0].students == 47 + 46
    named = " ".join(cause.advice for cause in found[1:])
    assert [text for text in ("art", "band", "choir", "drama", "english") if f"“{text}”" in named] == [
        *("art", "band", "choir")
    ]


def test_a_kind_that_students_have_twice_is_named_beside_three_pairs() -> None:
    pairs = [blocked(50, SEVERAL, labels=(word(text), HOMEROOM)) for text in ("art", "band", "choir")]
    over = Label(LabelKind.SUBJECT, "math", is_current=False)
    of_terms = blocked(90, SEVERAL, labels=(HOMEROOM, over))
    twice = blocked(3, SEVERAL, labels=(word("homeroom", several=True),))

    found = causes(*pairs, of_terms, twice, has_rules=True)

    assert [cause.code for cause in found] == [
        "filter.other_terms_kept",
        *["filter.several_kinds_kept"] * 3,
        "sis.several_of_one_kind",
    ]
    assert "sections named “homeroom” at once" in found[-1].advice


def test_kinds_that_are_not_both_words_of_names_are_not_said_to_be_named() -> None:
    pair = (HOMEROOM, Label(LabelKind.SUBJECT, "math"))

    (cause,) = causes(blocked(90, SEVERAL, labels=pair), has_rules=True)

    assert "those of subject “math” and “homeroom”" in cause.advice


def test_two_homerooms_of_one_student_are_a_mistake_in_the_data() -> None:
    (cause,) = causes(blocked(3, SEVERAL, labels=(word("homeroom", several=True),)), has_rules=True)

    assert told(cause) == ("sis.several_of_one_kind", Owner.SIS, 3)
    assert "named “homeroom”" in cause.advice


def test_students_in_several_are_told_of_their_schools_whatever_where_their_sections_are() -> None:
    homerooms = [
        blocked(3, SEVERAL, labels=(word("homeroom", several=True),), school=name)
        for name in ("north", "south")
    ]
    kinds = [word(text) for text in ("art", "band", "choir", "drama", "english")]
    pairs = [blocked(50 - place, SEVERAL, labels=(kind, HOMEROOM)) for place, kind in enumerate(kinds)]

    (alike,) = causes(*homerooms, has_rules=True)
    otherwise = next(
        cause for cause in causes(*pairs, has_rules=True) if cause.code == "filter.several_otherwise"
    )

    assert alike.advice.startswith("6 students at two schools (grade 3) are in two or more sections")
    assert otherwise.advice.startswith(
        "93 students at one school (grade 3) are in more than one class, for various reasons"
    )


def test_two_of_one_kind_for_most_students_are_no_mistake_but_the_filters() -> None:
    (cause,) = causes(blocked(800, SEVERAL, labels=(word("math", several=True),)), has_rules=True)

    assert told(cause) == ("filter.several_of_one_kind", Owner.FILTER, 800)


MATH = word("math")


@pytest.mark.parametrize(
    ("group", "facts", "code"),
    [
        pytest.param({"is_added": True}, {}, "sis.added_to_second_class", id="both were classes"),
        pytest.param({}, {}, "sis.section_became_class", id="one is new"),
        pytest.param({}, {"is_filter_new": True}, "sis.several_of_one_kind", id="after a new filter"),
        pytest.param({"labels": (HOMEROOM, MATH)}, {}, "sis.section_became_class", id="a lesson"),
        pytest.param(
            {"labels": (HOMEROOM, MATH)},
            {"is_filter_new": True},
            "filter.several_kinds_kept",
            id="a new filter",
        ),
    ],
)
def test_a_second_class_by_the_filter_of_the_last_commit_is_a_change_at_the_district(
    group: dict[str, Any], facts: dict[str, Any], code: str
) -> None:
    labels = {"labels": (word("homeroom", several=True),), **group}
    students = blocked(3, SEVERAL, **labels)

    (cause,) = causes(
        students, has_rules=True, was_rostered=True, cohorts={NORTH_3: 90}, lessons=frozenset({MATH}), **facts
    )

    assert cause.code == code


def test_a_second_homeroom_of_nearly_a_whole_school_is_how_the_school_works() -> None:
    pair = (word("am homeroom"), word("pm homeroom"))

    (cause,) = causes(
        blocked(40, SEVERAL, labels=pair), has_rules=True, was_rostered=True, cohorts={NORTH_3: 44}
    )

    assert told(cause) == ("filter.several_kinds_kept", Owner.FILTER, 40)


def test_a_section_of_a_term_that_is_over_is_told_to_be_left_out_by_its_term() -> None:
    labels = (HOMEROOM, word("homeroom", is_current=False, several=True))

    (cause,) = causes(blocked(20, SEVERAL, labels=labels), has_rules=True)

    assert told(cause) == ("filter.other_terms_kept", Owner.FILTER, 20)
    assert "current_term_only" in cause.advice


def test_terms_are_no_way_out_where_two_sections_run_now() -> None:
    labels = (word("homeroom", several=True), word("homeroom", is_current=False))
    others_there = {NORTH_3: 100}

    (cause,) = causes(blocked(20, SEVERAL, labels=labels), has_rules=True, cohorts=others_there)

    assert cause.code == "sis.several_of_one_kind"


# No class


def test_a_grade_of_a_school_without_a_kept_section_is_the_filters() -> None:
    cohorts = {SchoolGrade("north", "9"): 100, NORTH_3: 100}

    grade, single = causes(blocked(95, NONE, grade="9"), blocked(5, NONE), cohorts=cohorts, has_rules=True)

    assert told(grade) == ("filter.grade_not_kept", Owner.FILTER, 95)
    assert "selects no section of 95 students at one school (grade 9)" in grade.advice
    assert told(single) == ("filter.none_kept", Owner.FILTER, 5)


def test_a_filter_that_keeps_nothing_is_said_to() -> None:
    (cause,) = causes(blocked(100, NONE), students=100, cohorts={NORTH_3: 100}, has_rules=True)

    assert "selects no section that any of the 100 students is in" in cause.advice


def test_single_students_in_no_section_at_all_are_the_districts_data() -> None:
    (cause,) = causes(blocked(1, NONE, is_listed=False), has_rules=True)

    assert told(cause) == ("sis.in_no_section", Owner.SIS, 1)
    assert cause.advice.startswith("1 student at one school (grade 3) is in none of the shared sections.")


def test_a_whole_grade_in_no_section_at_all_has_sections_that_are_not_shared() -> None:
    (cause,) = causes(blocked(50, NONE, is_listed=False), cohorts={NORTH_3: 50}, has_rules=True)

    assert told(cause) == ("sharing.sections_not_shared", Owner.SHARING, 50)


def test_a_district_that_shares_no_sections_is_told_so() -> None:
    (cause,) = causes(blocked(600, NONE, school=None, is_listed=False))

    assert cause.code == "sharing.sections_not_shared"


# Identities, and what would unblock


def test_a_duplicate_identity_is_the_districts_data() -> None:
    (cause,) = causes(blocked(2, ErrorKey(Code.DUPLICATE_IDENTITY, "sis_id")))

    assert told(cause) == ("sis.duplicate_identity", Owner.SIS, 2)
    assert cause.field == "sis_id"


def test_a_student_with_two_errors_is_unblocked_by_neither_alone() -> None:
    found = causes(blocked(7, missing(), SEVERAL), blocked(3, SEVERAL))

    assert [(cause.code, cause.students, cause.unblocks) for cause in found] == [
        ("filter.no_rules", 10, 3),
        ("sis.field_missing", 7, 0),
    ]
    assert "also has another error" in found[1].advice


def test_a_cause_stands_since_its_oldest_finding() -> None:
    place = NORTH_3
    groups = (
        Blocked({SEVERAL: later(60)}, 1, place),
        Blocked({SEVERAL: NOON, missing(): later(-60)}, 1, place),
    )

    found = {cause.code: cause.since for cause in causes(*groups)}

    assert found == {"filter.no_rules": NOON, "sis.field_missing": later(-60)}


# Mass removals


VANISHED = "sharing.students_vanished"


def removal(*groups: Removed, schools: tuple[str, ...] = (), **fields: Any) -> list[Cause]:
    of_facts = (
        "cohorts",
        "is_filter_new",
        "is_scope_by_grade",
        "school_names",
        "students_committed",
        "unmatched_grades",
        "unmatched_schools",
    )
    facts = {name: fields.pop(name) for name in of_facts if name in fields}
    found = [others(Code.DISTRICT_MASS_REMOVAL, DISTRICT)]
    if schools:
        found.append(others(Code.SCHOOL_MASS_REMOVAL, *schools))
    return causes(others=found, removals=Removals(groups, **fields), **facts)


def gone(students: int, school: str = "north", grade: str = "3", **fields: Any) -> Removed:
    return Removed(SchoolGrade(school, grade), students, **fields)


def test_schools_that_vanished_are_one_cause_with_the_way_to_approve_the_plan() -> None:
    (cause,) = removal(
        gone(300), gone(200, "south"), schools=("north", "south"), gone_schools=frozenset({"north", "south"})
    )

    assert (cause.code, cause.owner, cause.removed) == ("sharing.school_vanished", Owner.SHARING, 500)
    assert (cause.students, cause.schools) == (0, ("north", "south"))
    assert cause.advice.startswith("Two schools are no longer shared")
    assert f"approve {DISTRICT} --plan {DIGEST[:12]} --reason" in cause.advice
    assert cause.findings == {"district.mass_removal": 1, "school.mass_removal": 2}


def test_a_plan_with_other_errors_is_not_said_to_wait_for_an_approval() -> None:
    removed = others(Code.DISTRICT_MASS_REMOVAL, DISTRICT)
    found = causes(
        others=[removed, others(Code.EVENTS_QUARANTINED, DISTRICT)], removals=Removals([gone(300, grade="9")])
    )

    (removal_cause,) = [cause for cause in found if cause.removed]
    assert "fix the other errors first" in removal_cause.advice
    assert "rostering approve" not in removal_cause.advice


def test_whole_grades_gone_while_their_school_stays_are_a_narrowed_sharing_rule() -> None:
    (cause,) = removal(gone(100, grade="9"), gone(100, grade="10"), cohorts={NORTH_3: 90})

    assert (cause.code, cause.grades) == ("sharing.rule_narrowed", ("10", "9"))
    assert "grades 9 and 10" in cause.advice


def test_most_classes_replaced_is_a_new_school_year() -> None:
    (cause,) = removal(
        gone(100, grade="12"),
        cohorts={SchoolGrade("north", "11"): 90},
        classes_committed=50,
        classes_removed=48,
        classes_new=47,
    )

    assert (cause.code, cause.owner) == ("vendor.rollover", Owner.VENDOR)
    assert "48 of 50 classes would be replaced" in cause.advice


REPLACED = {"classes_removed": 50, "classes_new": 50}


@pytest.mark.parametrize(
    ("groups", "facts", "code"),
    [
        pytest.param(
            [gone(100)], {"classes_committed": 100, **REPLACED}, "vendor.rollover", id="half of classes"
        ),
        pytest.param(
            [gone(100)], {"classes_committed": 101, **REPLACED}, VANISHED, id="less than half of classes"
        ),
        pytest.param(
            [gone(50, grade="9"), gone(50)], {}, "sharing.rule_narrowed", id="half are whole grades"
        ),
        pytest.param([gone(50, grade="9"), gone(51)], {}, VANISHED, id="less than half are whole grades"),
        pytest.param([gone(100, reissued=50)], {}, "sis.ids_reissued", id="half come back"),
        pytest.param([gone(101, reissued=50)], {}, VANISHED, id="less than half come back"),
        pytest.param([gone(1)], {"cohorts": {}}, "sharing.rule_narrowed", id="a school of one student"),
        pytest.param([gone(2)], {"cohorts": {}}, "sharing.school_emptied", id="a school of two students"),
    ],
)
def test_what_removed_students_is_told_by_what_half_of_them_have(
    groups: list[Removed], facts: dict[str, Any], code: str
) -> None:
    (cause,) = removal(*groups, **{"cohorts": {NORTH_3: 100}, **facts})

    assert cause.code == code


@pytest.mark.parametrize(("most", "found"), [(900, [900, 100]), (901, [1001])])
def test_a_tenth_of_the_removed_is_a_cause_of_its_own_and_less_is_not(most: int, found: list[int]) -> None:
    folded = removal(gone(most), gone(100, "south", is_staged=True), cohorts={NORTH_3: 5000})

    assert [cause.removed for cause in folded] == found


def test_students_who_are_still_shared_fell_out_of_our_own_scope() -> None:
    (cause,) = removal(gone(100, is_staged=True), cohorts={SchoolGrade("north", "4"): 9}, is_filter_new=True)

    assert (cause.code, cause.owner) == ("filter.scope_narrowed", Owner.FILTER)


@pytest.mark.parametrize(
    ("now", "code"),
    [
        pytest.param(None, "sis.grade_blank", id="blank"),
        pytest.param("03", "sis.grade_rewritten", id="another spelling"),
        pytest.param("Third Grade", "sis.grade_rewritten", id="in words"),
        pytest.param("G03", "sis.grade_rewritten", id="after a letter"),
        pytest.param("4", "vendor.grade_promoted", id="a year up"),
        pytest.param("7", "sis.grade_changed", id="four years up"),
        pytest.param("Ungraded", "sis.grade_changed", id="no year of school"),
        pytest.param("3", "sis.left_scope", id="the same"),
    ],
)
def test_a_student_who_leaves_a_scope_of_grades_does_so_by_the_grade_and_is_not_to_be_approved(
    now: str | None, code: str
) -> None:
    (cause,) = removal(gone(100, is_staged=True, grade_now=now), cohorts={NORTH_3: 9}, is_scope_by_grade=True)

    assert cause.code == code
    assert "rostering approve" not in cause.advice


@pytest.mark.parametrize(("kept", "code"), [(25, "vendor.grade_promoted"), (26, "sis.grade_promoted")])
def test_it_is_no_new_school_year_while_more_than_a_quarter_of_the_students_keep_their_grade(
    kept: int, code: str
) -> None:
    group = gone(100, is_staged=True, grade_now="4")

    facts: dict[str, Any] = {"students_committed": 100, "regraded": 100 - kept}

    (cause,) = removal(group, cohorts={NORTH_3: 9}, is_scope_by_grade=True, **facts)

    assert cause.code == code


@pytest.mark.parametrize(("newcomers", "code"), [(75, "sis.schools_merged"), (74, "sharing.school_vanished")])
def test_a_school_that_is_gone_while_as_many_come_elsewhere_may_be_merged(newcomers: int, code: str) -> None:
    (cause,) = removal(
        gone(100),
        gone_schools=frozenset({"north"}),
        newcomers={"south": newcomers},
        school_names={"north": "North", "south": "South"},
    )

    assert cause.code == code
    assert ("at South" in cause.advice) is (code == "sis.schools_merged")


def test_students_gone_here_and_there_are_a_plain_removal_with_the_few_others() -> None:
    (cause,) = removal(gone(100), gone(5, is_staged=True), cohorts={NORTH_3: 100})

    assert (cause.code, cause.removed) == ("sharing.students_vanished", 105)


def test_two_shapes_at_once_are_two_causes_each_with_its_schools() -> None:
    vanished, scope = removal(
        gone(300),
        gone(200, "south", is_staged=True),
        schools=("north", "south"),
        gone_schools=frozenset({"north"}),
        cohorts={SchoolGrade("south", "4"): 10},
        is_filter_new=True,
    )

    assert (vanished.code, vanished.findings) == (
        "sharing.school_vanished",
        {"district.mass_removal": 1, "school.mass_removal": 1},
    )
    assert (scope.code, scope.findings) == ("filter.scope_narrowed", {"school.mass_removal": 1})


# The district as a whole


def test_quarantined_events_are_ours_to_replay_or_discard() -> None:
    (cause,) = causes(others=[others(Code.EVENTS_QUARANTINED, DISTRICT, waiting=3)])

    assert (cause.code, cause.owner) == ("vendor.events_quarantined", Owner.VENDOR)
    assert cause.advice.startswith("3 events of this district could not be read")
    assert "Replay or discard" in cause.advice


@pytest.mark.parametrize(
    ("code", "cause"),
    [(Code.NO_BASELINE, "vendor.no_baseline"), (Code.EVENTS_QUARANTINED, "vendor.events_quarantined")],
)
def test_reading_from_clever_is_ours_and_advised_where_connected(code: Code, cause: str) -> None:
    found = [others(code, DISTRICT, waiting=1)]

    (connected,) = causes(others=found, is_connected=True)
    (alone,) = causes(others=found, is_connected=False)

    assert (connected.code, connected.owner) == (cause, Owner.VENDOR)
    assert f"`rostering resync {DISTRICT}`" in connected.advice
    assert f"`rostering resync {DISTRICT} --from FOLDER`" in alone.advice


def test_no_students_are_the_sharings_unless_the_scope_leaves_them_out() -> None:
    nobody = [others(Code.NO_STUDENTS, DISTRICT)]

    assert [cause.code for cause in causes(others=nobody, students=0, has_scope=True)] == [
        "sharing.no_students"
    ]
    (cause,) = causes(others=nobody, students=0, has_scope=True, has_shared_students=True)
    assert (cause.code, cause.owner) == ("filter.nobody_in_scope", Owner.FILTER)


def test_only_schools_with_several_concerned_students_are_counted_whole() -> None:
    groups = [blocked(4, NONE, school="a"), blocked(5, NONE, school="b"), blocked(4, SEVERAL, school="c")]

    assert schools_to_count(groups) == {"b"}
