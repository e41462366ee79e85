"""Districts in lockstep whose schools write the class down each in its own way."""

from __future__ import annotations

from typing import Final

from tests.support.districts.habits.days import ELA, HOMEROOM, Home
from tests.support.districts.habits.habit import Habits, Term, keep_any
from tests.support.districts.habits.rooms import (
    CLEVER,
    CORE,
    CORE_CLASSES,
    LUNCH,
    PLAIN,
    SPECIALS,
    blank,
    found,
    hold_day,
    homeroom,
)
from tests.support.districts.habits.towns import Town
from worker.domain.roster.section_filter import SectionFilter

LOCKSTEP_SCHOOLS: Final = Habits(is_lockstep=True)
habit = LOCKSTEP_SCHOOLS.habit

SMALL: Final = ("1", "2", "3")
DAY: Final = blank((*CORE[:2], *SPECIALS[:3], LUNCH))


@habit("Four schools with signs of their own: 'Home-Room 3A', 'H.R. 3A', 'Advisory-A 3', 'HMRM/3A'.")
def signs_in_the_word(town: Town) -> SectionFilter:
    for form in (
        "Home-Room {short}{letter}",
        "H.R. {short}{letter}",
        "Advisory-{letter} {short}",
        "HMRM/{short}{letter}",
    ):
        school, rooms = found(town, SMALL, 2, 7)
        hold_day(town, school, rooms, (homeroom(style=Home(form)), *DAY), PLAIN)
    return keep_any(
        *([("name", "starts_with", word)] for word in ("home-room", "h.r.", "advisory-", "hmrm/"))
    )


@habit(
    "Six small schools, six ways: Homeroom, HR-, Attendance, Morning Meeting, Advisory, 'Grade 3 - teacher'."
)
def six_schools_six_ways(town: Town) -> SectionFilter:
    forms = {
        "homeroom": "Homeroom {short} - {last}",
        "hr-": "HR-{short}{letter}",
        "attendance": "Attendance {short} {last}",
        "morningmeeting": "Morning Meeting - {last}",
        "advisory": "Advisory {short}{letter} ({last})",
        "grade": "Grade {short} - {last}",
    }
    for form in forms.values():
        school, rooms = found(town, ("4", "5"), 2, 8)
        hold_day(town, school, rooms, (homeroom(style=Home(form)), *DAY), PLAIN)
    rules: list[list[Term]] = [[("name", "starts_with", word)] for word in forms]
    return keep_any(*rules)


@habit(
    "Two schools have homerooms; at the third, four children in 'Life Skills' have none, and wait for a rule."
)
def one_room_left(town: Town) -> SectionFilter:
    for number in range(3):
        school, rooms = found(town, SMALL, 2, 10)
        own = rooms[-1]
        few, rest = own.students[:4], own.students[4:]
        if number == 2:
            rooms[-1] = type(own)(own.grade, own.teacher, rest, own.index, own.number)
            teacher = school.staff[0]
            name = f"Life Skills - {teacher.last}"
            town.accept([town.section(school, few, [teacher], name=name, grade="Ungraded")])
            for course in ("Art", "Physical Education", "Lunch"):
                town.section(school, few, [teacher], name=f"{course} LS - {teacher.last}", grade="Ungraded")
        hold_day(town, school, rooms, (homeroom(), *DAY), PLAIN)
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "life skills")])


@habit("One school has homerooms; the other none, and each class's own teacher teaches reading there.")
def homeroom_here_reading_there(town: Town) -> SectionFilter:
    school, rooms = found(town, SMALL)
    hold_day(town, school, rooms, (homeroom(subject=HOMEROOM), *CORE, *SPECIALS, LUNCH))
    other, classes = found(town, SMALL)
    hold_day(town, other, classes, (*SPECIALS, LUNCH, *CORE_CLASSES))
    return keep_any([("subject", "is", HOMEROOM)], [("school", "is", other.id), ("subject", "is", ELA)])


@habit("A school to grade 8: 'Homeroom 3 - teacher' below grade 6, 'Advisory 7 - teacher' from there on.")
def homeroom_then_advisory_in_one_school(town: Town) -> SectionFilter:
    school, rooms = found(town, ("4", "5", "6", "7", "8"), name="Cedar Ridge K-8 School")
    for word, grades in (("Homeroom", ("4", "5")), ("Advisory", ("6", "7", "8"))):
        some = [room for room in rooms if room.grade in grades]
        hold_day(town, school, some, (*CORE, *SPECIALS, LUNCH, homeroom(word, "other")), CLEVER)
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "advisory")])


@habit("The same word with a fault in each school: 'Homeroom', 'Home Room', 'HomeRoom:', 'Hmrm'.")
def spelled_by_each_school(town: Town) -> SectionFilter:
    for form in ("Homeroom {short}", "Home Room {short}", "HomeRoom:{short}", "Hmrm {short}"):
        school, rooms = found(town, SMALL, 2, 7)
        hold_day(town, school, rooms, (*DAY, homeroom(style=Home(f"{form} {{last}}"))), PLAIN)
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "hmrm")])
