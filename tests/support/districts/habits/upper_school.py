"""Middle and high schools with a time of their own for the class, by whatever name."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import (
    ARTS,
    ELA,
    MATH,
    PE,
    SCIENCE,
    SOCIAL,
    UPPER_DAY,
    Home,
    hold_homerooms,
    hold_lessons,
    upper,
)
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.names import FAMILY_NAMES
from tests.support.districts.habits.rooms import CLEVER, Part, found, hire, hold_day
from tests.support.districts.habits.towns import HIGH, MIDDLE, School, Town
from worker.domain.roster.section_filter import SectionFilter

UPPER_SCHOOL: Final = Habits()
habit = UPPER_SCHOOL.habit
PODS: Final = Habits(is_lockstep=True)
"""Schools whose teams go through the day together."""


def _school(town: Town, grades: tuple[str, ...], size: int) -> School:
    school = town.school(grades, size, staff=0)
    school.staff = [hire(town, last) for last in town.rng.sample(FAMILY_NAMES, 10)]
    return school


@habit("A and B days: 'Pack Time 7 - teacher' on both, '2(A)' and '2(B)' for everything else.")
def pack_time(town: Town) -> SectionFilter:
    school = _school(town, MIDDLE, 180)
    for day in "AB":
        hold_lessons(
            town, school, replace(upper(period=f"{{period}}({day})"), timetable=UPPER_DAY.timetable[::2])
        )
    hold_homerooms(town, school, Home("Pack Time {short} - {last}", period="2(A-B)", size=20))
    return keep(("name", "contains", "pack time"))


@habit("Each school calls it by its mascot: 'Titan Time', 'Grizzly Den', 'Falcon Flight Crew'.")
def mascots(town: Town) -> SectionFilter:
    words = ("Titan Time", "Grizzly Den", "Falcon Flight Crew")
    for word in words:
        school = _school(town, HIGH, 120)
        hold_lessons(town, school, UPPER_DAY)
        hold_homerooms(town, school, Home(f"{word} {{short}} - {{last}}", "other", size=15))
    return keep_any(*([("name", "starts_with", word.casefold())] for word in words))


@habit("'Freshman Seminar' to 'Senior Seminar' are the advisories; a few juniors take 'AP Seminar' too.")
def seminars(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 200)
    hold_lessons(town, school, UPPER_DAY)
    for grade, word in zip(HIGH, ("Freshman", "Sophomore", "Junior", "Senior"), strict=True):
        hold_homerooms(town, school, Home(f"{word} Seminar - {{last}}", "other"), [grade])
    teacher = school.staff[0]
    town.section(
        school, school.students["11"][:12], [teacher], name=f"AP Seminar - {teacher.last}", subject=ELA
    )
    return keep(("name", "contains", "seminar"), ("name", "not_contains", "ap seminar"))


@habit("Students are advised in 'Pride Class of 2029'; lessons carry no year.")
def pride_class_of(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 160)
    hold_lessons(town, school, UPPER_DAY)
    for grade, year in zip(HIGH, (2030, 2029, 2028, 2027), strict=True):
        hold_homerooms(town, school, Home(f"Pride Class of {year} - {{last}}", size=20), [grade])
    return keep(("name", "contains", "class of"))


@habit("'Attendance HR' counts; students in the special education program are marked in 'SPED HR' instead.")
def program_homerooms(town: Town) -> SectionFilter:
    school = _school(town, MIDDLE, 180)
    few = [student for students in school.students.values() for student in students[:5]]
    hold_lessons(town, school, UPPER_DAY)
    hold_homerooms(town, school, Home("Attendance HR {short} - {last}"), without=few)
    teacher = school.staff[3]
    town.accept([town.section(school, few, [teacher], name=f"SPED HR - {teacher.last}", subject="other")])
    return keep_any([("name", "contains", "attendance")], [("name", "contains", "sped hr")])


@habit("Study hall, lunch and 'Huddle' are each filed under homeroom/advisory; the huddle is the class.")
def huddle(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 180)
    hold_lessons(town, school, UPPER_DAY)
    hold_homerooms(town, school, Home("Huddle {short} {last}", "homeroom/advisory", size=18))
    for word in ("Lunch A", "Study Hall"):
        hold_homerooms(town, school, Home(f"{word} {{last}}", "homeroom/advisory", size=45), is_class=False)
    return keep(("name", "contains", "huddle"))


@PODS.habit("A pod of seventh graders shares all teachers; its own is who teaches Humanities, twice as long.")
def humanities(town: Town) -> SectionFilter:
    school, rooms = found(town, MIDDLE, 2, 14, "Lakeview Middle School")
    parts = (
        Part("Math", MATH, "partner"),
        Part("Science", SCIENCE, "partner"),
        Part("Humanities", "", is_class=True),
        Part("Music", ARTS, "special"),
        Part("PE", PE, "special"),
        Part("Lunch", "other", "special"),
    )
    hold_day(town, school, rooms, parts)
    return keep(("name", "contains", "humanities"))


@PODS.habit(
    "Block schedule, nothing but courses, and attendance is taken in '1(A)'; '3(B)' would do in numbers."
)
def block_one(town: Town) -> SectionFilter:
    school, rooms = found(town, HIGH, 2, 14, "North Fork High School")
    blocks = ("1(A)", "2(A)", "3(A)", "1(B)", "2(B)", "3(B)")
    for start in range(2):
        courses = [
            Part("English", ELA),
            Part("Algebra", MATH),
            Part("History", SOCIAL),
            Part("PE", PE, "special"),
            Part("Biology", SCIENCE, "partner"),
            Part("Band", ARTS, "special"),
        ]
        first = courses[start:3] + courses[:start]
        for block, part in zip(blocks, first + courses[3:], strict=True):
            some = [room for room in rooms if room.index == start]
            style = replace(CLEVER, name="{course} - {last}", period=block)
            hold_day(town, school, some, [replace(part, is_class=block == "1(A)")], style)
    return keep(("period", "is", "1(A)"))
