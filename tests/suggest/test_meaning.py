"""Where every lesson gives every student one section, meaning decides: one principle, one small school."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from tests.suggest.lockstep import ALL, LASTS, SIZE, Lockstep, first_of
from tests.suggest.small import SmallDistrict, coverage, elementary, keeping
from tests.suggest.surveys import suggestions
from worker.domain.roster.section_filter import Condition, SectionFilter
from worker.suggest.figures import ClassFigures


def said(section_filter: SectionFilter) -> list[Condition]:
    return [condition for rule in section_filter.rules for condition in rule.all]


# Structure


def test_a_word_nobody_lists_is_a_class_where_each_teacher_has_one() -> None:
    school = Lockstep()
    school.special("Vocabulary {grade}")
    school.own("Passport {grade}")

    assert first_of(school) == keeping(("name", "contains", "passport"))


def test_what_one_teacher_holds_for_the_whole_school_is_behind_a_core_lesson() -> None:
    school = Lockstep()
    school.special("Passport {grade}")
    school.own("Reading {grade}")
    school.own("Math {grade}")

    assert first_of(school) == keeping(("name", "contains", "reading"))


def test_a_section_that_no_room_holds_is_no_class() -> None:
    school = Lockstep()
    everybody = [student for students in school.classes for student in students]
    school.district.section(everybody, school.staff[0], name="Assembly Passport", school_id=school.school)
    school.own("Vocabulary {grade}")

    assert first_of(school) == keeping(("name", "contains", "vocabulary"))


@pytest.mark.parametrize("meeting", ["Team Meeting", "Passport"])
def test_where_two_classes_come_together_is_behind_what_each_has_alone(meeting: str) -> None:
    school = Lockstep()
    for lesson in ("Reading", "Math"):
        school.own(lesson + " {grade}")
    school.own("Vocabulary {grade}")
    for teacher, first, second in zip(
        school.staff[::2], school.classes[::2], school.classes[1::2], strict=True
    ):
        school.district.section([*first, *second], teacher, name=meeting, school_id=school.school)

    assert first_of(school) == keeping(("name", "contains", "vocabulary"))


def packs(school: Lockstep, name: str) -> None:
    """Let each teacher have a group of students of all classes."""
    everybody = [student for students in school.classes for student in students]
    school.district.sections(everybody, school.staff, name, school_id=school.school)


@pytest.mark.parametrize("pack", ["Wolf Pack", "Crew", "Family Group", "House"])
def test_a_group_across_classes_is_behind_the_class_that_has_its_lessons_together(pack: str) -> None:
    school = Lockstep()
    for lesson in ("Math", "Science"):
        school.own("Gr {grade} " + lesson)
    packs(school, pack)
    school.own("Gr {grade} {last}")

    assert {one.value for one in said(first_of(school))} >= {"gr"}


def test_a_homeroom_of_one_grade_stays_one_however_lessons_are_divided() -> None:
    school = Lockstep()
    for lesson in ("Math", "Science"):
        school.own("Core {grade} " + lesson)
    school.own("Core {grade}")
    for first, second, teacher in zip(
        school.classes[::2], school.classes[1::2], school.staff[::2], strict=True
    ):
        school.district.sections(
            [*first, *second], [teacher, school.staff[-1]], "Homeroom", school_id=school.school
        )

    assert first_of(school) == keeping(("name", "contains", "homeroom"))


def test_a_group_across_classes_is_the_class_where_all_else_are_lessons() -> None:
    school = Lockstep()
    for lesson in ("Math", "Science"):
        school.own("Gr {grade} " + lesson)
    packs(school, "Wolf Pack")

    assert "pack" in str(said(first_of(school))[0].value)


# Words


@pytest.mark.parametrize("special", ["Art", "Gym", "Music", "Library", "Lunch", "Recess", "Almuerzo"])
def test_what_is_no_class_is_never_suggested(special: str) -> None:
    school = Lockstep()
    school.special(special + " {grade}")
    school.special("Chorus {grade}")

    assert suggestions(school.district.records) == []


@pytest.mark.parametrize(
    "homeroom",
    [
        *("ATT", "ATTN", "ADA", "ADM", "Attendance", "Roll", "Official", "Tutoría", "Registro"),
        *("Morning Meeting", "HMRM"),
    ],
)
def test_a_word_for_homerooms_comes_before_lessons_of_the_same_teacher(homeroom: str) -> None:
    school = Lockstep()
    for lesson in ("Reading", "Math", "Science"):
        school.own(lesson + " {grade}")
    school.own(homeroom + " {grade}")

    assert first_of(school) == keeping(("name", "contains", homeroom.casefold()))


def test_the_whole_phrase_counts_so_that_art_for_a_grade_is_not_the_grade() -> None:
    school = Lockstep()
    school.special("Art Grade {grade}")
    school.own("Grade {grade} {last}")

    assert [(one.op, one.value) for one in said(first_of(school))] == [("starts_with", "grade")]


def test_specials_booked_by_homeroom_are_left_out_of_it() -> None:
    school = Lockstep()
    school.own("HR {grade}")
    for special in ("Library", "Music", "Gym"):
        school.special(f"HR {special} {{grade}}")
    school.own("Reading {grade}")

    found = said(first_of(school))
    assert found[0].value == "hr"
    assert {one.op for one in found[1:]} == {"not_contains"}


@pytest.mark.parametrize(("title", "number"), [("Voyager Launch", "LNCH"), ("Mustang Time", "MUS")])
def test_a_number_that_shortens_its_title_says_no_more_than_the_title(title: str, number: str) -> None:
    school = Lockstep()
    school.own("Reading {grade}")
    school.own(title, course_id=school.district.course(title, number))

    assert str(said(first_of(school))[0].value) in title.casefold()


@pytest.mark.parametrize(
    "line", ["Citizenship", "Conduct", "Work Habits", "Social Development", "Life Skills"]
)
def test_a_line_of_the_report_card_is_behind_a_word_nobody_lists(line: str) -> None:
    school = Lockstep()
    school.own(line + " {grade}")
    school.own("Passport {grade}")

    assert first_of(school) == keeping(("name", "contains", "passport"))


def test_a_lesson_for_a_grade_is_not_called_the_grade() -> None:
    school = Lockstep()
    school.own("Social Studies Gr {grade}")
    school.own("Reading Gr {grade}")

    assert "reading" in str(said(first_of(school))[0].value)


def test_accents_are_no_other_word() -> None:
    school = Lockstep()
    school.own("Lectura {grade}")
    school.own("Kínder {grade}")

    assert first_of(school) == keeping(("name", "contains", "kínder"))


def test_two_words_that_say_something_as_one_say_nothing_apart() -> None:
    school = Lockstep()
    school.own("Language Arts {grade}")
    school.special("Arts {grade}")

    assert first_of(school) == keeping(("name", "contains", "language arts"))


@pytest.mark.parametrize("list_of", ["Homeroom Caseload", "Homeroom Test", "Homeroom Lunch", "HR Holding"])
def test_lists_that_are_called_homerooms_are_none_beside_plain_ones(list_of: str) -> None:
    school = Lockstep()
    school.special(list_of + " {grade}")
    school.own("Adv {grade}")

    assert first_of(school) == keeping(("name", "contains", "adv"))


def test_a_school_that_has_a_lessons_word_in_every_homeroom_still_has_homerooms() -> None:
    school = Lockstep()
    school.own("STEM Homeroom {grade}")
    school.own("Reading {grade}")

    assert "homeroom" in str(said(first_of(school))[0].value)


def test_a_name_that_says_nothing_is_a_homeroom_where_it_is_filed_as_one() -> None:
    school = Lockstep()
    school.own("Huddle {grade}", subject="homeroom/advisory")
    school.special("Recess {grade}", subject="homeroom/advisory")
    school.special("Dismissal {grade}", subject="homeroom/advisory")

    assert first_of(school) == keeping(("name", "contains", "huddle"))


def test_where_only_lessons_are_shared_reading_comes_before_math_before_science() -> None:
    school = Lockstep()
    for subject in ("science", "math", "english/language arts"):
        school.own("{last} {grade}", subject=subject)

    found = suggestions(school.district.records)

    subjects = [one.section_filter.rules[0].all[0].value for one in found]
    assert subjects[:3] == ["english/language arts", "math", "science"]


def test_of_words_for_the_same_sections_the_fuller_one_is_told() -> None:
    school = Lockstep()
    school.own("Titan Time {grade}")
    school.special("Art {grade}")

    assert first_of(school) == keeping(("name", "contains", "titan time"))


@pytest.mark.parametrize(("written", "value"), [("H.R. {grade}", "h.r."), ("Home-Room {grade}", "home-room")])
def test_signs_are_matched_as_they_stand_where_they_tell(written: str, value: str) -> None:
    school = Lockstep()
    school.own(written)
    school.own("Reading {grade}")

    assert first_of(school) == keeping(("name", "contains", value))


# What is left out


def test_classes_told_by_names_alone_are_what_is_left_when_the_rest_is_excluded() -> None:
    school = Lockstep()
    school.own("{last} {grade}")
    for special in ("Gym", "Music", "Lunch"):
        school.special(special + " {grade}")

    found = said(first_of(school))

    assert {one.op for one in found} == {"not_contains"}
    assert {str(one.value).split()[0] for one in found} == {"gym", "music", "lunch"}


def test_where_a_name_has_a_lessons_word_in_it_the_letter_of_the_class_tells() -> None:
    school = Lockstep(lasts=("Abara", "Martin", "Sedge", "Thorn", "Pell", "Wick"))
    school.own("{grade}A {last}")
    for special in ("Art", "Music"):
        school.special("{grade}A " + special)

    assert {str(one.value) for one in said(first_of(school))} == {"a art", "music"}


def test_grades_that_are_in_no_class_are_left_out_of_the_scope_and_that_is_said() -> None:
    school = Lockstep()
    school.own("Homeroom {grade}")
    school.own("Reading {grade}")
    young = school.district.students(8, school.school, "PreKindergarten")
    school.district.section(young[:4], school.staff[0], name="Speech PK", school_id=school.school)

    first, second = suggestions(school.district.records)[:2]

    assert coverage(first) == ALL
    assert first.section_filter.scope.grades == ("1", "2", "3")
    assert first.text.startswith("For students in grades 1, 2 and 3 only: ")
    assert not first.sharing_rules
    assert (coverage(second), second.section_filter.scope.grades) == ((60, 8, 0), ())


def test_grades_in_lessons_but_in_no_homeroom_stay_in_scope() -> None:
    school = Lockstep()
    school.own("Homeroom {grade}")
    old = school.district.students(8, school.school, "4")
    school.district.section(old, school.staff[0], name="Reading 4", school_id=school.school)

    found = suggestions(school.district.records)

    assert not any(one.section_filter.scope.grades for one in found)


# Numbers and terms


def test_the_first_of_several_periods_that_count_alike_means_nothing_in_elementary_grades() -> None:
    school = Lockstep()
    for period in "1234":
        for students in school.classes:
            teacher = school.district.teacher()
            school.district.section(
                students, teacher, name=f"Block {period}", period=period, school_id=school.school
            )

    assert suggestions(school.district.records) == []


def test_what_is_no_lesson_in_the_period_of_other_schools_homerooms_is_the_class() -> None:
    district = SmallDistrict()
    for word in ("Zyx", "Zyx", "Advisory"):
        school = district.school(word + " School")
        pupils, staff = district.students(60, school, "7"), [district.teacher(last) for last in LASTS]
        for period, subject in enumerate(("english/language arts", "math", "science"), 3):
            fields = {"subject": subject, "period": str(period), "school_id": school}
            district.sections(pupils, staff, "7", **fields)
        district.sections(pupils, staff, word, period="2", school_id=school)

    assert suggestions(district.records)[0].section_filter == keeping(("period", "is", "2"))


def test_homeroom_comes_first_and_then_the_first_period_for_students_without() -> None:
    district, pupils, staff = elementary(400)
    district.sections(pupils[:320], staff, "Homeroom", period="HR")

    first = suggestions(district.records)[0]

    assert first.section_filter.strategy == "first_match"
    assert first.section_filter.rules[0] == keeping(("name", "contains", "homeroom")).rules[0]


def test_what_lasts_all_year_is_the_class_rather_than_what_lasts_a_quarter() -> None:
    school = Lockstep()
    quarter = school.district.term((date(2026, 10, 10), date(2026, 12, 18)), "Q2")
    year = school.district.term((date(2026, 8, 10), date(2027, 6, 4)), "2026-2027")
    school.own("{grade} - {last}", term_id=year)
    school.own("{grade} - {last}", term_id=quarter)

    assert first_of(school).rules == keeping(("term", "is", "2026-2027")).rules


def test_last_years_homerooms_are_left_out_by_the_name_of_a_term_without_dates() -> None:
    school = Lockstep()
    for name in ("25-26", "26-27"):
        term = school.district.undated_term(name)
        school.own("Homeroom {grade}", term_id=term)
        school.own("Reading {grade}", term_id=term)

    assert first_of(school) == keeping(("name", "contains", "homeroom"), ("term", "is", "26-27"))


# What only counts


def test_electives_that_most_of_a_grade_take_are_not_suggested() -> None:
    school = Lockstep()
    everybody = [student for students in school.classes for student in students]
    school.district.sections(
        [one for place, one in enumerate(everybody) if place % 4],
        school.staff,
        "Poetry",
        school_id=school.school,
    )
    school.district.sections(
        [one for place, one in enumerate(everybody) if place % 3],
        school.staff,
        "Economics",
        school_id=school.school,
    )

    assert suggestions(school.district.records) == []


def test_one_lesson_for_most_of_a_grade_and_another_for_the_rest_are_no_class() -> None:
    district = SmallDistrict()
    school = district.school()
    pupils, staff = district.students(200, school, "10"), [district.teacher(last) for last in LASTS]
    lessons = (("Literature", pupils[:172]), ("Civics", pupils[28:]), ("Geometry", pupils[14:186]))
    for (name, some), subject in zip(
        lessons, ("english/language arts", "social studies", "math"), strict=True
    ):
        district.sections(some, staff, name, subject=subject, school_id=school)

    assert suggestions(district.records) == []


def test_schools_with_a_rule_each_are_not_asked_for_more_than_one_school_with_one() -> None:
    district = SmallDistrict()
    for form in ("{}", "B{}"):
        school = district.school(form + " High")
        pupils, staff = district.students(100, school, "10"), [district.teacher(last) for last in LASTS]
        for period, some in enumerate((pupils[:92], pupils[14:92]), 1):
            district.sections(some, staff, "Course", period=form.format(period), school_id=school)

    first = suggestions(district.records)[0]

    assert coverage(first) == (184, 16, 0)
    assert {str(one.value) for one in said(first.section_filter) if one.field == "period"} == {"1", "B1"}


# What is told of a suggestion


def test_the_sections_that_are_kept_are_told_with_their_sizes_and_teachers() -> None:
    school = Lockstep()
    school.own("Homeroom {grade}")
    school.own("Reading {grade}")

    classes = suggestions(school.district.records)[0].classes

    of_size = ClassFigures(sections=6, smallest=SIZE, median=SIZE, largest=SIZE, teachers=6)
    assert classes == replace(of_size, example="Homeroom 1")


def test_other_rules_that_count_as_well_are_told() -> None:
    school = Lockstep()
    school.own("Homeroom {grade}")
    school.own("Reading {grade}")
    school.special("Art {grade}", subject="arts and music")

    first, second = suggestions(school.district.records)[:2]

    assert set(first.as_good) == {"reading", "arts and music"}
    assert set(second.as_good) == {"homeroom", "arts and music"}
