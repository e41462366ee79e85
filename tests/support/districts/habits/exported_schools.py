"""Districts with middle and high schools as their student information systems export them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import (
    ARTS,
    ELA,
    HOMEROOM,
    MATH,
    SOCIAL,
    UPPER,
    Home,
    groups,
    hold_homerooms,
    hold_lessons,
    upper,
)
from tests.support.districts.habits.habit import Habits, keep, keep_any
from tests.support.districts.habits.names import FAMILY_NAMES
from tests.support.districts.habits.rooms import CORE, LUNCH, SPECIALS, found, hire, hold_day, homeroom
from tests.support.districts.habits.towns import HIGH, MIDDLE, School, Town
from tests.support.districts.habits.writing import write
from worker.domain.roster.records import RecordKind
from worker.domain.roster.section_filter import SectionFilter

EXPORTED_SCHOOLS: Final = Habits()
habit = EXPORTED_SCHOOLS.habit

PLAIN_DAY: Final = upper(name="{course} - {last}")
COLLEGE: Final = (
    (("ENGL 1301", ELA), ("ENGL 2322", ELA)),
    (("MATH 1314", MATH), ("MATH 1342", MATH)),
    (("HIST 1301", SOCIAL), ("GOVT 2305", SOCIAL)),
)


def _school(town: Town, grades: tuple[str, ...], size: int, name: str | None = None) -> School:
    school = town.school(grades, size, name, staff=0)
    school.staff = [hire(town, last) for last in town.rng.sample(FAMILY_NAMES, 12)]
    return school


def _all(school: School, *grades: str) -> list[str]:
    return [student for grade in grades or school.grades for student in school.students[grade]]


def _write(
    town: Town, school: School, students: list[str], form: str, *, is_class: bool = False, **fields: str
) -> None:
    """Open a section with one of the school's teachers, whose name the form may hold."""
    teacher = town.rng.choice(school.staff)
    write(town, school, students, teacher, form.format(last=teacher.last), is_class=is_class, **fields)


def _withdraw(town: Town, students: list[str]) -> None:
    """Take students out of every section."""
    for record in town.records.values():
        if "students" in record:
            record["students"] = [student for student in record["students"] if student not in students]


@habit("Plain: four blocks a semester, other courses in spring, and 'Homeroom 10 - teacher' all year.")
def four_blocks(town: Town) -> SectionFilter:
    school, year = _school(town, HIGH, 200), town.today.year
    fall = town.term("S1", town.today.replace(month=8, day=12), town.today.replace(month=12, day=18))
    ends = town.today.replace(year=year + 1, month=6, day=4)
    spring = town.term("S2", town.today.replace(year=year + 1, month=1, day=5), ends)
    for term, timetable in ((fall, UPPER[:4]), (spring, UPPER[2:])):
        hold_lessons(town, school, replace(PLAIN_DAY, timetable=timetable, term=term))
    term = town.term("Year", town.today.replace(month=8, day=12), ends)
    hold_homerooms(town, school, Home("Homeroom {short} - {last} - HR", HOMEROOM, "HR", term=term))
    return keep(("name", "contains", "homeroom"))


@habit("Plain: homeroom to grade 5, advisory above, and a few who are all day in 'Life Skills'.")
def plain_district(town: Town) -> SectionFilter:
    school, rooms = found(town, size=10)
    hold_day(town, school, rooms, (homeroom(subject=HOMEROOM), *CORE, *SPECIALS, LUNCH))
    for grades in (MIDDLE, HIGH):
        upper_school = _school(town, grades, 120)
        few = [upper_school.students[grade][0] for grade in grades]
        hold_lessons(town, upper_school, PLAIN_DAY)
        _withdraw(town, few)
        home = Home("Advisory {short} - {last} - ADV", HOMEROOM, "ADV")
        hold_homerooms(town, upper_school, home, without=few)
        _write(town, upper_school, few, "Life Skills - {last} - 1", is_class=True, period="1")
    words = ("homeroom", "advisory", "life skills")
    return keep_any(*([("name", "contains", word)] for word in words))


@habit(
    "Advisories stay together for four years: 'Class of 2029 Advisory 4'; each class has meetings as well."
)
def advisories_of_cohorts(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 200)
    hold_lessons(town, school, PLAIN_DAY)
    for grade, year in zip(HIGH, (2030, 2029, 2028, 2027), strict=True):
        home = Home(f"Class of {year} Advisory {{number}} - {{last}}", "other", size=17)
        hold_homerooms(town, school, home, [grade])
        name = f"Class of {year} Meeting - {{last}}"
        _write(town, school, school.students[grade], name, subject="other", grade=grade)
    return keep(("name", "contains", "advisory"))


@habit(
    "Houses of all grades: their advisories are 'Amistad 2 - teacher' in the period ADV; houses meet, too."
)
def advisories_of_houses(town: Town) -> SectionFilter:
    school = _school(town, MIDDLE, 168)
    hold_lessons(town, school, PLAIN_DAY)
    students = town.rng.sample(_all(school), 168)
    houses = ("Amistad", "Isibindi", "Altruismo", "Reveur")
    for house, members in zip(houses, groups(students, 42), strict=True):
        _write(town, school, list(members), f"{house} House Meeting - {{last}}", period="FRI")
        for number, group in enumerate(groups(members, 14), 1):
            name = f"{house} {number} - {{last}}"
            _write(town, school, list(group), name, is_class=True, period="ADV")
    return keep(("period", "is", "ADV"))


@habit(
    "Junior and senior high in a building: 'JH Homeroom 7', 'SH Advisory 10', and 'JH' or 'SH' everywhere."
)
def junior_senior_high(town: Town) -> SectionFilter:
    school = _school(town, ("7", "8", *HIGH), 180, "Silver Creek Junior-Senior High School")
    for level, word, grades in (("JH", "Homeroom", ("7", "8")), ("SH", "Advisory", HIGH)):
        hold_lessons(town, school, upper(name=f"{level} {{course}} - {{last}} - {{period}}"), grades)
        hold_homerooms(town, school, Home(f"{level} {word} {{short}} - {{last}}", size=16), grades)
    advanced = school.students["8"][:12] + school.students["9"][:8]
    _write(town, school, advanced, "SH Marching Band - {last} - 0", subject=ARTS, period="0")
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "advisory")])


@habit("An early college: 'Advisory 9' below; above, college courses and 'College Seminar 11 - teacher'.")
def early_college(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 180, "Prairie Bend Early College High School")
    hold_lessons(town, school, PLAIN_DAY, HIGH[:2])
    hold_homerooms(town, school, Home("Advisory {short} - {last}", size=16), HIGH[:2])
    hold_lessons(town, school, replace(PLAIN_DAY, timetable=COLLEGE, leave=0.2), HIGH[2:])
    hold_homerooms(town, school, Home("College Seminar {short} - {last}", size=16), HIGH[2:])
    return keep_any([("name", "contains", "advisory")], [("name", "contains", "college seminar")])


@habit(
    "A career center takes a third of the older students for half a day; homerooms are at the high school."
)
def career_center(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 200)
    hold_lessons(town, school, PLAIN_DAY)
    hold_homerooms(town, school, Home("Homeroom {short} - {last}", period="HR"))
    center = _school(town, ("11", "12"), 0, "North Fork Career Center")
    away = _all(school, "11", "12")[::3]
    programs = ("Welding I", "Culinary Arts", "Health Science", "Auto Body")
    for program, takers in zip(programs, groups(away, 9), strict=True):
        _write(town, center, list(takers), f"{program} - {{last}} - AM", subject="other", period="AM")
    for student in away[::2]:
        town.records[RecordKind.USER, student]["student"]["texts"]["school_id"] = center.id
    return keep(("name", "contains", "homeroom"))


@habit("At the alternative school everybody is in 'Check-In - teacher', at the high school in an advisory.")
def alternative_school(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 160)
    hold_lessons(town, school, PLAIN_DAY)
    hold_homerooms(town, school, Home("Advisory {short} - {last}"))
    other = _school(town, HIGH, 44, "Lakeview Alternative School")
    hold_lessons(town, other, upper(name="CR {course} - {last}", subject="interventions/online learning"))
    for group in groups(town.rng.sample(_all(other), 44), 11):
        _write(town, other, list(group), "Check-In - {last}", is_class=True)
    return keep_any([("name", "contains", "advisory")], [("name", "contains", "check-in")])


@habit(
    "Everybody has 'Advisory 10 - teacher', once a week, and 'FLEX - teacher', daily; some have a tutorial."
)
def flex_and_advisory(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 200)
    hold_lessons(town, school, PLAIN_DAY)
    hold_homerooms(town, school, Home("FLEX - {last}", "other", "FLEX", size=30), is_class=False)
    hold_homerooms(town, school, Home("Advisory {short} - {last}", "other", "ADV", size=18))
    for takers in groups(town.rng.sample(_all(school), 80), 20):
        _write(town, school, list(takers), "Tutorial - {last}", subject="other", period="TUT")
    return keep(("name", "contains", "advisory"))


@habit("Official attendance is that of period 02, the one that nobody has free; elementary has 'HR 3'.")
def official_attendance(town: Town) -> SectionFilter:
    school, rooms = found(town, size=10)
    hold_day(town, school, rooms, (homeroom("HR"), *CORE, *SPECIALS, LUNCH))
    form = upper(name="{course} - {last} - 0{period}", period="0{period}", number=None)
    day = replace(form, whole=frozenset({2}), leave=0.12)
    for grades in (MIDDLE, HIGH):
        upper_school = _school(town, grades, 72 * len(grades))
        for turn in range(len(UPPER)):
            some = {grade: students[turn :: len(UPPER)] for grade, students in upper_school.students.items()}
            turned = replace(day, timetable=UPPER[turn:] + UPPER[:turn])
            hold_lessons(town, replace(upper_school, students=some), turned)
        town.accept(town.where(upper_school, period="02"))
    return keep_any([("name", "starts_with", "hr")], [("period", "is", "02")])


@habit("Homerooms are filed under social studies by mistake, and home economics under homeroom.")
def subjects_filed_wrong(town: Town) -> SectionFilter:
    school = _school(town, MIDDLE, 150)
    hold_lessons(town, school, PLAIN_DAY)
    economics = Home("Home Economics {short} - {last}", HOMEROOM, "7", size=28)
    hold_homerooms(town, school, economics, is_class=False)
    hold_homerooms(town, school, Home("Homeroom {short} - {last}", SOCIAL, "1"))
    return keep(("name", "contains", "homeroom"))


@habit("A and B days have a section each of every advisory, with the same students and the same teacher.")
def advisory_on_both_days(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 180)
    for day, timetable in (("A", UPPER[:3]), ("B", UPPER[3:])):
        form = f"{{period}}({day})"
        written = upper(name=f"{{course}} - {{last}} - {form}", period=form)
        hold_lessons(town, school, replace(written, timetable=timetable))
    homes = hold_homerooms(town, school, Home("Advisory {short} - {last} - ADV(A)", period="ADV(A)"))
    for section in town.sections(homes):
        copied = {"name": section["name"].replace("(A)", "(B)"), "grade": section["grade"]}
        teachers = [one for one in school.staff if one.id in section["teachers"]]
        town.accept([town.section(school, section["students"], teachers, period="ADV(B)", **copied)])
    return keep(("name", "contains", "advisory"), ("period", "is", "ADV(A)"))


@habit(
    "'Seminar' is the class at one high school and an elective at the other, where 'Tutorial' is the class."
)
def seminar_here_tutorial_there(town: Town) -> SectionFilter:
    schools = [_school(town, HIGH, 120), _school(town, HIGH, 120)]
    words = ("Seminar", "Tutorial")
    for school, home, elective in zip(schools, words, ("Math Tutorial", "Film Seminar"), strict=True):
        hold_lessons(town, school, PLAIN_DAY)
        hold_homerooms(town, school, Home(f"{home} {{short}} - {{last}}", size=15))
        for takers in groups(town.rng.sample(_all(school), 36), 18):
            _write(town, school, list(takers), f"{elective} - {{last}}", period="8")
    return keep_any(
        *(
            [("school", "is", school.id), ("name", "starts_with", word)]
            for school, word in zip(schools, words, strict=True)
        )
    )


@habit("Students of 18 to 21 years are in the 'Transition Program - teacher', all others in a homeroom.")
def transition_program(town: Town) -> SectionFilter:
    school = _school(town, HIGH, 180)
    hold_lessons(town, school, PLAIN_DAY)
    hold_homerooms(town, school, Home("Homeroom {short} - {last}"))
    adults = [town.student(school.id, "PostGraduate") for _ in range(9)]
    _write(town, school, adults, "Transition Program - {last}", is_class=True, grade="PostGraduate")
    _write(town, school, adults[:5], "Job Coaching - {last}", grade="PostGraduate")
    _write(town, school, adults[3:], "Community Skills - {last}", grade="PostGraduate")
    return keep_any([("name", "contains", "homeroom")], [("name", "contains", "transition program")])


@habit("Three in a hundred learn at home and come for band or art only: those have no class.", reaches=0.96)
def part_time_students(town: Town) -> SectionFilter:
    school = _school(town, MIDDLE, 150)
    hold_lessons(town, school, PLAIN_DAY)
    hold_homerooms(town, school, Home("Homeroom {short} - {last}", HOMEROOM))
    taught_at_home = [town.student(school.id, grade) for grade in ("6", "7", "7", "8", "8")]
    players, painters = town.rng.sample(_all(school), 20), town.rng.sample(_all(school), 18)
    _write(town, school, players + taught_at_home[:3], "Jazz Band - {last} - 0", subject=ARTS, period="0")
    _write(town, school, painters + taught_at_home[3:], "Studio Art - {last} - 0", subject=ARTS, period="0")
    return keep(("name", "contains", "homeroom"))


@habit(
    "A magnet center for half a day has homerooms of its own; its students have one at the high school too."
)
def half_day_magnet(town: Town) -> SectionFilter:
    schools = [_school(town, HIGH, 100), _school(town, HIGH, 100)]
    for school in schools:
        hold_lessons(town, school, PLAIN_DAY)
        hold_homerooms(town, school, Home("Homeroom - {last}", HOMEROOM))
    center = _school(town, ("11", "12"), 0, "Cedar Ridge Math and Science Center")
    for grade in ("11", "12"):
        takers = [one for school in schools for one in town.rng.sample(school.students[grade], 7)]
        _write(town, center, takers, "Homeroom - {last}", subject=HOMEROOM, grade=grade)
        for course in ("Research Methods", "AP Physics"):
            _write(town, center, takers, f"{course} - {{last}}", subject="science", grade=grade)
    return keep(("name", "contains", "homeroom"), ("school", "is_not", center.id))
