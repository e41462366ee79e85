"""How a school's students are put into classes: for a district's first year and for each that follows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from math import ceil
from random import Random
from typing import Final, NamedTuple

from worker.messaging.event_files import JsonObject
from worker.sandbox import names
from worker.sandbox.names import FALL, FULL_YEAR, SPRING, CourseName, set_or_blank

GROUP_SIZE: Final = 25
"""How many students a class has at most."""
_ELECTIVE_PERIODS: Final = (5, 6)
_TERM_OF_PERIOD: Final = {"5": FALL, "6": SPRING}
_ADVISED: Final = 1 / 3
_CO_TAUGHT: Final = 0.12


class ClassTeacher(NamedTuple):
    """Who may teach a class."""

    id: str
    last_name: str


class Class(NamedTuple):
    """A class before it is a section."""

    course: CourseName
    period: str
    teacher: ClassTeacher
    students: list[str]


def plan_classes(
    rng: Random, grade: str, cohort: list[str], teachers: Sequence[ClassTeacher], free: Iterator[ClassTeacher]
) -> Iterator[Class]:
    """Put the students of one school and grade into classes; `free` gives each homeroom its teacher."""
    day = names.timetable(grade)
    period = day.homeroom_period
    homerooms = [Class(names.HOMEROOM, period, next(free), group) for group in _groups(cohort)]
    yield from homerooms
    for group in _groups([student for student in cohort if rng.random() < _ADVISED]):
        yield Class(names.ADVISORY, day.advisory_period, rng.choice(teachers), group)
    skipped = {student: rng.choice(_ELECTIVE_PERIODS) for student in cohort if rng.randrange(2)}
    for number, courses in enumerate(day.courses, start=1):
        present = [student for student in cohort if skipped.get(student) != number]
        if not day.one_teacher:
            rng.shuffle(present)
        for turn, group in enumerate(_groups(present)):
            teacher = homerooms[turn].teacher if day.one_teacher else rng.choice(teachers)
            yield Class(courses[turn % len(courses)], str(number), teacher, group)


def section_fields(
    rng: Random,
    planned: Class,
    teachers: Sequence[ClassTeacher],
    terms: Mapping[str, str],
    *,
    school: str,
    grade: str,
    course: str,
    sis_id: str,
    unshared: Sequence[str] = (),
) -> JsonObject:
    """Write what a section says of a class; `course` and the values of `terms`, by name, are ids."""
    co_teachers = [rng.choice(teachers).id] if rng.random() < _CO_TAUGHT else []
    fields: JsonObject = {
        "school": school,
        "name": names.section_name(planned.course.name, planned.teacher.last_name, planned.period),
        "subject": planned.course.subject,
        "course": course,
        "period": planned.period,
        "section_number": "",
        "sis_id": sis_id,
        "teacher": planned.teacher.id,
        "teachers": list(dict.fromkeys([planned.teacher.id, *co_teachers])),
        "students": [*planned.students, *unshared],
    }
    set_or_blank(fields, "grade", grade, rng, blank=0.05)
    term = terms.get(_TERM_OF_PERIOD.get(planned.period, ""), terms[FULL_YEAR])
    set_or_blank(fields, "term_id", term, rng, blank=0.02)
    return fields


def _groups(members: list[str]) -> Iterator[list[str]]:
    sizes = names.split(len(members), [1.0] * ceil(len(members) / GROUP_SIZE))
    return (members[lower:upper] for lower, upper in pairwise(accumulate(sizes, initial=0)))
