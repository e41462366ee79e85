"""What fills a school's day: lessons, and the one section that each student should be found by.

Lessons are nobody's homeroom: in each, some students stay away (pull-outs, free periods), and the groups
are mixed anew, so that no lesson takes in everybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from tests.support.districts.habits.names import ORDINALS, PEAKS
from tests.support.districts.habits.towns import School, Teacher, Town

ELA, MATH, SCIENCE = "english/language arts", "math", "science"
SOCIAL, ARTS, PE, LANGUAGE = "social studies", "arts and music", "PE and health", "language"
HOMEROOM: Final = "homeroom/advisory"

Option = tuple[str, str]
"""A course's name and the subject that Clever files it under."""
Timetable = tuple[tuple[Option, ...], ...]
"""By period, the courses of which each student takes one."""

LOWER: Final[Timetable] = (
    (("Reading {grade}", ELA),),
    (("Mathematics {grade}", MATH),),
    (("Science {grade}", SCIENCE),),
    (("Social Studies {grade}", SOCIAL),),
    (("Art {grade}", ARTS), ("Computer Lab {grade}", "technology and engineering")),
    (("Music {grade}", ARTS), ("Physical Education {grade}", PE)),
)
UPPER: Final[Timetable] = (
    (("English {grade}", ELA),),
    (("Algebra I", MATH), ("Geometry", MATH)),
    (("Biology", SCIENCE), ("Environmental Science", SCIENCE)),
    (("World History", SOCIAL), ("Civics", SOCIAL)),
    (("Spanish I", LANGUAGE), ("Concert Band", ARTS), ("Drama", ARTS)),
    (("Physical Education", PE), ("Study Hall", ""), ("Health", PE)),
)
TRACK: Final = 60
"""Students who go through the day in the same order of courses."""


@dataclass(frozen=True, slots=True)
class Day:
    """How a school writes its lessons down; texts may hold {course}, {last}, {period}, {grade}."""

    timetable: Timetable
    name: str = "{course} - {last} - {period}"
    period: str | None = "{period}"
    subject: str | None = "{subject}"
    course: str | None = "{course}"
    number: str | None = "{code}{slot}0"
    grade: str | None = "{grade}"
    term: str | None = None
    leave: float = 0.08
    """Share of the students who stay away from a lesson."""
    whole: frozenset[int] = frozenset()
    """Periods from which nobody stays away."""
    size: int = 26


LOWER_DAY: Final = Day(LOWER)
UPPER_DAY: Final = Day(UPPER)


@dataclass(frozen=True, slots=True)
class Home:
    """How a school writes its homerooms down; besides what a lesson's texts may hold: {letter}, {number}."""

    name: str | None
    subject: str | None = None
    period: str | None = None
    grade: str | None = "{grade}"
    section_number: str | None = None
    course: str | None = None
    number: str | None = None
    term: str | None = None
    size: int = 24


def hold_lessons(town: Town, school: School, day: Day, grades: Sequence[str] = ()) -> None:
    """Fill the days of these grades, or of all."""
    for grade in grades or school.grades:
        students = town.rng.sample(school.students[grade], len(school.students[grade]))
        tracks = max(1, len(students) // TRACK) if day.timetable == UPPER else 1
        for track in range(tracks):
            for slot, options in enumerate(day.timetable):
                period = (slot + track) % len(day.timetable) + 1
                takers = _takers(town, students[track::tracks], 0 if period in day.whole else day.leave)
                for number, option in enumerate(options):
                    _hold(town, school, day, takers[number :: len(options)], grade, slot, period, option)


def hold_homerooms(
    town: Town,
    school: School,
    home: Home,
    grades: Sequence[str] = (),
    *,
    without: Sequence[str] = (),
    is_class: bool = True,
) -> list[str]:
    """Give each student of these grades, but those `without`, one homeroom; return the homerooms.

    Where it `is_class`, people at the district call it the student's class; other kinds, such as lunch, are
    only written down as homerooms are.
    """
    opened: list[str] = []
    for grade in grades or school.grades:
        students = [student for student in school.students[grade] if student not in without]
        for index, group in enumerate(groups(students, home.size)):
            teacher = town.rng.choice(school.staff)
            words = {
                **grade_words(grade),
                "last": teacher.last,
                "letter": "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[index % 26],
                "number": str(len(opened) + 1),
                "peak": f"{PEAKS[len(opened) % len(PEAKS)]} {len(opened) // len(PEAKS) + 1}",
            }
            opened.append(open_section(town, school, home, group, [teacher], words))
    town.homes.extend(opened)
    if is_class:
        town.accept(opened)
    return opened


def groups(students: Sequence[str], size: int) -> list[Sequence[str]]:
    """Divide students evenly into groups of at most `size`, which is one for all of a small grade."""
    count = max(1, -(-len(students) // size))
    return [students[index::count] for index in range(count)]


def _takers(town: Town, students: Sequence[str], leave: float) -> list[str]:
    return town.rng.sample(students, round(len(students) * (1 - leave)))


def _hold(
    town: Town,
    school: School,
    day: Day,
    takers: Sequence[str],
    grade: str,
    slot: int,
    period: int,
    option: Option,
) -> None:
    course, subject = option
    words = {
        **grade_words(grade),
        "course": course.format(**grade_words(grade)),
        "subject": subject,
        "code": course[:2].upper(),
        "slot": str(slot + 1),
        "period": str(period),
    }
    for index, group in enumerate(groups(takers, day.size) if takers else []):
        teacher = town.rng.choice(school.staff)
        written = {**words, "last": teacher.last, "number": str(index + 1)}
        open_section(town, school, day, group, [teacher], written)


def open_section(
    town: Town,
    school: School,
    style: Day | Home,
    group: Sequence[str],
    teachers: Sequence[Teacher],
    words: dict[str, str],
) -> str:
    """Open a section whose texts are the style's, with these words in them."""

    def text(form: str | None) -> str | None:
        return form and form.format(**words)

    course, number = text(style.course), text(style.number)
    return town.section(
        school,
        group,
        teachers,
        name=text(style.name),
        subject=text(style.subject),
        period=text(style.period),
        grade=text(style.grade),
        section_number=text(style.section_number) if isinstance(style, Home) else words["number"],
        course_id=town.course(course or number or "", number) if course or number else None,
        term_id=style.term,
    )


def grade_words(grade: str) -> dict[str, str]:
    """Return a grade's words: in full, short, and counted."""
    short = {"Kindergarten": "K", "PreKindergarten": "PK"}.get(grade, grade)
    return {"grade": grade, "short": short, "ordinal": ORDINALS[grade]}


def lower(**changes: str | None) -> Day:
    """Return an elementary day, written otherwise."""
    return replace(LOWER_DAY, **changes)  # type: ignore[arg-type]


def upper(**changes: str | None) -> Day:
    """Return a day of a middle or high school, written otherwise."""
    return replace(UPPER_DAY, **changes)  # type: ignore[arg-type]
