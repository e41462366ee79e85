"""Districts where the name of a section says that it is the homeroom, each in its own house style."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import (
    ELA,
    HOMEROOM,
    UPPER_DAY,
    Home,
    hold_homerooms,
    hold_lessons,
    lower,
    upper,
)
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.towns import ELEMENTARY, HIGH, MIDDLE, Town
from worker.domain.roster.section_filter import SectionFilter

NAMED: Final = Habits()
habit = NAMED.habit


def _elementary(town: Town, home: Home, schools: int = 2, size: int = 360) -> None:
    for _ in range(schools):
        school = town.school(ELEMENTARY, size)
        hold_lessons(town, school, lower())
        hold_homerooms(town, school, home)


def _middle(town: Town, home: Home, schools: int = 1, size: int = 600) -> None:
    for _ in range(schools):
        school = town.school(MIDDLE, size)
        hold_lessons(town, school, upper())
        hold_homerooms(town, school, home)


@habit("Three elementary schools; each class has a section 'Homeroom - teacher - 0'.")
def homeroom_by_name(town: Town) -> SectionFilter:
    _elementary(town, Home("Homeroom - {last} - 0", period="0"), schools=3)
    return keep(("name", "contains", "homeroom"))


@habit("As in Clever's demo: homeroom and advisory share a subject, and everybody has both.")
def shared_subject(town: Town) -> SectionFilter:
    for grades in (ELEMENTARY, MIDDLE, HIGH):
        school = town.school(grades, 330)
        lesson = "{course}, Class {short}0{number} - {last} - {period}"
        hold_lessons(town, school, upper(name=lesson) if grades == HIGH else lower(name=lesson))
        hold_homerooms(
            town, school, Home("Class {short}0{number}, Homeroom - {last} - 0", HOMEROOM, "0", size=28)
        )
        onboarding_rules = Home("Group Guidance - {last} - 0", HOMEROOM, "0", size=32)
        hold_homerooms(town, school, onboarding_rules, is_class=False)
    return keep(("name", "contains", "homeroom"))


@habit("'HR-7A' in a middle school where 'Math Recovery' holds the letters HR too, once blanks are gone.")
def hr_dash(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 620)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("HR-{short}{letter}", size=26))
    pupils = school.students["7"]
    for group in (pupils[:20], pupils[40:60], pupils[80:100]):
        town.section(school, group, [school.staff[0]], name="Math Recovery - Bell - 4", subject="math")
    return keep(("name", "starts_with", "hr-"))


@habit("'Advisory 8 (Ramirez)'.")
def advisory_in_brackets(town: Town) -> SectionFilter:
    _middle(town, Home("Advisory {short} ({last})"))
    return keep(("name", "contains", "advisory"))


@habit(
    "Self-contained classes called '4th Grade/Okafor' and 'Kindergarten/Day'; specials are 'Art 4 - Bell'."
)
def grade_slash_teacher(town: Town) -> SectionFilter:
    town.absent.add("Grade")
    for _ in range(2):
        school = town.school(ELEMENTARY, 420)
        hold_lessons(town, school, lower(name="{course} - {last}", period=None))
        hold_homerooms(town, school, Home("Kindergarten/{last}", size=22), ["Kindergarten"])
        hold_homerooms(town, school, Home("{ordinal} Grade/{last}", size=22), ELEMENTARY[1:])
    return keep_any([("name", "contains", "grade/")], [("name", "starts_with", "kindergarten/")])


@habit("'AM Homeroom' and 'PM Homeroom', in each of which everybody is.")
def morning_and_afternoon(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 560)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("AM Homeroom {short}{letter} - {last}"))
    hold_homerooms(town, school, Home("PM Homeroom {short}{letter} - {last}", size=30))
    return keep(("name", "contains", "am homeroom"))


@habit("'TUTOR GROUP 9B' in capitals.")
def tutor_group(town: Town) -> SectionFilter:
    school = town.school(HIGH, 820)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("TUTOR GROUP {short}{letter}", size=20))
    return keep(("name", "contains", "tutor group"))


@habit("'Crew Summit': crews with the names of mountains, and a Mr. Crewe who teaches.")
def crews(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 480)
    school.staff.append(town.teacher("Crewe"))
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("Crew {peak}", size=18))
    crewe = school.staff[-1]
    town.section(school, school.students["8"][:25], [crewe], name="Yearbook - Crewe - 2", subject=ELA)
    return keep(("name", "starts_with", "crew"))


@habit("'Home Room 12' at one school and 'Homeroom 12' at the other.")
def written_apart(town: Town) -> SectionFilter:
    _middle(town, Home("Home Room {number}"), size=360)
    _middle(town, Home("Homeroom {number}"), size=390)
    return keep(("name", "contains", "home room"))


@habit("'HMRM 03-Okafor'.")
def hmrm(town: Town) -> SectionFilter:
    _elementary(town, Home("HMRM 0{number}-{last}"))
    return keep(("name", "contains", "hmrm"))


@habit("Spanish names: 'Salón Hogar 4-1', and 'Registro 8-2' in the middle school.")
def in_spanish(town: Town) -> SectionFilter:
    _elementary(town, Home("Salón Hogar {short}-{number}"), schools=1)
    _middle(town, Home("Registro {short}-{number}"), size=330)
    return keep_any([("name", "contains", "salón hogar")], [("name", "contains", "registro")])


@habit("'Advisory-Day', in a school where a teacher is called Day and another one Hall.")
def advisory_day(town: Town) -> SectionFilter:
    school = town.school(HIGH, 700)
    school.staff += [town.teacher("Day"), town.teacher("Hall")]
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("Advisory-{last}", size=22))
    return keep(("name", "starts_with", "advisory"))


@habit("'Homebase 6 Rivers'.")
def homebase(town: Town) -> SectionFilter:
    _middle(town, Home("Homebase {short} {last}", size=20))
    return keep(("name", "contains", "homebase"))


@habit("'WIN Time 5B', which everybody has, and teachers called Winters, whose names begin alike.")
def win_time(town: Town) -> SectionFilter:
    school = town.school(("4", "5", "6"), 450, "Lakeview Intermediate")
    school.staff += [town.teacher("Winters"), town.teacher("Winslow")]
    hold_lessons(town, school, lower())
    hold_homerooms(town, school, Home("WIN Time {short}{letter}", "interventions/online learning"))
    return keep(("name", "contains", "win time"))


@habit("Every homeroom of every school is called 'Homeroom', and lessons repeat their names likewise.")
def all_called_the_same(town: Town) -> SectionFilter:
    for _ in range(3):
        school = town.school(ELEMENTARY, 300)
        hold_lessons(town, school, lower(name="{course}"))
        hold_homerooms(town, school, Home("Homeroom"))
    return keep(("name", "is", "homeroom"))


@habit("'Core' is the homeroom, held in period 1; the same teachers' 'Core' in period 5 is for electives.")
def name_and_period(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 540)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("Core {short} - {last}", ELA, "1"))
    hold_homerooms(town, school, Home("Core {short} - {last}", ELA, "5", size=30), is_class=False)
    return keep(("name", "contains", "core"), ("period", "is", "1"))


@habit("Homerooms are opened anew each semester under the same names; the day tells which are current.")
def homeroom_each_semester(town: Town) -> SectionFilter:
    year = town.today.year
    first = town.term("Semester 1", town.today.replace(month=8, day=1), town.today.replace(month=12, day=31))
    later = town.today.replace(year=year + 1, month=1, day=1)
    second = town.term("Semester 2", later, later.replace(month=6, day=10))
    for _ in range(2):
        school = town.school(MIDDLE, 300)
        hold_lessons(town, school, replace(UPPER_DAY, term=first))
        hold_lessons(town, school, replace(UPPER_DAY, term=second))
        hold_homerooms(town, school, Home("1(A) Homeroom - {last}", period="1(A)", term=first))
        spring = Home("1(A) Homeroom - {last}", period="1(A)", term=second, size=27)
        hold_homerooms(town, school, spring, is_class=False)
    return keep_any([("name", "contains", "homeroom")], current_term_only=True)


@habit("'1(A) Homeroom S1' and '1(A) Homeroom S2', without terms.")
def semester_in_the_name(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 600)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("1(A) Homeroom S1", period="1(A)"))
    hold_homerooms(town, school, Home("1(A) Homeroom S2", period="1(A)", size=29), is_class=False)
    return keep(("name", "contains", "homeroom s1"))
