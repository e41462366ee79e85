"""Elementary schools in lockstep without a word for homeroom: the class is the teacher's, or the grade's."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import Home
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.rooms import (
    CLEVER,
    CORE,
    CORE_CLASSES,
    LUNCH,
    SPECIALS,
    Part,
    Room,
    blank,
    found,
    hold_day,
    homeroom,
)
from tests.support.districts.habits.towns import Town
from worker.domain.roster.section_filter import SectionFilter

LOCKSTEP_ROOMS: Final = Habits(is_lockstep=True)
habit = LOCKSTEP_ROOMS.habit

BLANK: Final = blank((*SPECIALS, LUNCH))
NO_SPECIAL: Final = tuple(
    ("subject", "is_not", subject) for subject in ("arts and music", "PE and health", "other")
)


@habit("No homeroom: the class's teacher teaches reading, math and the rest, specialists teach the specials.")
def no_homeroom_at_all(town: Town) -> SectionFilter:
    school, rooms = found(town)
    hold_day(town, school, rooms, (*SPECIALS, LUNCH, *CORE_CLASSES))
    return keep(("subject", "is", "english/language arts"))


@habit("'Grade 3 - teacher' is the class; 'Art Grade 3', 'Library Grade 3' and 'Lunch Grade 3' are not.")
def art_grade_three(town: Town) -> SectionFilter:
    school, rooms = found(town)
    home = homeroom(style=Home("Grade {short} - {last}"))
    hold_day(town, school, rooms, (*BLANK, home), Home("{course} Grade {short} - {last}"))
    return keep(("name", "starts_with", "grade"))


@habit("'Garcia - 3' is the class; 'Art - 3', 'Music - 3', 'Gym - 3' and 'Lunch - 3' are not.")
def teacher_and_grade(town: Town) -> SectionFilter:
    school, rooms = found(town)
    parts = [Part(course, by="special") for course in ("Art", "Music", "Gym", "Lunch")]
    home = homeroom(style=Home("{last} - {short}"))
    hold_day(town, school, rooms, (*parts, home), Home("{course} - {short}"))
    return keep(*(("name", "not_contains", f"{word}-") for word in ("art", "music", "gym", "lunch")))


@habit("'Mrs. Lopez Gr 3' is the class; specials are 'Art Gr 3', and so on.")
def mrs_lopez_grade_three(town: Town) -> SectionFilter:
    school, rooms = found(town)
    home = homeroom(style=Home("{title} {last} Gr {short}"))
    hold_day(town, school, rooms, (*BLANK, home), Home("{course} Gr {short}"))
    return keep_any([("name", "starts_with", "mr")], [("name", "starts_with", "ms.")])


@habit(
    "'Third Grade Garcia' beside 'Third Grade Art': only the subject, blank for classes, tells them apart."
)
def third_grade_garcia(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4"))
    home = homeroom(style=Home("{worded} Grade {last}"))
    style = Home("{worded} Grade {course}", "{subject}")
    hold_day(town, school, rooms, (home, *SPECIALS, LUNCH), style)
    return keep(*NO_SPECIAL)


@habit("State course titles: 'GRADE THREE - teacher' is self-contained, specials are 'ELEM ART 3'.")
def self_contained_by_state_title(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4", "5"))
    style = Home(
        "{course} {short} - {last} - {number}", course="{course} {short}", number="50{slot}020{short}"
    )
    home = replace(style, name="GRADE {worded} - {last} - {number}", course="GRADE {worded}")
    parts = [Part(f"ELEM {word}", by="special") for word in ("ART", "MUSIC", "PE", "MEDIA")]
    hold_day(town, school, rooms, (*parts, homeroom("GRADE", style=home)), style)
    return keep(("name", "starts_with", "grade"))


@habit("'3 Peña-Muñoz Rm 104' is the class; specials have no room: '3 Art'.")
def room_in_the_name(town: Town) -> SectionFilter:
    school, rooms = found(town)
    home = homeroom(style=Home("{short} {last} Rm {room}"))
    hold_day(town, school, rooms, (*BLANK, home), Home("{short} {course}"))
    return keep(("name", "contains", "rm"))


@habit("Classes stay together for years: 'Class of 2036 - teacher'; their specials are '2036 Art'.")
def class_of(town: Town) -> SectionFilter:
    school, rooms = found(town)
    home = homeroom(style=Home("Class of {year} - {last}"))
    hold_day(town, school, rooms, (home, *BLANK), Home("{year} {course} - {last}"))
    return keep(("name", "starts_with", "class of"))


@habit("A charter of one school with two grades to a room: 'Grades 1/2 - teacher', and 'Art 1/2'.")
def two_grades_to_a_room(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3", "4", "5", "6"), 2, 7, "Willow Grove Charter School")
    shared = [
        Room(f"{low.grade}/{high.grade}", low.teacher, [*low.students, *high.students], low.index, number)
        for number, (low, high) in enumerate(
            ((rooms[start + index], rooms[start + 2 + index]) for start in (0, 4, 8) for index in (0, 1)), 1
        )
    ]
    home = homeroom(style=Home("Grades {short} - {last}", grade=None))
    hold_day(town, school, shared, (*BLANK, home), Home("{course} {short} - {last}", grade=None))
    return keep(("name", "starts_with", "grades"))


@habit("Montessori: 'Primary - teacher', 'Lower Elementary - teacher', 'Upper Elementary - teacher'.")
def montessori(town: Town) -> SectionFilter:
    school, rooms = found(town, ("Kindergarten", "1", "2", "3", "4", "5"), 2, 7, "Prairie Bend Montessori")
    levels = {
        "Primary": ("Kindergarten",),
        "Lower Elementary": ("1", "2", "3"),
        "Upper Elementary": ("4", "5"),
    }
    for level, grades in levels.items():
        some = [room for room in rooms if room.grade in grades]
        home = homeroom(style=Home(f"{level} - {{last}}", grade=None))
        short = level.replace("ementary", "")
        hold_day(town, school, some, (*BLANK, home), Home(f"{{course}} {short} - {{last}}", grade=None))
    return keep_any([("name", "starts_with", "primary")], [("name", "contains", "elementary")])


@habit("Mornings in English, afternoons in Spanish, each with a teacher of its own, and the same class.")
def dual_language(town: Town) -> SectionFilter:
    school, rooms = found(town, ("Kindergarten", "1", "2", "3"))
    style = Home("{course} {short}{letter} - {last}")
    parts = (Part("DL AM English", is_class=True), Part("DL PM Spanish", by="partner", is_class=True), *BLANK)
    hold_day(town, school, rooms, parts, style)
    return keep(("name", "contains", "english"))


@habit(
    "Kindergarten comes mornings or afternoons: 'AM Kindergarten', 'PM Kindergarten'; grades are 'Homeroom'."
)
def half_day_kindergarten(town: Town) -> SectionFilter:
    school, rooms = found(town, ("Kindergarten", "1", "2"), 2, 12)
    day = Home("{course} {short} - {last}")
    for half, room in zip(("AM", "PM"), rooms[:2], strict=True):
        home = homeroom(style=Home(f"{half} Kindergarten - {{last}}"))
        hold_day(town, school, [room], (*BLANK, home), replace(day, name=f"{half} {day.name}"))
    hold_day(town, school, rooms[2:], (homeroom(), *blank(CORE), *BLANK), day)
    return keep_any([("name", "contains", "kindergarten")], [("name", "contains", "homeroom")])


@habit("Preschool children are on the list and in no section that counts: a scope leaves them out.")
def preschool_without_classes(town: Town) -> SectionFilter:
    grades = ("PreKindergarten", "Kindergarten", "1", "2", "3")
    school, rooms = found(town, grades)
    hold_day(town, school, rooms[2:], (homeroom("Homeroom"), *CORE, *SPECIALS, LUNCH))
    speech = [student for room in rooms[:2] for student in room.students[::4]]
    town.section(school, speech, [rooms[0].teacher], name=f"Speech PK - {rooms[0].teacher.last}")
    return keep_any([("name", "contains", "homeroom")], grades=grades[1:])


@habit("Preschool has a word of its own: 'Pre-K Class - teacher'; the grades have 'Homeroom - teacher'.")
def preschool_by_its_own_word(town: Town) -> SectionFilter:
    school, rooms = found(town, ("PreKindergarten", "Kindergarten", "1", "2"))
    style = Home("{course} {short} - {last}")
    home = homeroom(style=Home("Pre-K Class - {last}"))
    hold_day(town, school, rooms[:2], (home, *BLANK[:3]), style)
    hold_day(town, school, rooms[2:], (homeroom(), *blank(CORE), *BLANK), style)
    return keep_any([("name", "contains", "pre-k class")], [("name", "contains", "homeroom")])


@habit("Upper grades change teachers, and nothing is called homeroom: the own teacher has each class first.")
def departmentalized_first_period(town: Town) -> SectionFilter:
    school, rooms = found(town, ("3", "4", "5"), 2, 10)
    changing = [replace(part, by="partner") for part in CORE[1:]]
    first = replace(CORE[0], is_class=True)
    hold_day(town, school, rooms, (first, *changing, *SPECIALS, LUNCH), CLEVER)
    return keep(("period", "is", "1"))
