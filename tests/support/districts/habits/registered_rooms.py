"""Elementary schools in lockstep, every section with all the fields that an export has."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from tests.support.districts.habits.days import ARTS, ELA, HOMEROOM, LANGUAGE, MATH, PE, SCIENCE, SOCIAL
from tests.support.districts.habits.habit import keep, keep_any
from tests.support.districts.habits.names import FAMILY_NAMES
from tests.support.districts.habits.office import OfficeHabits, miss, terms
from tests.support.districts.habits.rooms import (
    CLEVER,
    CORE,
    LUNCH,
    SPECIALS,
    Part,
    Room,
    blank,
    found,
    hire,
    hold_day,
    homeroom,
)
from tests.support.districts.habits.towns import ELEMENTARY, MIDDLE, School, Teacher, Town
from tests.support.districts.habits.writing import everybody, forget_words, write
from worker.domain.roster.section_filter import SectionFilter

REGISTERED_ROOMS: Final = OfficeHabits(is_lockstep=True)
habit = REGISTERED_ROOMS.habit

FULL: Final = replace(CLEVER, number="{code}0{short}")
LUNCH_COUNT: Final = Part("Lunch Count", HOMEROOM)


def _co_teach(town: Town, sections: list[str], lasts: list[str]) -> None:
    """Let a second teacher, whose name stands in the name, teach each of these sections."""
    for section, last in zip(town.sections(sections), lasts, strict=True):
        section["teachers"] = sorted({*section["teachers"], hire(town, last).id})


def _write(
    town: Town,
    school: School,
    students: list[str],
    teacher: Teacher,
    name: str,
    course: str,
    number: str,
    *,
    period: str,
    subject: str = "other",
    grade: str | None = None,
    is_class: bool = False,
) -> None:
    """Write a section of some students with all fields that the others have."""
    fields = {"period": period, "subject": subject, "grade": grade, "section_number": "1"}
    write(town, school, students, teacher, name, course=course, number=number, is_class=is_class, **fields)


@habit("Ordinary: course and section number make a name, 'Homeroom Gr 3 - 2'; a fifth has no subject.")
def course_and_section_number(town: Town) -> SectionFilter:
    for _ in range(2):
        year = terms(town)[0]
        school, rooms = found(town, size=9)
        style = replace(FULL, name="{course} Gr {short} - {number}", course="{course} Gr {short}", term=year)
        homes = hold_day(town, school, rooms, (homeroom(subject=HOMEROOM), *CORE, *SPECIALS, LUNCH), style)
        for section in town.sections(homes[::5]):
            del section["subject"]
    return keep(("name", "starts_with", "homeroom"))


@habit("Ordinary: 'Lopez, M. - HOMEROOM 3'; no subjects but of the lunch count, which is filed as homeroom.")
def lunch_count_filed_as_homeroom(town: Town) -> SectionFilter:
    school, rooms = found(town, size=10)
    style = replace(FULL, name="{last}, {initial} - {course} {short}")
    day = (LUNCH_COUNT, homeroom("HOMEROOM"), *blank(CORE), *blank(SPECIALS))
    hold_day(town, school, rooms, day, style)
    players = [one for room in rooms[-2:] for one in room.students[::2]]
    name = f"{rooms[0].teacher.last} - BEGINNING BAND 5"
    course = "BEGINNING BAND 5"
    _write(
        town, school, players, rooms[0].teacher, name, course, "BND05", grade="5", subject=ARTS, period="9"
    )
    return keep(("name", "contains", "homeroom"))


@habit("Ordinary: 'ELEM HR/ATT 3 - teacher - 1(M-F)' beside 'ELEM MATH 3' and the rest; 2 % have none.", 0.97)
def elem_hr_att(town: Town) -> SectionFilter:
    for _ in range(2):
        school, rooms = found(town, size=10)
        parts = [Part(f"ELEM {part.course.upper()}", part.subject, part.by) for part in (*CORE, *SPECIALS)]
        style = replace(FULL, name="{course} {short} - {last} - {period}(M-F)", period="{period}(M-F)")
        miss(town, hold_day(town, school, rooms, (homeroom("ELEM HR/ATT", "other"), *parts), style))
    return keep(("name", "contains", "hr/att"))


@habit(
    "Two languages with a teacher each: 'Dual Language Gr 2 - both' is the class; others are 'General Ed'."
)
def dual_language_with_both(town: Town) -> SectionFilter:
    school, rooms = found(town, ELEMENTARY[:5], size=10)
    dual, general = rooms[::2], rooms[1::2]
    style = replace(FULL, name="{course} Gr {short} - {last}")
    half = (Part("DL Español", LANGUAGE), Part("DL Matemáticas", MATH), Part("DL English", ELA, "partner"))
    lasts = town.rng.sample(FAMILY_NAMES, len(dual))
    for room, last in zip(dual, lasts, strict=True):
        form = replace(style, name=f"{{course}} Gr {{short}} - {{last}}/{last}")
        homes = hold_day(town, school, [room], (homeroom("Dual Language", ELA, form),), style)
        _co_teach(town, homes, [last])
    hold_day(town, school, dual, (*half, *SPECIALS, LUNCH), style)
    hold_day(town, school, general, (homeroom("General Ed", ELA), *CORE[:2], *SPECIALS, LUNCH), style)
    return keep_any([("name", "starts_with", "dual language")], [("name", "starts_with", "general ed")])


@habit("All sections of a class are '3-301 teachers'; the course is 'Core ICT', 'Core GE' or 'Gym Cluster'.")
def core_with_two_teachers(town: Town) -> SectionFilter:
    school, rooms = found(town, size=10)
    style = replace(FULL, name="{short}-{short}0{number} {home}")
    clusters = (Part("Gym Cluster", PE, "special"), Part("Science Cluster", SCIENCE, "special"))
    own = (*blank(CORE[:2]), Part("Writing", ELA), LUNCH)
    for course, some in (("Core ICT", rooms[::2]), ("Core GE", rooms[1::2])):
        homes = hold_day(town, school, some, (homeroom(course), *own, *clusters), style)
        if course == "Core ICT":
            _co_teach(town, homes, town.rng.sample(FAMILY_NAMES, len(homes)))
    return keep(("course_name", "starts_with", "core"))


@habit("Preschool comes for half a day, 'PK AM - teacher' or 'PK PM - teacher'; above are homerooms.")
def prekindergarten_by_half_days(town: Town) -> SectionFilter:
    school, rooms = found(town, ("PreKindergarten", *ELEMENTARY[:4]), size=11)
    style = replace(FULL, name="{course} {short} - {last}")
    for word, room in zip(("PK AM", "PK PM"), rooms[:2], strict=True):
        form = replace(style, name=f"{word} - {rooms[0].teacher.last}", period=word[-2:])
        parts = (homeroom(word, "other", form), Part("Speech", "other", "special"), LUNCH, SPECIALS[3])
        hold_day(town, school, [replace(room, teacher=rooms[0].teacher)], parts, style)
    hold_day(town, school, rooms[2:], (homeroom(subject=HOMEROOM), *CORE, *SPECIALS, LUNCH), style)
    return keep_any(
        [("name", "contains", "homeroom")],
        [("name", "starts_with", "PK AM")],
        [("name", "starts_with", "PK PM")],
    )


@habit("'Grade 3 - teacher' is the class, '3 teacher - Art' a special; a few are in 'Self-Contained 3-5'.")
def specials_by_the_class(town: Town) -> SectionFilter:
    school, rooms = found(town, size=11)
    style = replace(FULL, name="{short} {home} - {course}", period="Day {slot}")
    few = {room.number: room.students[-1:] for room in rooms}
    general = [replace(room, students=room.students[:-1]) for room in rooms]
    for word, some in (("Kindergarten", general[:2]), ("Grade {short}", general[2:])):
        form = replace(style, name=f"{word} - {{last}}", course=word, period="AD")
        hold_day(
            town,
            school,
            some,
            (homeroom("Grade", "other", form), *SPECIALS, Part("STEM", SCIENCE, "special")),
            style,
        )
    for grades, some in (("K-2", rooms[:6]), ("3-5", rooms[6:])):
        teacher, taught = hire(town, "Khoury"), [one for room in some for one in few[room.number]]
        course = f"Self-Contained {grades}"
        name = f"{course} - {teacher.last}"
        _write(town, school, taught, teacher, name, course, "SPED", period="AD", is_class=True)
        pe = f"{grades} {teacher.last} - Adapted PE"
        _write(town, school, taught, teacher, pe, "Adapted PE", "APE", subject=PE, period="Day 3")
    words = ("kindergarten", "grade", "self-contained")
    return keep_any(*([("name", "starts_with", word)] for word in words))


@habit(
    "From grade 4 two teachers exchange classes: 'HR/ELA 4 - own' and 'MATH/SCI 4 - other'; below, 'HR 2'."
)
def homeroom_with_language_arts(town: Town) -> SectionFilter:
    for _ in range(2):
        school, rooms = found(town, size=9)
        below = (homeroom("HR", "other"), *SPECIALS, LUNCH)
        above = (homeroom("HR/ELA", ELA), Part("MATH/SCI", MATH, "partner"), *SPECIALS, LUNCH)
        hold_day(town, school, rooms[:8], below, FULL)
        hold_day(town, school, rooms[8:], above, FULL)
    return keep(("name", "starts_with", "hr"))


@habit("'Ms. English - Grade 4' is a class, and so is 'Mr. Day - Grade 3'; specials are 'Bell Choir 4'.")
def teachers_called_by_words(town: Town) -> SectionFilter:
    lasts = ("English", "Day", "Bell", "Page", "Hall", "Young", "May", "Marks", "Cook", "Winters")
    school, rooms = found(town, ("1", "2", "3", "4", "5"), size=11, lasts=lasts)
    forget_words(town, ("English", "Day", "Bell"))
    form = replace(FULL, name="{title} {last} - Grade {short}", course="Grade {short}")
    style = replace(FULL, name="{course} {short} - {title} {home}")
    parts = (Part("English Language Arts", ELA), Part("Page Turners", ELA), CORE[1])
    specials = (
        Part("Bell Choir", ARTS, "special"),
        SPECIALS[2],
        SPECIALS[3],
        Part("Day Garden", "other", "special"),
    )
    hold_day(town, school, rooms, (*parts, homeroom("Grade", "other", form), *specials), style)
    return keep(("course_name", "starts_with", "grade"))


@habit(
    "A charter of one school: kindergarten is 'Kinder - teacher', above are 'Multi-Age 2/3 - teacher - 1'."
)
def multi_age(town: Town) -> SectionFilter:
    school, rooms = found(town, ("Kindergarten", "1", "2", "3", "4"), 2, 10, "Willow Grove Charter School")
    mixed = [
        Room(f"{low.grade}/{high.grade}", low.teacher, everybody((low, high)), low.index, low.number)
        for low, high in zip((*rooms[2:4], *rooms[6:8]), (*rooms[4:6], *rooms[8:]), strict=True)
    ]
    style = replace(FULL, name="MA {course} {short} - {last} - {period}", grade=None)
    specials = (Part("Spanish", LANGUAGE, "special"), *SPECIALS, Part("Choice Time", "other"))
    form = replace(style, name="{course} {short} - {last} - {period}")
    hold_day(town, school, mixed, (homeroom("Multi-Age", "other", form), *specials), style)
    kinder = homeroom("Kinder", "other", replace(FULL, name="Kinder - {last} - {period}", course="Kinder"))
    hold_day(town, school, rooms[:2], (kinder, *specials), FULL)
    return keep_any([("name", "starts_with", "multi-age")], [("name", "starts_with", "kinder")])


@habit("Nine schools have 'Homeroom 3 - teacher', the tenth 'Attendance 3 - teacher'; each has all subjects.")
def one_school_in_ten(town: Town) -> SectionFilter:
    school = None
    for number in range(10):
        school, rooms = found(town, ("3", "4", "5"), 1, 12)
        word = "Attendance" if number == 9 else "Homeroom"
        hold_day(town, school, rooms, (homeroom(word, "other"), *CORE, *SPECIALS[:2], LUNCH), FULL)
        if number < 9:
            late, teacher = [room.students[0] for room in rooms], rooms[0].teacher
            name = f"Attendance Intervention - {teacher.last} - 9"
            _write(town, school, late, teacher, name, "Attendance Intervention", "ATI", period="9")
    assert school is not None
    return keep_any(
        [("name", "contains", "homeroom")],
        [("school", "is", school.id), ("name", "starts_with", "attendance")],
    )


@habit(
    "Codes only, '0903-32'; the course is 'SLFCNTD GR3' beside 'PE GR3', 'MUS GR3', 'LIB GR3', 'LNCH GR3'."
)
def codes_for_self_contained(town: Town) -> SectionFilter:
    school, rooms = found(town, ELEMENTARY[1:], size=10)
    codes = (("SLFCNTD", "09", "other"), ("PE", "42", PE), ("MUS", "41", ARTS), ("LIB", "47", "other"))
    day = [
        Part(course, subject, "own" if code == "09" else "special", code == "09")
        for course, code, subject in (*codes, ("LNCH", "99", ""))
    ]
    for part, code in zip(day, ("09", "42", "41", "47", "99"), strict=True):
        number = f"{code}0{{short}}"
        style = replace(FULL, course="{course} GR{short}", name=number + "-{short}{number}", number=number)
        hold_day(town, school, rooms, (part,), style)
    return keep(("course_name", "starts_with", "slfcntd"))


@habit(
    "In Spanish: 'SALON HOGAR 3-2' to grade 5, 'HORA REGISTRO 7-1' above, beside 'ESPA', 'MATE', 'EDFI'.",
    0.97,
)
def hora_registro(town: Town) -> SectionFilter:
    lessons = (
        *(Part("ESPA", LANGUAGE), Part("MATE", MATH), Part("INGL", ELA, "partner"), Part("CIEN", SCIENCE)),
        *(Part("ESTU SOC", SOCIAL), Part("EDFI", PE, "special"), Part("BEAR", ARTS, "special")),
    )
    style = replace(FULL, name="{course} {short}-{number} {last}")
    for grades, word in ((ELEMENTARY, "SALON HOGAR"), (MIDDLE, "HORA REGISTRO")):
        school, rooms = found(town, grades, size=13)
        miss(
            town, hold_day(town, school, rooms, (*lessons[:3], homeroom(word, "other"), *lessons[3:]), style)
        )
    return keep_any([("name", "contains", "salon hogar")], [("name", "contains", "hora registro")])
