"""Schools where a class goes through the day together.

Each subject has one section for each class, so that every subject alone gives every student exactly one
section, and only its meaning tells whether that is the class.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tests.support.districts.habits.days import (
    ARTS,
    ELA,
    MATH,
    PE,
    SCIENCE,
    SOCIAL,
    Home,
    grade_words,
    open_section,
)
from tests.support.districts.habits.names import COLLEGES, FAMILY_NAMES, GIVEN_NAMES, WORDED
from tests.support.districts.habits.towns import ELEMENTARY, School, Teacher, Town
from worker.domain.roster.records import RecordKind

SHORTEST_TELLING: Final = 3
"""Letters of a word of a name that tells whose it is: not the O' of O'Sullivan."""

By = Literal["own", "partner", "special"]
"""Who teaches: the class's own teacher, the teacher of the next room in the grade, or one for all classes."""


@dataclass(frozen=True, slots=True)
class Room:
    """A class with its own teacher."""

    grade: str
    teacher: Teacher
    students: Sequence[str]
    index: int
    """Its place among the classes of the grade."""
    number: int
    """Its place in the school."""


@dataclass(frozen=True, slots=True)
class Part:
    """What every class does at some hour, and how that is written where not as the rest of the day."""

    course: str
    subject: str = ""
    by: By = "own"
    is_class: bool = False
    """Whether people at the district call the section the student's class."""
    style: Home | None = None
    is_mixed: bool = False
    """Whether a grade's students are put together otherwise for it."""


CLEVER: Final = Home(
    "{course} {short} - {last} - {period}",
    subject="{subject}",
    period="{period}",
    section_number="{number}",
    course="{course} {short}",
    number="{code}{short}",
)
"""As Clever puts a name together: course, teacher, period."""
PLAIN: Final = Home("{course} {short} - {last}", section_number="{number}")
"""Nothing but names."""

CORE: Final = (
    Part("Reading", ELA),
    Part("Math", MATH),
    Part("Science", SCIENCE),
    Part("Social Studies", SOCIAL),
)
CORE_CLASSES: Final = tuple(replace(part, is_class=True) for part in CORE)
"""Where there is no homeroom, what the class's own teacher teaches is the class."""
SPECIALS: Final = (
    Part("Art", ARTS, "special"),
    Part("Music", ARTS, "special"),
    Part("Physical Education", PE, "special"),
    Part("Library", "other", "special"),
)
LUNCH: Final = Part("Lunch", "other", "special")


def homeroom(course: str = "Homeroom", subject: str = "", style: Home | None = None) -> Part:
    """Return the part of the day that is the class."""
    return Part(course, subject, is_class=True, style=style)


def blank(parts: Sequence[Part]) -> tuple[Part, ...]:
    """Return these parts as districts share them that file nothing under a subject."""
    return tuple(replace(part, subject="") for part in parts)


def hire(town: Town, last: str, *, is_shared: bool = True) -> Teacher:
    """Hire a teacher whose name is in no suggestion."""
    teacher = replace(town.teacher(last, is_shared=is_shared), first=town.rng.choice(GIVEN_NAMES))
    if is_shared:
        town.rename(teacher)
    words = re.findall(r"[^\W\d_]+", f"{teacher.first} {last}".casefold())
    town.names.update(word for word in words if len(word) >= SHORTEST_TELLING)
    return teacher


def found(
    town: Town,
    grades: Sequence[str] = ELEMENTARY,
    rooms: int = 2,
    size: int = 8,
    name: str | None = None,
    lasts: Sequence[str] = (),
) -> tuple[School, list[Room]]:
    """Found a school with so many classes of so many students in each grade, and teachers of these names."""
    school = town.school(grades, len(grades) * rooms * size, name, staff=0)
    names = iter(lasts or town.rng.sample(FAMILY_NAMES, len(grades) * rooms))
    opened: list[Room] = []
    for grade, students in school.students.items():
        for index in range(rooms):
            teacher = hire(town, next(names))
            opened.append(Room(grade, teacher, students[index::rooms], index, len(opened) + 1))
    school.staff = [room.teacher for room in opened]
    return school, opened


def leave(town: Town, departed: Sequence[Teacher], substitutes: Sequence[Teacher]) -> None:
    """Let teachers leave: they are not shared any more, and all the substitutes teach what they taught."""
    gone = {teacher.id for teacher in departed}
    for teacher in gone:
        del town.records[RecordKind.USER, teacher]
    for record in town.records.values():
        if gone & set(record.get("teachers", ())):
            record["teachers"] = sorted(teacher.id for teacher in substitutes)


def hold_day(
    town: Town, school: School, rooms: Sequence[Room], parts: Sequence[Part], style: Home = CLEVER
) -> list[str]:
    """Open a section of each part for each class; return those that are classes, or homerooms."""
    classes: list[str] = []
    for slot, part in enumerate(parts):
        special = hire(town, town.rng.choice(FAMILY_NAMES))
        for room in rooms:
            teacher = {"own": room.teacher, "partner": _partner(rooms, room), "special": special}[part.by]
            students = _mixed(rooms, room) if part.is_mixed else room.students
            words = _words(room, part, slot, teacher)
            section = open_section(town, school, part.style or style, students, [teacher], words)
            if part.is_class:
                classes.append(section)
    town.accept(classes)
    town.homes.extend(classes)
    return classes


def _words(room: Room, part: Part, slot: int, teacher: Teacher) -> dict[str, str]:
    grades = {word: "/".join(grade_words(one)[word] for one in room.grade.split("/")) for word in _GRADES}
    return {
        **grades,
        "worded": WORDED.get(room.grade, room.grade),
        "year": str(2027 + 12 - int(room.grade)) if room.grade.isdigit() else "2039",
        "course": part.course,
        "subject": part.subject,
        "code": part.course[:3].upper(),
        "period": str(slot + 1),
        "slot": str(slot + 1),
        "last": teacher.last,
        "first": teacher.first,
        "initial": f"{teacher.first[0]}.",
        "title": ("Mrs.", "Mr.", "Ms.")[room.number % 3],
        "home": room.teacher.last,
        "letter": "ABCDEFGH"[room.index],
        "number": str(room.index + 1),
        "room": str(100 + room.number),
        "college": COLLEGES[(room.number - 1) % len(COLLEGES)],
    }


_GRADES: Final = ("grade", "short", "ordinal")


def _partner(rooms: Sequence[Room], room: Room) -> Teacher:
    same = [one for one in rooms if one.grade == room.grade]
    return same[(same.index(room) + 1) % len(same)].teacher


def _mixed(rooms: Sequence[Room], room: Room) -> Sequence[str]:
    """Return the students of a room when the grade is divided again, by their ids."""
    by_grade = defaultdict(list)
    for one in rooms:
        by_grade[one.grade].append(one)
    same = by_grade[room.grade]
    return sorted(student for one in same for student in one.students)[same.index(room) :: len(same)]
