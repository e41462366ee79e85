"""Districts with a clear habit and imperfect data."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import (
    HOMEROOM,
    LOWER_DAY,
    UPPER_DAY,
    Home,
    hold_homerooms,
    hold_lessons,
    upper,
)
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.towns import ELEMENTARY, HIGH, MIDDLE, Teacher, Town
from worker.domain.roster.section_filter import SectionFilter

ROUGH: Final = Habits()
habit = ROUGH.habit


@habit("One per cent of the students have no homeroom, or two.", reaches=0.985)
def noise_of_one_percent(town: Town) -> SectionFilter:
    for grades in (ELEMENTARY, ELEMENTARY, MIDDLE, HIGH):
        school = town.school(grades, 500)
        hold_lessons(town, school, LOWER_DAY if grades == ELEMENTARY else UPPER_DAY)
        hold_homerooms(town, school, Home("Homeroom {short} - {last} - 0", period="0"))
    town.disturb(0.01)
    return keep(("name", "contains", "homeroom"))


@habit("Three per cent of the students have no advisory, or two.", reaches=0.965)
def noise_of_three_percent(town: Town) -> SectionFilter:
    for grades in (MIDDLE, HIGH, HIGH):
        school = town.school(grades, 600)
        hold_lessons(town, school, UPPER_DAY)
        hold_homerooms(town, school, Home("Advisory {short} ({last})"))
    town.disturb(0.03)
    return keep(("name", "contains", "advisory"))


@habit("Two words at two schools, two per cent of the students misplaced, a few names blank.", reaches=0.96)
def noise_in_two_words(town: Town) -> SectionFilter:
    for word in ("Advisory", "Mentor Group"):
        school = town.school(HIGH, 760)
        hold_lessons(town, school, UPPER_DAY)
        hold_homerooms(town, school, Home(f"{word} {{short}}-{{number}} {{last}}", size=20))
    town.disturb(0.02)
    (section,) = town.sections(town.homes[11:12])
    del section["name"]
    return keep_any([("name", "contains", "advisory")], [("name", "contains", "mentor group")])


@habit("Homeroom is mistyped in places; the subject is right everywhere.")
def mistyped_with_subject(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 660)
    hold_lessons(town, school, UPPER_DAY)
    homes = hold_homerooms(town, school, Home("Homeroom {short}{letter}", HOMEROOM))
    for section, slip in zip(town.sections(homes[::6]), ("Homeoom", "Hoemroom", "Homerooom"), strict=False):
        section["name"] = section["name"].replace("Homeroom", slip)
    return keep(("subject", "is", HOMEROOM))


@habit("Advisory is mistyped for one section in seventy, and nothing else tells it.", reaches=0.98)
def mistyped(town: Town) -> SectionFilter:
    for _ in range(3):
        school = town.school(MIDDLE, 480)
        hold_lessons(town, school, UPPER_DAY)
        hold_homerooms(town, school, Home("Advisory {short}{letter}", size=20))
    (section,) = town.sections(town.homes[5:6])
    section["name"] = section["name"].replace("Advisory", "Adivsory")
    return keep(("name", "contains", "advisory"))


@habit("A third of the teachers are not shared: their ids stand in sections, their names only in names.")
def teachers_not_shared(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(ELEMENTARY, 330)
        school.staff += [
            Teacher(town.teacher(last, is_shared=False).id, last)
            for last in ("Reading", "Grady", "Music", "Rooms", "Advani", "Hume")
        ]
        hold_lessons(town, school, LOWER_DAY)
        hold_homerooms(town, school, Home("Homeroom - {last} - 0", period="0"))
    return keep(("name", "contains", "homeroom"))


@habit("No section has a teacher.")
def without_teachers(town: Town) -> SectionFilter:
    school = town.school(HIGH, 600)
    hold_lessons(town, school, UPPER_DAY)
    hold_homerooms(town, school, Home("Advisory {short}{letter}"))
    for record in town.records.values():
        if "teachers" in record:
            record["teachers"] = []
    return keep(("name", "contains", "advisory"))


@habit("One student in twenty has no school, another one no grade.")
def blank_school_or_grade(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(ELEMENTARY, 360)
        hold_lessons(town, school, LOWER_DAY)
        hold_homerooms(town, school, Home("Homeroom {short} - {last}", grade=None))
    users = [record["student"]["texts"] for record in town.records.values() if "student" in record]
    for texts in users[::20]:
        del texts["school_id"]
    for texts in users[7::20]:
        del texts["grade"]
    return keep(("name", "contains", "homeroom"))


@habit("Co-taught homerooms, empty ones that were opened for later, and some with a single student.")
def empty_and_single(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 480)
    alone = [students[0] for students in school.students.values()]
    hold_lessons(town, school, UPPER_DAY)
    homes = hold_homerooms(town, school, Home("Homeroom {short} {last}"), without=alone)
    for section in town.sections(homes[::3]):
        section["teachers"] = sorted({*section["teachers"], school.staff[0].id})
    for number in range(6):
        town.section(school, [], [], name=f"Homeroom TBD {number}", subject="other")
    for student in alone:
        town.accept([town.section(school, [student], school.staff[3:5], name="Homeroom Homebound")])
    return keep(("name", "contains", "homeroom"))


@habit("One school of twenty students from six grades: one homeroom, six lessons.")
def one_room(town: Town) -> SectionFilter:
    school = town.school(ELEMENTARY, 20, "Prairie Bend School", staff=3)
    everybody = [student for students in school.students.values() for student in students]
    for course in ("Reading", "Math", "Science", "Art", "Music", "P.E."):
        teacher = town.rng.choice(school.staff)
        attending = town.rng.sample(everybody, 17)
        town.section(school, attending, [teacher], name=f"{course} - {teacher.last}")
    homeroom = town.section(school, everybody, school.staff[:1], name=f"Homeroom - {school.staff[0].last}")
    town.accept([homeroom])
    return keep(("name", "contains", "homeroom"))


@habit("Names that are blank on half of the sections; the course of homerooms is 'Advisory Period'.")
def half_without_names(town: Town) -> SectionFilter:
    school = town.school(HIGH, 720)
    hold_lessons(town, school, upper())
    hold_homerooms(town, school, Home("Adv {last}", course="Advisory Period", number="0001"))
    for number, record in enumerate(town.records.values()):
        if "students" in record and number % 2:
            record.pop("name", None)
    return keep(("course_name", "contains", "advisory"))


@habit("An old year's homerooms are still shared, in a term that is over.")
def last_year_still_shared(town: Town) -> SectionFilter:
    year = town.today.year
    old = town.term("Last Year", town.today.replace(year=year - 1), town.today.replace(month=6, day=12))
    new = town.term("This Year", town.today.replace(month=8, day=1), town.today.replace(year=year + 1))
    for _ in range(2):
        school = town.school(ELEMENTARY, 330)
        hold_lessons(town, school, replace(LOWER_DAY, term=new))
        hold_homerooms(town, school, Home("Homeroom {short} - {last}", term=new))
        before = Home("Homeroom {short} - {last}", term=old, size=28)
        hold_homerooms(town, school, before, is_class=False)
    return keep_any([("name", "contains", "homeroom")], current_term_only=True)
