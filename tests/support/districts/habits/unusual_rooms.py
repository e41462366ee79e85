"""Elementary schools that go through the day together and are exported in unusual ways."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import ELA, MATH, Home
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.names import FAMILY_NAMES
from tests.support.districts.habits.rooms import LUNCH, SPECIALS, Part, found, hire, hold_day, homeroom
from tests.support.districts.habits.towns import Town
from tests.support.districts.habits.writing import hire_worded, write
from worker.domain.roster.section_filter import SectionFilter

UNUSUAL_ROOMS: Final = Habits(is_lockstep=True)
habit = UNUSUAL_ROOMS.habit


@habit("All sections of a class are named '3-105'; the course is 'Official Class', 'Cluster Gym', and so on.")
def official_class_numbers(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4"), 2, 9)
    clusters = [Part(f"Cluster {course}", by="special") for course in ("Art", "Gym", "Science Lab")]
    blocks = (Part("Literacy Block", ELA), Part("Math Block", MATH), Part("Lunch/Recess", by="special"))
    extra = Part("Academic Intervention", by="partner", is_mixed=True)
    style = Home("{grade}-{room}", course="{course}", number="{code}{short}{slot}", section_number="{number}")
    hold_day(town, school, rooms, (homeroom("Official Class"), *blocks, *clusters, extra), style)
    return keep(("course_name", "contains", "official class"))


@habit("Attendance is all that is kept of a class, once for the morning and once for the afternoon.")
def attendance_morning_and_afternoon(town: Town) -> SectionFilter:
    school, rooms = found(town, ("Kindergarten", "1", "2", "3"), 2, 9)
    halves = [
        Part(f"Attendance {half}", is_class=True, style=Home(f"Attendance {half} {{last}}", period=half))
        for half in ("AM", "PM")
    ]
    groups = [
        Part(course, subject, "partner", is_mixed=True)
        for course, subject in (("Reading", ELA), ("Math", MATH))
    ]
    style = Home("{course} {last}", "{subject}", "{slot}(A-E)", course="{course} {short}")
    hold_day(town, school, rooms, (*halves, *groups, *SPECIALS, LUNCH), style)
    return keep(("name", "contains", "attendance am"))


@habit(
    "Everything is in capitals with underscores: '104_GR2_HMRM_GUTIERREZ' beside '104_GR2_READ_GUTIERREZ'."
)
def capitals_with_underscores(town: Town) -> SectionFilter:
    lasts = [last.upper() for last in town.rng.sample(FAMILY_NAMES, 8)]
    school, rooms = found(town, ("2", "3", "4", "5"), 2, 8, lasts=lasts)
    own = [Part(course) for course in ("READ", "MATH", "SCI_SS", "WRTG")]
    specials = [Part(course, by="special") for course in ("PHYSED", "ART", "MUS", "LIB", "LUN")]
    style = Home("{room}_GR{short}_{course}_{last}", section_number="{number}", number="{code}_{short}")
    hold_day(town, school, rooms, (*own, homeroom("HMRM"), *specials), style)
    return keep(("name", "contains", "_hmrm_"))


@habit("No names and no subjects, course numbers only: 10 and 20 are the class teacher's, 70 to 99 are not.")
def course_numbers_only(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4", "5"), 2, 8)
    own = [Part(code, is_class=True) for code in ("10", "20")]
    groups = [Part("30", by="partner", is_mixed=True)]
    specials = [Part(code, by="special") for code in ("70", "71", "75", "99")]
    style = Home(None, period="{slot}", number="{course}{short}0", section_number="{number}")
    hold_day(town, school, rooms, (*own, *groups, *specials), style)
    return keep(("course_number", "starts_with", "10"))


@habit("'K AM Khoury', 'K PM Khoury' and 'Gr 2 Lopez' are classes; a Ms. Grade teaches 'Choir 103 Grade'.")
def kindergarten_mornings(town: Town) -> SectionFilter:
    school, rooms = found(town, ("Kindergarten", "1", "2"), 2, 11)
    halves = {0: "AM", 1: "PM"}
    for room in rooms:
        named = f"K {halves[room.index]} {{last}}" if room.grade == "Kindergarten" else "Gr {short} {last}"
        hold_day(town, school, [room], [homeroom(style=Home(named))])
    choir = hire_worded(town, "Grade")
    for room in rooms:
        write(town, school, room.students, choir, f"Choir {100 + room.number} Grade", grade=room.grade)
    others = [Part(course, by="special") for course in ("Art", "Gym", "Library", "Lunch", "Recess")]
    hold_day(town, school, rooms, others, Home("{course} {room} {last}"))
    return keep_any(
        [("name", "starts_with", "K AM")], [("name", "starts_with", "K PM")], [("name", "starts_with", "Gr ")]
    )


@habit("A few students are taught all day in 'SDC 1-3', and are listed in a general homeroom besides.")
def special_day_class_besides(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3"), 2, 12)
    apart = [student for room in rooms for student in room.students[:2]]
    homes = hold_day(town, school, rooms, [homeroom(style=Home("Homeroom {short} {last}", period="HR"))])
    taught = [replace(room, students=room.students[2:]) for room in rooms]
    town.accept(homes, [student for room in taught for student in room.students])
    own = (Part("Reading", ELA), Part("Math", MATH), Part("Science"))
    style = Home("{course} {short} {last}", "{subject}", "{slot}")
    hold_day(town, school, taught, own, style)
    hold_day(town, school, rooms, (*SPECIALS, LUNCH), style)
    teacher = hire(town, "Featherstone")
    write(town, school, apart, teacher, "SDC 1-3 Featherstone", course="Special Day Class", is_class=True)
    for slot, course in enumerate(("Reading", "Math", "Life Skills"), 1):
        write(town, school, apart, teacher, f"SDC {course} Featherstone", period=str(slot))
    return keep_any(
        [("course_name", "is", "Special Day Class")],
        [("name", "contains", "homeroom")],
        strategy="first_match",
    )


@habit("'TRK A 3 Garcia' is a class, with the period 'ALL DAY'; 'TRK A 3 ART' and the like are no classes.")
def tracks_of_a_long_year(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4"), 2, 8)
    home = homeroom(style=Home("TRK {letter} {short} {last}", period="ALL DAY", section_number="{room}"))
    specials = [
        Part(course, by="special") for course in ("ART", "MUSIC", "PE", "LIBRARY", "COMPUTERS", "LUNCH")
    ]
    style = Home("TRK {letter} {short} {course}", period="{slot}", section_number="{room}")
    hold_day(town, school, rooms, (home, *specials), style)
    return keep(("period", "is", "all day"))
