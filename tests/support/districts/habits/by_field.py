"""Districts where another field than the name tells the homeroom."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import (
    ARTS,
    ELA,
    HOMEROOM,
    LOWER,
    LOWER_DAY,
    PE,
    SOCIAL,
    UPPER_DAY,
    Day,
    Home,
    hold_homerooms,
    hold_lessons,
    lower,
    upper,
)
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.towns import ELEMENTARY, HIGH, MIDDLE, Town
from worker.domain.roster.section_filter import SectionFilter

FIELDED: Final = Habits()
habit = FIELDED.habit


@habit("The subject homeroom/advisory is on homerooms only; their names are 'Okafor 4A'.")
def homeroom_by_subject(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(ELEMENTARY, 400)
        hold_lessons(town, school, lower())
        hold_homerooms(town, school, Home("{last} {short}{letter}", HOMEROOM))
    return keep(("subject", "is", HOMEROOM))


@habit("Period 'HR' is the homeroom's; the name is the teacher's, as it is for lessons.")
def homeroom_period(town: Town) -> SectionFilter:
    school = town.school(HIGH, 900)
    hold_lessons(town, school, upper(name="{last} {number}"))
    hold_homerooms(town, school, Home("{last} {number}", period="HR", section_number="{number}"))
    return keep(("period", "is", "HR"))


@habit("No homeroom at all; everybody has a class in period 1, and not everybody in the others.")
def first_period(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(HIGH, 600)
        hold_lessons(town, school, replace(UPPER_DAY, whole=frozenset({1})))
        town.accept(town.where(school, period="1"))
    return keep(("period", "is", "1"))


@habit("The first period counts, and four schools write it '1', '01', 'P1' and '1(A-B)'.")
def period_spelled_four_ways(town: Town) -> SectionFilter:
    for form in ("{period}", "0{period}", "P{period}", "{period}(A-B)"):
        school = town.school(HIGH, 300)
        hold_lessons(town, school, replace(UPPER_DAY, period=form, whole=frozenset({1})))
        town.accept(town.where(school, period=form.format(period=1)))
    return keep(("period", "one_of", ["1", "01", "P1", "1(A-B)"]))


@habit("The course is called Homeroom; a section's name is just its teacher's.")
def homeroom_by_course(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(MIDDLE, 390)
        hold_lessons(town, school, upper(name="{last}"))
        hold_homerooms(town, school, Home("{last}", course="Homeroom {grade}", number="9{short}00"))
    return keep(("course_name", "contains", "homeroom"))


@habit("The course's number begins with HR; its name is 'Attendance', which lunch duty has as well.")
def number_begins_with_hr(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 640)
    hold_lessons(town, school, upper(number="{code}0{slot}"))
    home = Home("{last} {short}{letter}", course="Attendance", number="HR0{short}")
    hold_homerooms(town, school, home)
    lunch = replace(home, number="LU0{short}", size=60)
    hold_homerooms(town, school, lunch, is_class=False)
    return keep(("course_number", "starts_with", "HR"))


@habit("The course's number holds ADV ('07ADV1'); names are '7-3 Okafor' for lessons too.")
def number_contains_adv(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 500)
    hold_lessons(town, school, upper(name="{short}-{slot} {last}", course="Grade {grade} Courses"))
    home = Home("{short}-0 {last}", course="Grade {grade} Courses", number="0{short}ADV1")
    hold_homerooms(town, school, home)
    return keep(("course_number", "contains", "adv"))


@habit("Only the section's number tells it: 'HR01', where lessons have '1', '2', '3'.")
def homeroom_by_section_number(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(ELEMENTARY, 330)
        hold_lessons(town, school, lower(name="Grade {grade} - {last}", course=None, number=None))
        hold_homerooms(town, school, Home("Grade {grade} - {last}", section_number="HR0{number}"))
    return keep(("section_number", "starts_with", "hr"))


@habit("The class is the language arts section in K-5, the social studies section in 6-8, where ELA is two.")
def subject_by_grade(town: Town) -> SectionFilter:
    school = town.school(ELEMENTARY, 420)
    hold_lessons(town, school, Day(LOWER[1:]))
    hold_homerooms(town, school, Home("{ordinal} {last}", ELA))
    middle = town.school(MIDDLE, 360)
    hold_lessons(town, middle, Day(LOWER[1:3]))
    hold_homerooms(town, middle, Home("Reading {short} {last}", ELA))
    hold_homerooms(town, middle, Home("Writing {short} {last}", ELA, size=28))
    hold_homerooms(town, middle, Home("{short} {last}", SOCIAL, size=26))
    lessons = replace(LOWER_DAY, timetable=((("Geography {grade}", SOCIAL),),), leave=0.5)
    hold_lessons(town, school, lessons)
    return keep_any(
        [("grade", "one_of", list(ELEMENTARY)), ("subject", "is", ELA)],
        [("grade", "one_of", list(MIDDLE)), ("subject", "is", SOCIAL)],
    )


@habit("Only homerooms run all year: the term 'Full Year'. Lessons last a trimester.")
def homeroom_by_term(town: Town) -> SectionFilter:
    trimesters = [town.term(f"Trimester {number}") for number in (1, 2, 3)]
    full_year = town.term("Full Year")
    for _ in range(2):
        school = town.school(MIDDLE, 330)
        for term in trimesters:
            hold_lessons(town, school, replace(UPPER_DAY, term=term, name="{course} - {last}"))
        hold_homerooms(town, school, Home("Team - {last}", "other", term=full_year))
        clubs = Home("Team - {last}", "other", term=trimesters[0], size=30)
        hold_homerooms(town, school, clubs, is_class=False)
    return keep(("term", "is", "full year"))


@habit("Lessons have no grade, homerooms have one, and nothing else tells them apart.")
def only_homerooms_have_a_grade(town: Town) -> SectionFilter:
    school = town.school(ELEMENTARY, 480)
    plain = lower(name="{last} {number}", course=None, number=None, subject=None, period=None, grade=None)
    hold_lessons(town, school, plain)
    hold_homerooms(town, school, Home("{last} {number}", section_number="{number}"))
    return keep(("grade", "one_of", list(ELEMENTARY)))


@habit("Homerooms have the subject other, as study halls and lunch do; their name holds 'Attendance'.")
def homeroom_is_other(town: Town) -> SectionFilter:
    school = town.school(HIGH, 760)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("Attendance - {last} - 0", "other", "0"))
    hold_homerooms(town, school, Home("Lunch - {last} - 4", "other", "4", size=70), is_class=False)
    return keep(("name", "contains", "attendance"))


@habit("Every section but lunch and specials: the one that is left has a teacher's name and no subject.")
def all_but_specials(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(ELEMENTARY, 390)
        hold_lessons(town, school, Day(LOWER[4:], name="{course} - {last}", course=None, number=None))
        hold_homerooms(town, school, Home("{last} {short}{letter}"))
        hold_homerooms(town, school, Home("Lunch {short}", size=80), is_class=False)
    return keep(
        ("subject", "is_not", ARTS),
        ("subject", "is_not", PE),
        ("subject", "is_not", "technology and engineering"),
        ("name", "not_contains", "lunch"),
    )


@habit("Only classes and lunch are shared, and lunch goes by its name alone.")
def all_but_lunch(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(ELEMENTARY, 330)
        hold_homerooms(town, school, Home("{last} {ordinal}"))
        hold_homerooms(town, school, Home("Lunch {ordinal} - {last}", size=75), is_class=False)
    return keep(("name", "not_contains", "lunch"))


@habit("The course Homeroom has two sections for each student: 'HR 7A' and 'HR Lunch 7'.")
def course_but_not_lunch(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 570)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("HR {short}{letter}", course="Homeroom", number="9000"))
    lunch = Home("HR Lunch {short}", course="Homeroom", number="9000", size=90)
    hold_homerooms(town, school, lunch, is_class=False)
    return keep(("course_name", "is", "homeroom"), ("name", "not_contains", "lunch"))


@habit("Teachers called House and Holmes: homerooms are 'House 3' and have the period 'HSE'.")
def house_taught_by_house(town: Town) -> SectionFilter:
    school = town.school(HIGH, 660)
    school.staff += [town.teacher("House"), town.teacher("House"), town.teacher("Holmes")]
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("House {number}", period="HSE"))
    return keep(("period", "is", "HSE"))
