"""Students without a homeroom, in two of them, or taught apart: whose class a section is."""

from __future__ import annotations

import pytest

from tests.suggest.lockstep import Lockstep, first_of
from tests.suggest.small import SmallDistrict, coverage, keeping
from tests.suggest.surveys import suggestions


@pytest.mark.parametrize("word", ["homeroom", "advocacy", "lodge"])
def test_no_lesson_of_everybody_comes_before_what_may_be_the_class_of_nearly_everybody(word: str) -> None:
    school = Lockstep()
    for lesson in ("Reading", "Math", "Science", "Social Studies"):
        school.own(lesson + " {grade}")
    school.own(word.title() + " {grade}", without=1)

    first = suggestions(school.district.records)[0]

    assert first.section_filter == keeping(("name", "contains", word))
    assert coverage(first) == (54, 6, 0)
    assert sum(one.none for one in first.leftovers) == 6


def test_the_class_of_a_program_comes_before_the_homeroom_where_it_teaches_all_lessons() -> None:
    school = Lockstep()
    school.own("Homeroom {grade}")
    school.own("Reading {grade}", without=1)
    school.own("Math {grade}", without=1)
    apart = [students[0] for students in school.classes]
    teacher = school.district.teacher("Fernsby", "Ida")
    for name in ("Special Day Class", "SDC Reading", "SDC Math"):
        school.district.section(apart, teacher, name=name, school_id=school.school)

    first, *others = first_of(school).rules

    assert first_of(school).strategy == "first_match"
    assert "day class" in str(first.all[0].value)
    assert others == list(keeping(("name", "contains", "homeroom")).rules)


def test_who_is_pulled_out_for_two_lessons_stays_in_the_homeroom() -> None:
    school = Lockstep()
    school.own("Homeroom {grade}")
    school.own("Reading {grade}")
    apart = [students[0] for students in school.classes]
    teacher = school.district.teacher("Fernsby", "Ida")
    for name in ("Resource Room", "Resource Reading", "Resource Math"):
        school.district.section(apart, teacher, name=name, school_id=school.school)

    assert first_of(school) == keeping(("name", "contains", "homeroom"))


@pytest.mark.parametrize("name", ["Homeroom Inclusion", "Homeroom Caseload", "HR Holding"])
def test_a_second_homeroom_of_some_is_none_beside_the_plain_one(name: str) -> None:
    school = Lockstep()
    school.own("Homeroom {grade}")
    school.own("Reading {grade}")
    some = [student for students in school.classes for student in students[:2]]
    school.district.section(some, school.district.teacher("Fernsby"), name=name, school_id=school.school)

    assert first_of(school).rules[0].all[0] == keeping(("name", "contains", "homeroom")).rules[0].all[0]


def test_a_homeroom_of_some_alone_is_theirs_whatever_program_it_is_of() -> None:
    school = Lockstep()
    school.own("Homeroom {grade}", without=2)
    school.own("Reading {grade}")
    some = [student for students in school.classes for student in students[:2]]
    teacher = school.district.teacher("Fernsby")
    school.district.section(some, teacher, name="Homeroom Inclusion", school_id=school.school)

    assert first_of(school) == keeping(("name", "contains", "homeroom"))


def test_a_homeroom_at_a_center_without_students_is_left_out() -> None:
    school = Lockstep()
    school.own("Homeroom {grade}")
    school.own("Reading {grade}")
    center = school.district.school("Fernsby Career Center")
    some = [student for students in school.classes for student in students[:3]]
    school.district.section(some, school.district.teacher("Fernsby"), name="Homeroom", school_id=center)

    assert first_of(school) == keeping(("name", "contains", "homeroom"), ("school", "is", school.school))


def test_the_one_period_that_nobody_has_free_is_the_class() -> None:
    district = SmallDistrict()
    school = district.school("Larkspur High School")
    students = district.students(120, school, "10")
    subjects = ["math", "science", "social studies", "english/language arts"]
    for period in range(1, 5):
        for place in range(len(subjects)):
            taking = students[place::4]
            taking = taking if period == 3 else taking[: -4 - period]
            rotated = subjects[(place + period) % 4]
            district.section(
                taking,
                district.teacher(f"Fernsby{period}{place}"),
                name=rotated.title(),
                subject=rotated,
                period=f"0{period}",
                school_id=school,
            )

    first = suggestions(district.records)[0]

    assert (first.section_filter, coverage(first)) == (keeping(("period", "is", "03")), (120, 0, 0))


def test_the_last_students_get_a_rule_of_their_own_where_it_means_a_class() -> None:
    school = Lockstep()
    few = school.district.students(2, school.school, "3")
    school.own("Homeroom {grade}")
    school.special("Art {grade}")
    for name in ("Autism Program", "Art", "Lunch"):
        school.district.section(few, school.district.teacher(), name=name, school_id=school.school)

    first = suggestions(school.district.records)[0]

    assert (coverage(first), len(first.section_filter.rules)) == ((62, 0, 0), 2)


def test_the_last_students_are_left_where_they_are_in_nothing_but_art() -> None:
    school = Lockstep()
    few = school.district.students(2, school.school, "3")
    school.own("Homeroom {grade}")
    school.special("Art {grade}")
    for name in ("Art", "Lunch"):
        school.district.section(few, school.district.teacher(), name=name, school_id=school.school)

    first = suggestions(school.district.records)[0]

    assert (coverage(first), first.section_filter) == ((60, 2, 0), keeping(("name", "contains", "homeroom")))
