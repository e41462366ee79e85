"""Harder districts of several schools, of programs, or of students who change rooms."""

from __future__ import annotations

from typing import Final

from tests.support.districts.habits.days import ELA, HOMEROOM, MATH, SCIENCE
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.hours import (
    MIDDLE_COURSES,
    OTHER,
    UPPER_COURSES,
    Hour,
    core,
    divide,
    draw_lessons,
    hold_hours,
    open_school,
    put,
    specials,
)
from tests.support.districts.habits.rooms import hire
from tests.support.districts.habits.towns import HIGH, MIDDLE, Town
from worker.domain.roster.section_filter import SectionFilter

HARDER_SCHOOLS: Final = Habits()
habit = HARDER_SCHOOLS.habit


@habit("'XQV 03' is in the period in which middle schools have 'ADVISORY 06'; no word says what it is.")
def in_the_period_of_advisories(town: Town) -> SectionFilter:
    for language in ("SLAR {gg} BIL", "ELAR {gg}"):
        school, rooms = open_school(town)
        hours = (
            Hour("XQV {gg}", None, "02", is_class=True),
            Hour(language, ELA, "01"),
            Hour("MATH {gg}", MATH, "03"),
            Hour("SCI {gg}", SCIENCE, "04"),
            *specials("{course} {gg}", ("PE", "Music", "Art"), ("06", "07", "08")),
            Hour("CONDUCT {gg}", None, "09"),
        )
        hold_hours(town, school, rooms, hours)
    middle = town.school(MIDDLE, 120, staff=0)
    draw_lessons(town, middle, MIDDLE_COURSES, ("01", "03", "04", "05", "06", "07"))
    divide(town, middle, Hour("ADVISORY {gg}", None, "02", is_class=True))
    return keep(("period", "is", "02"))


@habit("All have 'Advisory 11' but twelve in '18-21 Transition', whose teacher has them for all of the day.")
def transition_to_work(town: Town) -> SectionFilter:
    school = town.school(HIGH, 200, staff=0)
    few = school.students["12"][:12]
    school.students["12"] = school.students["12"][12:]
    draw_lessons(town, school, UPPER_COURSES, "1234567")
    divide(town, school, Hour("Advisory {g}", HOMEROOM, "A", is_class=True))
    teacher = hire(town, "Ruiz")
    for period, title in zip(
        "123", ("18-21 Transition", "Community Based Instruction", "Job Skills"), strict=True
    ):
        hour = Hour(title, None, period, is_class=period == "1", has_grade=False)
        put(town, school, few, teacher, hour, "12")
    return keep_any([("name", "contains", "advisory")], [("name", "contains", "transition")])


@habit("'Gr 3 Class' to grade 5, 'Adv 7' above; each 'House Meeting 4' has students of all nine grades.")
def houses_of_nine_grades(town: Town) -> SectionFilter:
    school, rooms = open_school(town, name="Alder K-8")
    home = Hour("Gr {g} Class", is_class=True)
    hold_hours(town, school, rooms, (home, *core("{course} {g}"), *specials("{course} {g}")))
    for grade in MIDDLE:
        school.students[grade] = [town.student(school.id, grade) for _ in range(30)]
    draw_lessons(town, school, MIDDLE_COURSES, "123456", grades=MIDDLE)
    divide(town, school, Hour("Adv {g}", None, "A", is_class=True), grades=MIDDLE)
    divide(town, school, Hour("House Meeting {n}", None, "H"), size=18, is_mixed=True)
    return keep_any([("name", "contains", "class")], [("name", "contains", "adv")])


@habit("Each year has words of its own in period HR: 'Freshman Academy', 'Junior Seminar', and so on.")
def words_of_each_year(town: Town) -> SectionFilter:
    school = town.school(HIGH, 160, staff=0)
    draw_lessons(town, school, UPPER_COURSES, "1234567")
    titles = ("Freshman Academy", "Sophomore Success", "Junior Seminar", "Senior Capstone")
    for grade, title in zip(HIGH, titles, strict=True):
        divide(town, school, Hour(title, None, "HR", is_class=True), grades=(grade,))
    return keep(("period", "is", "HR"))


@habit("'Advisory 7' is in period 6, where student leaders have 'Leadership' instead.")
def leaders_have_no_advisory(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 150, staff=0)
    draw_lessons(town, school, MIDDLE_COURSES, "123457")
    leaders = [one for grade in MIDDLE for one in town.rng.sample(school.students[grade], 8)]
    divide(town, school, Hour("Advisory {g}", None, "6", is_class=True), without=leaders)
    leadership = Hour("Leadership", OTHER, "6", is_class=True, has_grade=False)
    put(town, school, leaders, hire(town, "Reed"), leadership, "6")
    return keep(("period", "is", "6"))
