"""Districts whose schools or grades have habits of their own."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import (
    ELA,
    HOMEROOM,
    LOWER,
    LOWER_DAY,
    MATH,
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

MIXED: Final = Habits()
habit = MIXED.habit

UPPER_GRADES: Final = (*MIDDLE, *HIGH)


@habit("Homeroom in K-5, advisory in 6-12.")
def homeroom_then_advisory(town: Town) -> SectionFilter:
    for grades in (ELEMENTARY, ELEMENTARY, MIDDLE, HIGH):
        school = town.school(grades, 330)
        hold_lessons(town, school, lower() if grades == ELEMENTARY else upper())
        name = "Homeroom {short} - {last}" if grades == ELEMENTARY else "Advisory {short} - {last}"
        hold_homerooms(town, school, Home(name))
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "advisory")])


@habit("Homeroom in K-5, whatever is in period 1 in 6-12.")
def homeroom_then_first_period(town: Town) -> SectionFilter:
    school = town.school(ELEMENTARY, 420)
    hold_lessons(town, school, LOWER_DAY)
    hold_homerooms(town, school, Home("Homeroom - {last}", HOMEROOM))
    for grades in (MIDDLE, HIGH):
        school = town.school(grades, 360)
        hold_lessons(town, school, replace(UPPER_DAY, whole=frozenset({1})))
        town.accept(town.where(school, period="1"))
    return keep_any(
        [("name", "contains", "homeroom")], [("grade", "one_of", list(UPPER_GRADES)), ("period", "is", "1")]
    )


@habit("Two middle schools: 'Advisory' at one, 'Crew' at the other.")
def two_words(town: Town) -> SectionFilter:
    for word in ("Advisory", "Crew"):
        school = town.school(MIDDLE, 420)
        hold_lessons(town, school, upper())
        hold_homerooms(town, school, Home(f"{word} {{short}}{{letter}} - {{last}}", size=20))
    return keep_any([("name", "contains", "advisory")], [("name", "starts_with", "crew")])


@habit("Three schools: 'Advisory', 'Crew', 'House'; at the first, 'House' is a team of lessons.")
def three_words(town: Town) -> SectionFilter:
    ids = []
    for word in ("Advisory", "Crew", "House"):
        school = town.school(MIDDLE, 300)
        ids.append(school.id)
        prefix = "House A {course}" if word == "Advisory" else "{course}"
        hold_lessons(town, school, upper(name=f"{prefix} - {{last}} - {{period}}"))
        hold_homerooms(town, school, Home(f"{word} {{number}} - {{last}}"))
    advisory, crew, house = ids
    return keep_any(
        [("school", "is", advisory), ("name", "starts_with", "advisory")],
        [("school", "is", crew), ("name", "starts_with", "crew")],
        [("school", "is", house), ("name", "starts_with", "house")],
    )


@habit("'Core' is the homeroom in the middle school; the high school has 'Core Math' and an advisory.")
def core_and_core_math(town: Town) -> SectionFilter:
    middle, high = town.school(MIDDLE, 450), town.school(HIGH, 480)
    hold_lessons(town, middle, upper())
    hold_homerooms(town, middle, Home("Core {short}{letter} - {last}"))
    timetable = (*UPPER_DAY.timetable[:1], (("Core Math", MATH),), *UPPER_DAY.timetable[2:])
    hold_lessons(town, high, replace(UPPER_DAY, timetable=timetable))
    hold_homerooms(town, high, Home("Advisory {short}{letter} - {last}"))
    return keep_any(
        [("school", "is", middle.id), ("name", "starts_with", "core")],
        [("school", "is", high.id), ("name", "contains", "advisory")],
    )


@habit("Each school its own field: one by subject, one by period, one by course number.")
def three_fields(town: Town) -> SectionFilter:
    homes = (
        Home("{last} {letter}", HOMEROOM),
        Home("{last} {letter}", period="00"),
        Home("{last} {letter}", number="HMR{short}"),
    )
    for home in homes:
        school = town.school(MIDDLE, 300)
        hold_lessons(town, school, upper(name="{last} {course}"))
        hold_homerooms(town, school, home)
    return keep_any(
        [("subject", "is", HOMEROOM)], [("period", "is", "00")], [("course_number", "starts_with", "HMR")]
    )


@habit("Eight schools with one habit: 'Homeroom 4B', subject blank.")
def eight_schools(town: Town) -> SectionFilter:
    for grades in (*[ELEMENTARY] * 4, MIDDLE, MIDDLE, HIGH, HIGH):
        school = town.school(grades, 375)
        hold_lessons(town, school, lower() if grades == ELEMENTARY else upper())
        hold_homerooms(town, school, Home("Homeroom {short}{letter}"))
    return keep(("name", "contains", "homeroom"))


@habit("Homeroom for all but grade 12, which has 'Senior Seminar'.")
def a_grade_without_homeroom(town: Town) -> SectionFilter:
    school = town.school(HIGH, 840)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("Homeroom {short} - {last} - HR", HOMEROOM, "HR"), HIGH[:3])
    hold_homerooms(town, school, Home("Senior Seminar - {last} - 7", "social studies", "7"), HIGH[3:])
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "senior seminar")])


@habit("Homeroom, and for students at the career centre, who have none, the class in period 1.")
def homeroom_else_first_period(town: Town) -> SectionFilter:
    school = town.school(HIGH, 800)
    away = school.students["11"][:60] + school.students["12"][:70]
    hold_lessons(town, school, replace(UPPER_DAY, whole=frozenset({1})))
    town.accept(town.where(school, period="1"), away)
    hold_homerooms(town, school, Home("Homeroom - {last} - HR", period="HR"), without=away)
    return keep_any([("name", "contains", "homeroom")], [("period", "is", "1")], strategy="first_match")


@habit("The resource room counts for those who are in it, the homeroom for the rest; half have both.")
def resource_room_first(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(ELEMENTARY, 360)
        hold_lessons(town, school, LOWER_DAY)
        few = [student for students in school.students.values() for student in students[:6]]
        hold_homerooms(town, school, Home("Homeroom {short} {last}"), without=few[::2])
        for group in (few[:12], few[12:24], few[24:]):
            teacher = town.rng.choice(school.staff)
            name = f"Resource Room - {teacher.last}"
            town.accept([town.section(school, group, [teacher], name=name, subject="other", grade="Other")])
    return keep_any(
        [("name", "contains", "resource room")], [("name", "contains", "homeroom")], strategy="first_match"
    )


@habit("Eighth grade plays in the band of the high school, whose advisory they are not in.")
def band_at_the_high_school(town: Town) -> SectionFilter:
    middle, high = town.school(MIDDLE, 390), town.school(HIGH, 440)
    for school, name in ((middle, "Homeroom {short}{letter}"), (high, "Advisory {short}{letter}")):
        hold_lessons(town, school, UPPER_DAY)
        hold_homerooms(town, school, Home(name))
    players = middle.students["8"][:40] + high.students["9"][:20]
    town.section(high, players, high.staff[:2], name="Marching Band - Bell - 0", subject="arts and music")
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "advisory")])


@habit("Block classes: the reading block is the class in K-2, the homeroom in 3-5.")
def block_then_homeroom(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(ELEMENTARY, 360)
        hold_lessons(town, school, replace(LOWER_DAY, timetable=LOWER[1:]))
        block = Home("Literacy Block - {last}", ELA)
        hold_homerooms(town, school, block, ELEMENTARY[:3])
        hold_lessons(town, school, replace(LOWER_DAY, timetable=LOWER[:1], leave=0.4), ELEMENTARY[3:])
        hold_homerooms(town, school, Home("Homeroom - {last}"), ELEMENTARY[3:])
    return keep_any([("name", "contains", "literacy block")], [("name", "contains", "homeroom")])
