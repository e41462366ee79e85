"""Elementary schools by a tester who knew districts and not the search: classes that stay together."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import ARTS, ELA, HOMEROOM, MATH, PE, SCIENCE, SOCIAL
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.hours import (
    OTHER,
    Hour,
    core,
    divide,
    hold_hours,
    open_school,
    own,
    pull_out,
    special,
    specials,
)
from tests.support.districts.habits.towns import Town
from worker.domain.roster.section_filter import SectionFilter

TIMETABLED_ROOMS: Final = Habits(is_lockstep=True)
habit = TIMETABLED_ROOMS.habit


@habit(
    "'Attendance Grade 3' in the period HR(A-E) beside 'Behavior Grade 3' and lessons in 1(A-E) and so on."
)
def attendance_in_its_own_period(town: Town) -> SectionFilter:
    for _ in range(2):
        school, rooms = open_school(town)
        attendance = Hour("Attendance Grade {g}", None, "HR(A-E)", is_class=True, number="ATT{g}")
        lessons = core("{course} Grade {g}", ("1(A-E)", "2(A-E)", "3(A-E)", "4(A-E)"))
        rest = specials("{course} Grade {g}", periods=("5(A)", "5(B)", "5(C)", "5(D)"))
        behavior = Hour("Behavior Grade {g}", None, "6(A-E)")
        hold_hours(town, school, rooms, (attendance, *lessons, *rest, behavior))
        pull_out(town, school, rooms, ("Title I Reading", "Speech/Language"))
    return keep(("name", "contains", "attendance"))


@habit("Attendance is taken twice: 'AM Attendance 3' and 'PM Attendance 3', with the same students.")
def attendance_twice_a_day(town: Town) -> SectionFilter:
    school, rooms = open_school(town, rooms=3)
    twice = [Hour(f"{half} Attendance {{g}}", None, half, is_class=True) for half in ("AM", "PM")]
    lessons = core("{course} {g}", has_subjects=False, number="0{g}10")
    hold_hours(town, school, rooms, (*twice, *lessons, *specials("{course} {g}", has_subjects=False)))
    return keep(("name", "contains", "am attendance"))


@habit(
    "'04 DAILY ATTN' beside '04 MATHEMATICS' and '04 CITIZENSHIP', all in period 1, none with a subject.",
    0.97,
)
def daily_attn(town: Town) -> SectionFilter:
    school, rooms = open_school(town, rooms=3)
    attendance = Hour("{gg} DAILY ATTN", None, "1", is_class=True, number="{gg}ATTN")
    own_lessons = ("MATHEMATICS", "READING", "WRITING", "SCIENCE", "CITIZENSHIP", "SOC STUDIES")
    lessons = [Hour(f"{{gg}} {one}", None, "1", number=f"{{gg}}{one[:3]}") for one in own_lessons]
    rest = [Hour(f"{{gg}} {one}", None, "1", "special") for one in ("ART", "MUSIC", "PHYS ED")]
    hold_hours(town, school, rooms, (attendance, *lessons, *rest))
    town.disturb(0.01)
    return keep(("name", "contains", "attn"))


@habit("'ATTND 3' beside 'CONDUCT 3', 'LIFE SKILLS 3' and lessons with subjects; no periods.")
def attnd_beside_conduct(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lines = [Hour(f"{line} {{g}}") for line in ("CONDUCT", "LIFE SKILLS", "WORK HABITS")]
    attendance = Hour("ATTND {g}", is_class=True)
    hold_hours(town, school, rooms, (*lines, attendance, *core("{course} {g}"), *specials("{course} {g}")))
    return keep(("name", "contains", "attnd"))


@habit(
    "Only what is on report cards: 'Reading Gr 3', 'Work Habits & Behavior Gr 3'; grade 5 changes teachers."
)
def report_cards_only(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    line = Hour("Work Habits & Behavior Gr {g}", is_class=True)
    lessons = [replace(lesson, is_class=True) for lesson in core("{course} Gr {g}")]
    changing = [replace(lesson, by="partner", is_class=False) for lesson in lessons[1:]]
    rest = specials("{course} Gr {g}")
    hold_hours(town, school, rooms[:10], (line, *lessons, *rest))
    hold_hours(town, school, rooms[10:], (line, lessons[0], *changing, *rest))
    return keep(("name", "contains", "reading"))


@habit("Spanish immersion: 'Primer Grado', 'Segundo Grado' and 'Kínder' are classes, 'Escritura 1' a lesson.")
def primer_grado(town: Town) -> SectionFilter:
    school, rooms = open_school(town, name="Academia Luz del Valle")
    titles = ("Kínder", *(f"{one} Grado" for one in ("Primer", "Segundo", "Tercer", "Cuarto", "Quinto")))
    for title, first in zip(titles, range(0, len(rooms), 2), strict=True):
        hold_hours(town, school, rooms[first : first + 2], [Hour(title, is_class=True)])
    lessons = [Hour(f"{one} {{g}}") for one in ("Lectura", "Escritura", "Matemáticas", "Ciencias")]
    rest = ("Arte", "Música", "Educación Física", "Biblioteca")
    hold_hours(town, school, rooms, (*lessons, *(Hour(f"{one} {{g}}", by="special") for one in rest)))
    return keep_any([("name", "contains", "grado")], [("name", "starts_with", "kínder")])


@habit("Typed by hand: 'Hmrm 3', 'Home Rm 3', 'H/R 3', 'Home Room 3', 'HOMEROOM-3'; no other field.")
def typed_by_hand(town: Town) -> SectionFilter:
    forms = (("Homeroom {g}", "HOMEROOM-{g}"), ("Hmrm {g}", "Home Rm {g}"), ("H/R {g}", "Home Room {g}"))
    for two in forms:
        school, rooms = open_school(town, size=10)
        for form, some in zip(two, (rooms[::2], rooms[1::2]), strict=True):
            hold_hours(town, school, some, [own(form + " {last}", is_class=True)])
        lessons = [own(f"{one} {{g}} {{last}}") for one in ("Rdg", "Math", "Sci", "Soc St", "Writ")]
        rest = [special(f"{one} {{g}} {{last}}") for one in ("Art", "Mus", "P.E.", "Libr")]
        hold_hours(town, school, rooms, (*lessons, *rest))
    words = ("homeroom", "hmrm", "home rm", "h/r", "home room")
    return keep_any(*([("name", "starts_with", word)] for word in words))


@habit("Every section begins 'POD 4A'; 'POD 4A Morning Meeting' is the class.")
def pods_meet_in_the_morning(town: Town) -> SectionFilter:
    school, rooms = open_school(town, rooms=3)
    lessons = [own(f"POD {{g}}{{letter}} {one}") for one in ("Literacy", "Math", "Inquiry", "Writing")]
    rest = [special(f"POD {{g}}{{letter}} {one}") for one in ("Art", "Movement", "Spanish", "Lunch")]
    meeting = own("POD {g}{letter} Morning Meeting", is_class=True)
    hold_hours(town, school, rooms, (meeting, *lessons, *rest))
    return keep(("name", "contains", "morning meeting"))


@habit("Classes have a number and no course, '3-301'; lessons are 'Math 3-301', and have subjects.")
def bare_numbers(town: Town) -> SectionFilter:
    school, rooms = open_school(town, name="P.S. 88")
    number = "{g}-{g}0{n}"
    lessons = (("ELA", ELA), ("Math", MATH), ("Science", SCIENCE), ("SS", SOCIAL), ("Lunch", OTHER))
    rest = (("Art", ARTS), ("Gym", PE), ("Music", ARTS))
    hold_hours(town, school, rooms, [own(number, is_class=True)])
    hold_hours(town, school, rooms, [replace(own(f"{one} {number}"), subject=of) for one, of in lessons])
    hold_hours(town, school, rooms, [replace(special(f"{one} {number}"), subject=of) for one, of in rest])
    subjects = (ELA, MATH, SCIENCE, SOCIAL, ARTS, PE, OTHER)
    return keep(*(("subject", "is_not", subject) for subject in subjects))


@habit("'Homeroom Lunch 3' is lunch with a monitor; the class is 'Grade 3 - teacher', lessons 'Math - 3'.")
def homeroom_lunch(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lunch = Hour("Homeroom Lunch {g}", OTHER, by="special")
    hours = (Hour("Grade {g}", is_class=True), *core("{course} - {g}"), *specials("{course} - {g}"), lunch)
    hold_hours(town, school, rooms, hours)
    return keep(("name", "starts_with", "grade"))


@habit(
    "Two teachers swap: 'HR 4-Wilson' is the class, 'AM Block 4' the own teacher's, 'PM Block 4' the other's."
)
def blocks_swap(town: Town) -> SectionFilter:
    school, rooms = open_school(town, ("3", "4", "5"), 4)
    hours = (
        replace(own("HR {g}-{last}", is_class=True), subject=HOMEROOM),
        Hour("AM Block Math/Sci {g}", MATH),
        Hour("PM Block ELA/SS {g}", ELA, by="partner"),
        Hour("Flex RTI {g}", HOMEROOM, by="partner"),
        *specials("{course} {g}"),
        Hour("Homeroom Library {g}", OTHER, by="special"),
    )
    hold_hours(town, school, rooms, hours)
    return keep(("name", "starts_with", "hr"))


@habit("'Arrival/Attendance 3' is the class, and 'Dismissal 3'; lessons are divided again across the grade.")
def arrival_and_dismissal(town: Town) -> SectionFilter:
    school, rooms = open_school(town, rooms=3)
    arrival = [Hour(f"{one} {{g}}", is_class=True) for one in ("Arrival/Attendance", "Dismissal")]
    hold_hours(town, school, rooms, (*arrival, *specials("{course} {g}")))
    for lesson in core("{course} {g}"):
        divide(town, school, lesson, size=12)
    return keep(("name", "contains", "arrival"))


@habit(
    "'Gr 3 - Wilson' is the class, 'Gr 3 Math - Wilson' a lesson; 'Wolf Pack 4' has students of all grades."
)
def wolf_packs(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lessons = [own(f"Gr {{g}} {one} - {{last}}") for one in ("Math", "Literacy", "Science")]
    rest = [special(f"Gr {{g}} {one} - {{last}}") for one in ("Art", "Music", "PE")]
    hold_hours(town, school, rooms, (own("Gr {g} - {last}", is_class=True), *lessons, *rest))
    divide(town, school, own("Wolf Pack {n} - {last}"), size=12, is_mixed=True)
    left_out = ("math -", "literacy -", "science -", "art -", "music -", "pe -", "wolf")
    return keep(*(("name", "not_contains", word) for word in left_out))
