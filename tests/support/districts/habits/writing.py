"""A section written down by hand, for what the styles of a whole day cannot say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.support.districts.habits.rooms import Room, hire
from tests.support.districts.habits.towns import School, Teacher, Town


def write(
    town: Town,
    school: School,
    students: Iterable[str],
    teacher: Teacher,
    name: str | None,
    *,
    course: str | None = None,
    number: str | None = None,
    is_class: bool = False,
    **fields: str | None,
) -> str:
    """Open a section with these texts; say whether it is the class of those in it."""
    course_id = town.course(course or number or "", number) if course or number else None
    section = town.section(school, students, [teacher], name=name, course_id=course_id, **fields)
    if is_class:
        town.accept([section])
        town.homes.append(section)
    return section


def hire_worded(town: Town, last: str) -> Teacher:
    """Hire a teacher whose name is a word as well, so that it may stand in a suggestion."""
    teacher = hire(town, last)
    forget_words(town, [last])
    return teacher


def forget_words(town: Town, lasts: Sequence[str]) -> None:
    """Let these names, which are words as well, stand in suggestions."""
    town.names.difference_update(last.casefold() for last in lasts)


def everybody(rooms: Sequence[Room]) -> list[str]:
    """Return the students of all these classes."""
    return [student for room in rooms for student in room.students]
