"""Districts whose schools, grades or programs each write the class down in a way of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import HOMEROOM, Home, hold_homerooms, hold_lessons, lower, upper
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.rooms import hire
from tests.support.districts.habits.towns import ELEMENTARY, HIGH, MIDDLE, Town
from tests.support.districts.habits.writing import hire_worded, write
from worker.domain.roster.section_filter import SectionFilter

UNUSUAL_SCHOOLS: Final = Habits()
habit = UNUSUAL_SCHOOLS.habit


@habit("Students of an online school have a 'Learning Coach', those of the other school a homeroom.")
def learning_coaches_online(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 90, staff=8)
    school.staff.append(hire(town, "Venkataraman"))
    hold_lessons(town, school, upper(name="{course} - {last}"))
    hold_homerooms(town, school, Home("Homeroom {short} - {last}"))
    online = town.school(MIDDLE, 45, "Horizon Virtual Academy", staff=5)
    online.staff.append(hire(town, "Zbinden"))
    hold_lessons(town, online, upper(name="VA {course} - {last}", period=None))
    hold_homerooms(town, online, Home("VA Learning Coach - {last}", size=15))
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "learning coach")])


@habit("A high school's class is 'Seminar 11 - Lovett'; 'DE Seminar in English' is a college course of some.")
def seminars_beside_college_courses(town: Town) -> SectionFilter:
    school = town.school(HIGH, 120, staff=12)
    school.staff.append(hire(town, "Fitzpatrick"))
    hold_lessons(town, school, upper(name="{course} - {last} - {period}"))
    hold_homerooms(town, school, Home("Seminar {short} - {last}", period="SEM"))
    for course in ("DE Seminar in English", "DE College Algebra", "DE Seminar in History"):
        takers = town.rng.sample(school.students["11"] + school.students["12"], 14)
        last = town.rng.choice(["Quackenbush", "Obermeyer"])
        write(town, school, takers, hire(town, last), f"{course} - {last}", period="9")
    return keep(("name", "starts_with", "seminar"))


@habit("One school has homerooms; at the other the first period is the class, and homeroom is a club.")
def opposite_schools(town: Town) -> SectionFilter:
    one, other = town.school(MIDDLE, 75, staff=10), town.school(MIDDLE, 66, staff=10)
    hold_lessons(town, one, upper(name="{course} - {last}"))
    hold_homerooms(town, one, Home("Homeroom {short} - {last}", period="HR"))
    whole = replace(upper(name="{course} - {last}"), whole=frozenset({1}))
    hold_lessons(town, other, whole)
    town.accept(town.where(other, period="1"))
    club = town.rng.sample(other.students["7"], 12)
    write(town, other, club, hire(town, "Hashemi"), "Homeroom Helpers - Hashemi", period="0")
    first = [("school", "is", other.name), ("period", "is", "1")]
    return keep_any([("school", "is", one.name), ("name", "contains", "homeroom")], first)


@habit("Three in a hundred have no advisory, and everybody has English.", reaches=0.96)
def a_few_without_an_advisory(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 120, staff=12)
    school.staff.append(hire(town, "Czerwinski"))
    day = upper(name="{course} - {last}")
    hold_lessons(town, school, replace(day, whole=frozenset({1, 2, 3, 4})))
    without = [town.rng.choice(students) for students in school.students.values()]
    hold_homerooms(town, school, Home("Advsry {short} - {last}", "other"), without=without)
    return keep(("name", "contains", "advsry"))


@habit("Prekindergarten has no homerooms but 'PK3 AM Iglesias' and 'PK4 Full Day Iglesias', and 'PK Music'.")
def prekindergarten_without_homerooms(town: Town) -> SectionFilter:
    school = town.school(("PreKindergarten", *ELEMENTARY[:4]), 125, staff=8)
    teacher = hire(town, "Iglesias")
    hold_lessons(town, school, lower(name="{course} - {last}"), ELEMENTARY[:4])
    hold_homerooms(town, school, Home("Homeroom {short} - {last}", HOMEROOM), ELEMENTARY[:4])
    grade = "PreKindergarten"
    small = school.students[grade]
    write(town, school, small[:12], teacher, "PK3 AM Iglesias", is_class=True, grade=grade)
    write(town, school, small[12:], teacher, "PK4 Full Day Iglesias", is_class=True, grade=grade)
    for course in ("PK Music", "PK Lunch", "PK Speech"):
        takers = small if course == "PK Lunch" else town.rng.sample(small, 14)
        write(town, school, takers, hire_worded(town, "Bell"), f"{course} Bell", grade=grade)
    return keep_any(
        [("name", "contains", "homeroom")], [("name", "starts_with", "PK3")], [("name", "starts_with", "PK4")]
    )


@habit(
    "Sixth grade is at the elementary school and changes teachers: '6A Homebase', below it 'Class 3 Lovett'."
)
def sixth_grade_in_elementary(town: Town) -> SectionFilter:
    school = town.school(("3", "4", "5", "6"), 120, staff=10)
    school.staff.append(hire(town, "Papadakis"))
    hold_lessons(town, school, lower(name="{course} {last}", subject=None), ("3", "4", "5"))
    hold_homerooms(town, school, Home("Class {short} {last}", size=15), ("3", "4", "5"))
    hold_lessons(town, school, upper(name="{course} {last}", subject=None), ("6",))
    hold_homerooms(town, school, Home("6{letter} Homebase {last}", size=15), ("6",))
    singer = hire(town, "Oyelaran")
    for grade, students in school.students.items():
        choir = town.rng.sample(students, 18)
        write(town, school, choir, singer, f"Choir {grade} Class", grade=grade)
    return keep_any([("name", "starts_with", "class")], [("name", "contains", "homebase")])
