"""Districts by a tester who knew them and not the search: several schools, or students who change rooms."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import ARTS, ELA, HOMEROOM, MATH, SCIENCE, SOCIAL
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.hours import (
    LASTS,
    MIDDLE_COURSES,
    UPPER_COURSES,
    Hour,
    core,
    divide,
    draw_lessons,
    hold_hours,
    open_school,
    own,
    put,
    special,
    specials,
)
from tests.support.districts.habits.rooms import hire
from tests.support.districts.habits.towns import ELEMENTARY, HIGH, MIDDLE, Town
from tests.support.districts.habits.writing import everybody
from worker.domain.roster.section_filter import SectionFilter

TIMETABLED_SCHOOLS: Final = Habits()
habit = TIMETABLED_SCHOOLS.habit


@habit("Course codes of a state: 'ELEM HMRM' to grade 5, 'M/J HMRM' above, in the period 00.")
def codes_of_a_state(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lessons = (("LANG ARTS", ELA), ("MATHEMATICS", MATH), ("SCIENCE", SCIENCE), ("SOC STUDIES", SOCIAL))
    hours = [Hour(f"{one} GRADE {{g}}", of, f"0{slot}") for slot, (one, of) in enumerate(lessons, 1)]
    homeroom = Hour("ELEM HMRM", HOMEROOM, "00", is_class=True, number="5000{g}")
    rest = specials("{course} GRADE {g}", periods=("05", "06", "07", "08"))
    hold_hours(town, school, rooms, (homeroom, *hours, *rest))
    middle = town.school(MIDDLE, 120, staff=0)
    courses = [(f"M/J {title}", subject) for title, subject in MIDDLE_COURSES]
    draw_lessons(town, middle, courses, ("01", "02", "03", "04", "05", "06"))
    divide(town, middle, Hour("M/J HMRM {g}", HOMEROOM, "00", is_class=True), size=20)
    return keep(("name", "contains", "hmrm"))


@habit(
    "'HR-3A' in elementary, 'HR 7-2' and 'HR 11-204' later; lunches have the same numbers, and no subject."
)
def homerooms_by_number(town: Town) -> SectionFilter:
    school, rooms = open_school(town)
    lessons = [own(f"{one} {{g}}-{{n}}") for one in ("ELA", "Math", "Science", "Soc St")]
    rest = [special(f"{one} {{g}}-{{n}}") for one in ("Art", "Music", "Health/PE", "World Lang", "Lunch")]
    hold_hours(town, school, rooms, (own("HR-{g}{letter}", is_class=True), *lessons, *rest))
    for grades, name in ((MIDDLE, "HR {g}-{n}"), (HIGH, "HR {g}-{room}")):
        upper = town.school(grades, 120, staff=0)
        draw_lessons(town, upper, UPPER_COURSES, "1234567", name=lambda title, _, __, n: f"{title}-{n}")
        divide(town, upper, own(name, is_class=True))
        divide(town, upper, own("Lunch {n}"), size=40)
    return keep(("name", "starts_with", "hr"))


@habit("Everybody has a crew, 'Crew 4' or 'Crew 10'; some upper students are in 'Stage Crew' as well.")
def crews_and_a_stage_crew(town: Town) -> SectionFilter:
    school, rooms = open_school(town, name="River Expeditionary School")
    home = Hour("Crew {g}", None, "C", is_class=True)
    rest = specials("{course} {g}", periods=("5", "6", "7", "8"))
    hold_hours(town, school, rooms, (home, *core("{course} {g}", "1234"), *rest))
    upper = town.school(HIGH, 120, "River Expeditionary High", staff=0)
    draw_lessons(town, upper, UPPER_COURSES, "1234567")
    divide(town, upper, home, size=13)
    actors = town.rng.sample([one for some in upper.students.values() for one in some], 30)
    teacher = hire(town, "Foster")
    for some in (actors[:15], actors[15:]):
        put(town, upper, some, teacher, Hour("Stage Crew", ARTS, "7", has_grade=False), "9")
    return keep(("name", "starts_with", "crew"))


@habit("Special day classes, 'SDC Mild/Mod K-2' and 'SDC Mod/Severe 3-5', in place of 'Homeroom Gr 3'.")
def special_day_classes(town: Town) -> SectionFilter:
    for _ in range(2):
        school, rooms = open_school(town, size=18)
        general = [replace(room, students=room.students[2:]) for room in rooms]
        homeroom = Hour("Homeroom Gr {g}", is_class=True)
        hold_hours(town, school, general, (homeroom, *core("{course} Gr {g}")))
        hold_hours(town, school, rooms, specials("{course} Gr {g}"))
        for level, some in (("Mild/Mod K-2", rooms[:6]), ("Mod/Severe 3-5", rooms[6:])):
            students = [student for room in some for student in room.students[:2]]
            titles = (f"SDC {level}", "Adapted PE", "Speech Therapy", "OT")
            for title in titles:
                hour = Hour(title, is_class=title.startswith("SDC"), has_grade=False)
                put(town, school, students, hire(town, town.rng.choice(LASTS)), hour, "1")
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "sdc")])


@habit("Homeroom is a part of the second period, which is written '2HR'; the others are numbers.")
def homeroom_in_second_period(town: Town) -> SectionFilter:
    for _ in range(2):
        school = town.school(HIGH, 160, staff=0)
        opened = draw_lessons(town, school, UPPER_COURSES, ("1", "2HR", "3", "4", "5", "6", "7"), free=0)
        town.accept(opened["2HR"])
    return keep(("period", "is", "2HR"))


@habit("Each school has a word of its own: Homeroom, Attendance, Panther Time, and Seminar.")
def a_word_for_each_school(town: Town) -> SectionFilter:
    for word in ("Homeroom", "Attendance"):
        school, rooms = open_school(town)
        home = Hour(f"{word} - Gr {{g}}", None, "1", is_class=True)
        lessons = core("{course} - Gr {g}", "2345")
        hold_hours(town, school, rooms, (home, *lessons, *specials("{course} - Gr {g}", periods="6789")))
    middle, high = (town.school(grades, 120, staff=0) for grades in (MIDDLE, HIGH))
    draw_lessons(town, middle, MIDDLE_COURSES, "123456")
    divide(town, middle, Hour("Panther Time {g}", None, "7", is_class=True))
    draw_lessons(town, high, UPPER_COURSES, "1234567")
    divide(town, high, Hour("{worded} Seminar", HOMEROOM, "8", is_class=True))
    words = ("homeroom", "attendance", "panther time", "seminar")
    return keep_any(*([("name", "contains", word)] for word in words))


@habit(
    "One building for all grades, ten students each: 'First Grade' is a class, from grade 7 on 'Homeroom 9'."
)
def one_rural_building(town: Town) -> SectionFilter:
    school, rooms = open_school(town, (*ELEMENTARY, "6"), 1, 10, "Prairie Valley School")
    lessons = [Hour(f"{one} {{g}}") for one in ("Reading", "Math", "Science", "Spelling")]
    hold_hours(town, school, rooms[:1], [Hour("Kindergarten", is_class=True)])
    hold_hours(town, school, rooms[1:], [Hour("{worded} Grade", is_class=True)])
    hold_hours(town, school, rooms, lessons)
    for course in ("Music", "PE", "Art"):
        teacher = hire(town, town.rng.choice(LASTS))
        for span, some in (("K-2", rooms[:3]), ("3-4", rooms[3:5]), ("5-6", rooms[5:])):
            put(town, school, everybody(some), teacher, Hour(f"{course} {span}", has_grade=False), "1")
    upper = ("7", "8", *HIGH)
    for grade in upper:
        school.students[grade] = [town.student(school.id, grade) for _ in range(10)]
    draw_lessons(town, school, [(title, "") for title, _ in UPPER_COURSES[:6]], "123456", grades=upper)
    divide(town, school, Hour("Homeroom {g}", is_class=True), size=10, grades=upper)
    return keep_any(
        [("name", "contains", "homeroom")],
        [("name", "contains", "grade")],
        [("name", "starts_with", "kindergarten")],
    )


@habit(
    "Thirty-six students in 'Lower Room' and 'Upper Room', with subjects by grade and the same two teachers."
)
def two_rooms(town: Town) -> SectionFilter:
    grades = (*ELEMENTARY, *MIDDLE)
    school = town.school(grades, 36, "Divide Creek School", staff=0)
    for name, some in (("Lower Room", grades[:4]), ("Upper Room", grades[4:])):
        teacher = hire(town, town.rng.choice(LASTS))
        students = [student for grade in some for student in school.students[grade]]
        put(town, school, students, teacher, replace(own(name, is_class=True), has_grade=False), "1")
        for grade in some:
            for lesson in ("Math", "Reading", "Language", "Science", "Social Studies"):
                put(town, school, school.students[grade], teacher, own(f"{lesson} {{g}}"), grade)
    return keep(("name", "contains", "room"))


@habit(
    "Sections are called after their teachers alone; the class is in period HR at one school, 00 at another."
)
def told_by_periods(town: Town) -> SectionFilter:
    for period in ("HR", "00"):
        school, rooms = open_school(town)
        home = replace(own("{last}, {first}", is_class=True), period=period)
        lessons = [replace(own("{last}, {first}"), period=f"0{slot}") for slot in range(1, 5)]
        rest = [replace(special("{last}, {first}"), period=f"0{slot}") for slot in range(5, 8)]
        hold_hours(town, school, rooms, (home, *lessons, *rest))
    return keep(("period", "one_of", ["HR", "00"]))


@habit(
    "'ADA 03' is for attendance to grade 5, 'ADVISORY 06' above, both in period 02; 'CONDUCT 03' is a line."
)
def ada_and_advisory(town: Town) -> SectionFilter:
    for language in ("SLAR {gg} BIL", "ELAR {gg}"):
        school, rooms = open_school(town)
        lessons = (("MATH {gg}", MATH), ("SCI {gg}", SCIENCE), ("SOCST {gg}", SOCIAL))
        hours = (
            Hour("ADA {gg}", None, "02", is_class=True, number="0{gg}ADA"),
            Hour(language, ELA, "01"),
            *(Hour(title, of, f"0{slot}") for slot, (title, of) in enumerate(lessons, 3)),
            *specials("{course} {gg}", ("PE", "Music", "Art"), ("06", "07", "08")),
            Hour("CONDUCT {gg}", None, "09"),
        )
        hold_hours(town, school, rooms, hours)
    middle = town.school(MIDDLE, 120, staff=0)
    draw_lessons(town, middle, MIDDLE_COURSES, ("01", "03", "04", "05", "06", "07"))
    divide(town, middle, Hour("ADVISORY {gg}", None, "02", is_class=True))
    return keep_any([("name", "starts_with", "ada")], [("name", "contains", "advisory")])


@habit("'PAWS 7' in period HR is the class; 'WIN 7' is divided again every day, and lunch is of 34.")
def paws_and_win(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 180, staff=0)
    draw_lessons(town, school, MIDDLE_COURSES, "123456")
    divide(town, school, Hour("PAWS {g}", None, "HR", is_class=True))
    divide(town, school, Hour("WIN {g}", "interventions/online learning", "WIN"))
    divide(town, school, Hour("Lunch {g}", None, "L"), size=34)
    return keep(("period", "is", "HR"))


@habit("'ADV 7' on three days, 'SSR' on the other two with the same students and teacher.")
def advisory_and_silent_reading(town: Town) -> SectionFilter:
    school = town.school(MIDDLE, 150, staff=0)
    periods = [f"{number}(M-F)" for number in range(1, 7)]
    draw_lessons(town, school, MIDDLE_COURSES, periods)
    made = divide(town, school, Hour("ADV {g}", None, "0(M,W,F)", is_class=True))
    for section in town.sections(made):
        ssr = town.section(school, section["students"], [], name="SSR", period="0(T,R)")
        town.sections([ssr])[0]["teachers"] = section["teachers"]
        town.accept([ssr])
    return keep(("name", "contains", "adv"))


@habit("'Homeroom 10' in period 8; seniors have 'Senior Advisement' there, some 'CTE Mentor Group'.")
def seniors_and_mentors(town: Town) -> SectionFilter:
    school = town.school(HIGH, 200, staff=0)
    draw_lessons(town, school, UPPER_COURSES, "1234567")
    apprentices = [one for grade in ("10", "11") for one in town.rng.sample(school.students[grade], 10)]
    homeroom = Hour("Homeroom {g}", None, "8", is_class=True)
    divide(town, school, homeroom, grades=HIGH[:3], without=apprentices)
    divide(town, school, replace(homeroom, course="Senior Advisement"), grades=("12",), size=18)
    teacher, mentored = hire(town, "Brooks"), replace(homeroom, course="CTE Mentor Group", has_grade=False)
    for some in (apprentices[:10], apprentices[10:]):
        put(town, school, some, teacher, mentored, "10")
    words = ("homeroom", "advisement", "mentor group")
    return keep_any(*([("name", "contains", word)] for word in words))


@habit("'Form 7B' is the class in grades 6 to 12; everybody has a 'Tutorial' as well, for help.")
def forms_and_tutorials(town: Town) -> SectionFilter:
    school = town.school((*MIDDLE, *HIGH), 210, "Meridian World School", staff=0)
    courses = [(f"MYP {title}", subject) for title, subject in UPPER_COURSES[:6]]
    draw_lessons(town, school, courses, "123456")
    divide(town, school, Hour("Form {g}{letter}", None, "F", is_class=True))
    divide(town, school, Hour("Tutorial {g}", None, "T"), size=20)
    return keep(("name", "starts_with", "form"))
