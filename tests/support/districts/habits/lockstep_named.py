"""Elementary schools in lockstep where a word in the name tells the homeroom from the other subjects."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import HOMEROOM, Home
from tests.support.districts.habits.habit import Habits, keep
from tests.support.districts.habits.rooms import (
    CLEVER,
    CORE,
    LUNCH,
    PLAIN,
    SPECIALS,
    Part,
    blank,
    found,
    hold_day,
    homeroom,
    leave,
)
from tests.support.districts.habits.towns import Town
from worker.domain.roster.section_filter import SectionFilter

LOCKSTEP_NAMED: Final = Habits(is_lockstep=True)
habit = LOCKSTEP_NAMED.habit

DAY: Final = (*CORE, *SPECIALS, LUNCH)
BLANK_DAY: Final = blank(DAY)


@habit("All of a class's subjects are shared, named by Clever; 'Homeroom 3 - teacher - 1' is one of them.")
def homeroom_among_all_subjects(town: Town) -> SectionFilter:
    school, rooms = found(town)
    hold_day(town, school, rooms, (homeroom(subject="other"), *DAY))
    return keep(("name", "contains", "homeroom"))


@habit("'HR 3A', and the specials are booked by it: 'HR Library 3A', 'HR Music 3A', 'HR Art 3A', 'HR PE 3A'.")
def hr_library(town: Town) -> SectionFilter:
    school, rooms = found(town)
    booked = Home("HR {course} {short}{letter}")
    specials = [
        Part(course, by="special", style=booked) for course in ("Library", "Music", "Art", "PE", "Lunch")
    ]
    home = homeroom(style=Home("HR {short}{letter}"))
    hold_day(town, school, rooms, (home, *specials, *blank(CORE)), PLAIN)
    return keep(
        ("name", "starts_with", "hr"),
        *(("name", "not_contains", f"hr{word}") for word in ("library", "music", "art", "pe", "lunch")),
    )


@habit("Attendance is a course of its own, over the hours H1-H7: 'Elementary Attendance - teacher'.")
def elementary_attendance(town: Town) -> SectionFilter:
    school, rooms = found(town)
    roll = Home("{course} - {last}", period="H1-H7", course="{course}", number="009000")
    day = replace(CLEVER, name="{course} {short} - {last}", period="ACT", number="{short}02000")
    hold_day(town, school, rooms, (homeroom("Elementary Attendance", style=roll), *BLANK_DAY), day)
    return keep(("name", "contains", "attendance"))


@habit("Three letters begin each name: 'ATT 3 teacher' beside 'MTH 3', 'RDG 3', 'ART 3', 'MUS 3', 'PED 3'.")
def att_among_codes(town: Town) -> SectionFilter:
    school, rooms = found(town)
    parts = [Part(code) for code in ("MTH", "RDG", "SCI", "SST")]
    parts += [Part(code, by="special") for code in ("ART", "MUS", "PED", "LIB")]
    hold_day(town, school, rooms, (homeroom("ATT"), *parts), Home("{course} {short} {last}"))
    return keep(("name", "starts_with", "att"))


SPANISH: Final = (
    *(Part(course) for course in ("Lectura", "Matemáticas", "Ciencias", "Estudios Sociales")),
    *(Part(course, by="special") for course in ("Arte", "Música", "Educación Física", "Biblioteca")),
    Part("Almuerzo", by="special"),
)


@habit("In Spanish: 'Registro 3-1' beside 'Lectura 3-1', 'Educación Física 3-1', 'Almuerzo 3-1'.")
def registro_among_spanish_subjects(town: Town) -> SectionFilter:
    school, rooms = found(town, name="Escuela Cedar Ridge")
    style = Home("{course} {short}-{number} {last}")
    hold_day(town, school, rooms, (homeroom("Registro"), *SPANISH), style)
    return keep(("name", "contains", "registro"))


@habit("In Spanish: 'Tutoría - 3A - teacher' in a school to grade 8, where everybody has 'Arte' as well.")
def tutoria(town: Town) -> SectionFilter:
    school, rooms = found(town, ("3", "4", "5", "6", "7", "8"), name="Academia Maple Hollow")
    style = Home("{course} - {short}{letter} - {last}")
    hold_day(town, school, rooms, (*SPANISH, homeroom("Tutoría")), style)
    return keep(("name", "contains", "tutoría"))


@habit("'HR-4B' beside 'PE-4B', 'ELA-4B', 'MUS-4B', 'CHORUS-4B'.")
def hr_hyphen(town: Town) -> SectionFilter:
    school, rooms = found(town)
    parts = [Part(code) for code in ("ELA", "MATH", "SCI")]
    parts += [Part(code, by="special") for code in ("PE", "MUS", "CHORUS", "LIB")]
    hold_day(town, school, rooms, (homeroom("HR"), *parts), Home("{course}-{short}{letter}"))
    return keep(("name", "starts_with", "hr-"))


@habit("Morning meeting, recess, lunch and dismissal are all filed as homeroom/advisory; the first is it.")
def morning_meeting(town: Town) -> SectionFilter:
    school, rooms = found(town)
    others = [Part(course, HOMEROOM, "special") for course in ("Recess", "Lunch", "Dismissal")]
    meeting = homeroom("Morning Meeting", HOMEROOM)
    hold_day(town, school, rooms, (meeting, *CORE, *SPECIALS, *others))
    return keep(("name", "contains", "morning meeting"))


@habit("WIN regroups every grade by level, and includes everybody; the class is '3 HR - teacher'.")
def win_beside_hr(town: Town) -> SectionFilter:
    school, rooms = found(town)
    win = Part("WIN", "interventions/online learning", is_mixed=True)
    hold_day(
        town,
        school,
        rooms,
        (win, homeroom(style=Home("{short} HR - {last}", "other")), *DAY),
        Home("{short} {course} - {last}", "{subject}"),
    )
    return keep(("name", "contains", "hr-"))


@habit("Homerooms are named for the teachers of August; two have left, and two substitutes teach each.")
def departed_and_substitutes(town: Town) -> SectionFilter:
    school, rooms = found(town)
    hold_day(town, school, rooms, (homeroom(), *BLANK_DAY), PLAIN)
    leave(town, [rooms[2].teacher, rooms[7].teacher], [rooms[0].teacher, rooms[4].teacher])
    return keep(("name", "contains", "homeroom"))


@habit("A charter's homerooms are named for colleges: 'HR Spelman' beside 'Math Spelman', 'Art Spelman'.")
def named_for_colleges(town: Town) -> SectionFilter:
    school, rooms = found(town, ("1", "2", "3"), 3, 10, "Stone Bridge Preparatory Charter School")
    hold_day(town, school, rooms, (homeroom("HR"), *BLANK_DAY), Home("{course} {college} - {last}"))
    return keep(("name", "starts_with", "hr"))


@habit("A virtual academy: 'VA Homeroom Gr 3', 'VA Orientation Gr 3' and 'VA Live Math Gr 3' for everybody.")
def virtual_academy(town: Town) -> SectionFilter:
    school, rooms = found(town, name="Silver Creek Virtual Academy")
    parts = [Part(f"VA {course}") for course in ("Live Math", "Live Reading")]
    parts += [Part(f"VA {course}", by="special") for course in ("Orientation", "PE", "Art", "Help Desk")]
    hold_day(town, school, rooms, (homeroom("VA Homeroom"), *parts), Home("{course} Gr {short} ({last})"))
    return keep(("name", "contains", "homeroom"))


@habit("Grades 4 and 5 change teachers for each subject; everybody begins in 'HMRM 4 - teacher'.")
def departmentalized_with_homeroom(town: Town) -> SectionFilter:
    school, rooms = found(town, ("3", "4", "5"), 3)
    shared = [replace(part, by="partner") for part in CORE]
    for grades, parts in ((("3",), CORE), (("4", "5"), shared)):
        some = [room for room in rooms if room.grade in grades]
        hold_day(town, school, some, (homeroom("HMRM"), *parts, *SPECIALS))
    return keep(("name", "contains", "hmrm"))


@habit("A few have resource, speech and ESL pull-outs too; everybody has 'Homeroom 3-1' and all the rest.")
def pull_outs_beside_homeroom(town: Town) -> SectionFilter:
    school, rooms = found(town)
    hold_day(town, school, rooms, (*BLANK_DAY, homeroom()), Home("{course} {short}-{number} {last}"))
    for start, name in enumerate(("Resource Room ELA", "Resource Room Math", "Speech", "ESL Pull-Out")):
        pulled = [student for room in rooms[start::3] for student in room.students[:2]]
        town.section(school, pulled, [rooms[start].teacher], name=f"{name} - {rooms[start].teacher.last}")
    return keep(("name", "contains", "homeroom"))
