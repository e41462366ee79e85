"""Elementary schools and a small high school in lockstep, as student information systems export them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import ARTS, ELA, HOMEROOM, LANGUAGE, MATH, PE, SCIENCE, SOCIAL, Home
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.names import FAMILY_NAMES
from tests.support.districts.habits.rooms import (
    CLEVER,
    CORE,
    LUNCH,
    PLAIN,
    SPECIALS,
    Part,
    Room,
    blank,
    found,
    hire,
    hold_day,
    homeroom,
)
from tests.support.districts.habits.towns import ELEMENTARY, HIGH, Town
from tests.support.districts.habits.writing import everybody, write
from worker.domain.roster.section_filter import SectionFilter

EXPORTED_ROOMS: Final = Habits(is_lockstep=True)
habit = EXPORTED_ROOMS.habit

LOWER_GRADES: Final = ELEMENTARY[:4]
COLLEGES: Final = (
    *("UC Davis", "Spelman", "Morehouse", "Cal Poly", "Notre Dame", "Rice"),
    *("Boston College", "Florida A&M", "Ohio State", "Stanford", "Wellesley", "Hampton"),
)
IMMERSION: Final = (
    Part("Français", LANGUAGE),
    Part("Mathématiques", MATH),
    Part("Sciences", SCIENCE),
    Part("English Language Arts", ELA, "partner"),
)
SUBJECTS: Final = (("English", ELA), ("Algebra", MATH), ("Biology", SCIENCE), ("History", SOCIAL), ("PE", PE))


@habit("Plain: course, teacher and period make each name, and 'Homeroom 3' is filed under homeroom.")
def plain_elementaries(town: Town) -> SectionFilter:
    for _ in range(2):
        school, rooms = found(town, size=9)
        hold_day(town, school, rooms, (*CORE, homeroom(subject=HOMEROOM), *SPECIALS, LUNCH))
    return keep(("name", "contains", "homeroom"))


@habit("Plain: the courses are 'Grade 3' or 'Kindergarten' and the specials, 'Art 3', 'Library 3'.")
def courses_of_grades(town: Town) -> SectionFilter:
    school, rooms = found(town, size=9)
    for word, some in (("Kindergarten", rooms[:2]), ("Grade {short}", rooms[2:])):
        home = homeroom(style=replace(CLEVER, name=f"{word} - {{last}} - {{period}}", course=word))
        hold_day(town, school, some, (home, *SPECIALS, LUNCH))
    return keep_any([("name", "starts_with", "kindergarten")], [("name", "starts_with", "grade")])


@habit("Plain: 'Self-Contained 3 - teacher - 1', with PE, library, and groups of English learners by level.")
def self_contained_and_levels(town: Town) -> SectionFilter:
    for _ in range(2):
        school, rooms = found(town, ELEMENTARY[1:], size=9)
        levels = Part("ELD", ELA, "partner", is_mixed=True)
        hold_day(town, school, rooms, (homeroom("Self-Contained", "other"), *SPECIALS[2:], levels, LUNCH))
    return keep(("name", "starts_with", "self-contained"))


@habit("Attendance is taken in 'Roll Call 3 - teacher'; reading, recess and the rest have sections as well.")
def roll_call(town: Town) -> SectionFilter:
    school, rooms = found(town, size=9)
    recess = Part("Recess", "other", "special")
    hold_day(town, school, rooms, (*CORE, recess, *SPECIALS, LUNCH, homeroom("Roll Call", "other")))
    return keep(("name", "contains", "roll call"))


@habit("A Waldorf charter: the class teacher has 'Main Lesson 4' and 'Practice Math 4', and others the rest.")
def main_lesson(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4", "5", "6"), 1, 18, "Prairie Bend Waldorf Charter")
    own = (Part("Main Lesson", is_class=True), Part("Practice Math", MATH, is_class=True))
    others = (("Handwork", ARTS), ("Eurythmy", ARTS), ("German", LANGUAGE), ("Strings", ARTS), ("Games", PE))
    specials = [Part(course, subject, "special") for course, subject in others]
    hold_day(town, school, rooms, (*specials[:2], *own, *specials[2:]))
    return keep(("name", "starts_with", "main lesson"))


@habit("Half of the classes learn in French with two teachers: 'FI Homeroom 2' beside 'Homeroom 2'.")
def french_immersion(town: Town) -> SectionFilter:
    school, rooms = found(town, LOWER_GRADES, size=11)
    french, english = rooms[::2], rooms[1::2]
    named = replace(CLEVER, name=f"FI {CLEVER.name}")
    homes = hold_day(town, school, french, (homeroom("FI Homeroom"), *IMMERSION, *SPECIALS))
    hold_day(town, school, french, (LUNCH,), named)
    hold_day(town, school, english, (homeroom(), *CORE, *SPECIALS, LUNCH))
    for section, partner in zip(town.sections(homes), english, strict=True):
        section["teachers"] = sorted({*section["teachers"], partner.teacher.id})
    return keep(("name", "contains", "homeroom"))


@habit(
    "Homerooms and all subjects have a section for each quarter, with the same students; no term has dates."
)
def homeroom_every_quarter(town: Town) -> SectionFilter:
    school, rooms = found(town, LOWER_GRADES, size=10)
    for quarter in ("Q1", "Q2", "Q3", "Q4"):
        style = replace(CLEVER, term=town.term(quarter))
        hold_day(town, school, rooms, (homeroom(), *CORE[:2], *SPECIALS), style)
    return keep(("name", "contains", "homeroom"), ("term", "is", "Q1"))


@habit("Teachers' names in four forms: 'Lopez, Mariela - Homeroom 2', 'M. Lopez Homeroom 2', and so on.")
def names_in_four_forms(town: Town) -> SectionFilter:
    for form, word in (
        ("{last}, {first} - {course} {short}", "Homeroom"),
        ("{initial} {last} {course} {short}", "Homeroom"),
        ("{title} {last}'s {course}", "Homeroom"),
        ("{course} {short} {last}, {initial}", "HR"),
    ):
        school, rooms = found(town, ("1", "2", "3"), size=8)
        hold_day(town, school, rooms, (*CORE[:3], homeroom(word), *SPECIALS), Home(form, "{subject}"))
    return keep_any([("name", "contains", "homeroom")], [("name", "starts_with", "hr")])


@habit("Charter schools whose classes are called 'UC Davis' or 'Spelman', and the lessons 'UC Davis Math'.")
def colleges_alone(town: Town) -> SectionFilter:
    lessons = (*CORE[:2], Part("Science", SCIENCE), Part("PE", PE, "special"), Part("Art", ARTS, "special"))
    for start in (0, 6):
        school, rooms = found(town, ("5", "6", "7"), size=12, name=f"Ascent Charter {start // 6 + 1}")
        for college, room in zip(COLLEGES[start:], rooms, strict=False):
            home = homeroom(style=Home(college))
            hold_day(town, school, [room], (home, *lessons), Home(f"{college} {{course}}", "{subject}"))
    return keep(("name", "one_of", list(COLLEGES)))


@habit("'2nd Grade - teacher' and '1st/2nd Combo - teacher' are classes; specials are 'PE 1st/2nd Grade'.")
def combination_classes(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4"), size=11)
    combined = [
        Room(f"{low.grade}/{high.grade}", low.teacher, everybody((low, high)), 1, low.number)
        for low, high in ((rooms[1], rooms[3]), (rooms[5], rooms[7]))
    ]
    others = [replace(part, by="special") for part in (*SPECIALS, LUNCH, Part("Computer Lab", "other"))]
    for word, some in (("Grade", rooms[::2]), ("Combo", combined)):
        home = homeroom(style=Home(f"{{ordinal}} {word} - {{last}}", grade=None))
        style = Home("{course} {ordinal} Grade - {last}", "{subject}", grade=None)
        hold_day(town, school, some, (home, *others), style)
    return keep_any(*([("name", "starts_with", ordinal)] for ordinal in ("1st", "2nd", "3rd", "4th")))


@habit(
    "To grade 2 a class is 'Grade 2 - teacher'; from grade 3 two teachers exchange classes, called 'HR 4'."
)
def exchanged_from_third(town: Town) -> SectionFilter:
    school, rooms = found(town, size=10)
    for word, some in (("Kindergarten", rooms[:2]), ("Grade {short}", rooms[2:6])):
        home = homeroom(style=replace(CLEVER, name=f"{word} - {{last}} - {{period}}", course=word))
        hold_day(town, school, some, (home, *SPECIALS, LUNCH))
    exchanged = (Part("ELA/Social Studies", ELA), Part("Math/Science", MATH, "partner"))
    hold_day(town, school, rooms[6:], (homeroom("HR"), *exchanged, *SPECIALS, LUNCH))
    words = ("kindergarten", "grade", "hr")
    return keep_any(*([("name", "starts_with", word)] for word in words))


@habit("A special educator who comes to the classes has 'Homeroom Inclusion - teacher', of a tenth of them.")
def inclusion_besides(town: Town) -> SectionFilter:
    school, rooms = found(town, size=10)
    hold_day(town, school, rooms, (homeroom(), *CORE, *SPECIALS, LUNCH))
    for half in (rooms[:6], rooms[6:]):
        teacher = hire(town, town.rng.choice(FAMILY_NAMES))
        included, course = [room.students[0] for room in half], "Homeroom Inclusion"
        fields = {"period": "1", "section_number": "1"}
        name = f"{course} - {teacher.last} - 1"
        write(town, school, included, teacher, name, course=course, is_class=False, number="HOI", **fields)
    return keep(("name", "contains", "homeroom"), ("name", "not_contains", "inclusion"))


@habit(
    "A small high school: cohorts '9A' have all lessons together, and each is divided into two advisories."
)
def cohorts_and_advisories(town: Town) -> SectionFilter:
    school, rooms = found(town, HIGH, 2, 20, "Stone Bridge Early High School")
    lessons = [Part(course, subject, "special") for course, subject in SUBJECTS]
    hold_day(town, school, rooms, lessons, replace(CLEVER, name="{course} {short}{letter} - {last}"))
    for room in rooms:
        for half in (0, 1):
            teacher = hire(town, town.rng.choice(FAMILY_NAMES))
            name = f"Advisory {room.grade}{'AB'[room.index]}.{half + 1} - {teacher.last}"
            write(town, school, room.students[half::2], teacher, name, is_class=True, grade=room.grade)
    return keep(("name", "contains", "advisory"))


@habit("The homerooms of summer school, in which a few were, are shared still under the same names.")
def summer_school_still_shared(town: Town) -> SectionFilter:
    today = town.today
    summer = town.term("Summer", today.replace(month=6, day=15), today.replace(month=7, day=24))
    year = town.term(
        "Year", today.replace(month=8, day=12), today.replace(year=today.year + 1, month=6, day=4)
    )
    for _ in range(2):
        school, rooms = found(town, LOWER_GRADES, size=10)
        day = (homeroom(), *blank(CORE), *SPECIALS, LUNCH)
        hold_day(town, school, rooms, day, replace(PLAIN, term=year))
        for low, high in zip(rooms[::2], rooms[1::2], strict=True):
            attended = [*low.students[:2], *high.students[:2]]
            name = f"Homeroom {low.grade} - {high.teacher.last}"
            write(town, school, attended, high.teacher, name, grade=low.grade, term_id=summer)
    return keep_any([("name", "contains", "homeroom")], current_term_only=True)
