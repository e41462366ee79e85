"""Schools told hour by hour: what each class does with whom, lessons that change rooms, and groups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final, Literal

from tests.support.districts.habits.days import ARTS, ELA, LANGUAGE, MATH, PE, SCIENCE, SOCIAL
from tests.support.districts.habits.names import ORDINALS
from tests.support.districts.habits.rooms import Room, found, hire
from tests.support.districts.habits.towns import ELEMENTARY, School, Teacher, Town

OTHER: Final = "other"
TECHNOLOGY: Final = "technology and engineering"
_LASTS: Final = """
    Smith Johnson Williams Brown Jones Miller Davis Wilson Anderson Thomas Taylor Moore Jackson Martin
    Thompson White Harris Clark Lewis Robinson Walker Young Allen King Wright Scott Torres Nguyen Hill
    Flores Green Adams Nelson Baker Hall Rivera Campbell Mitchell Carter Roberts Gomez Phillips Evans
    Turner Diaz Parker Cruz Edwards Collins Reyes Stewart Morris Morales Murphy Cook Rogers Ortiz Morgan
    Cooper Peterson Bailey Reed Kelly Ramos Kim Cox Ward Richardson Watson Brooks Chavez Wood Bennett Gray
    Mendoza Ruiz Hughes Price Alvarez Castillo Sanders Patel Myers Long Ross Foster
"""
LASTS: Final = tuple(_LASTS.split())
"""The surnames that most people have, so that many are words as well."""
WORDED: Final = (
    *("Kindergarten", "First", "Second", "Third", "Fourth", "Fifth", "Sixth", "Seventh", "Eighth"),
    *("Freshman", "Sophomore", "Junior", "Senior"),
)


@dataclass(frozen=True, slots=True)
class Hour:
    """What a class does at one time of the day, and how that is written down."""

    course: str | None
    subject: str | None = None
    period: str | None = None
    by: Literal["own", "partner", "special"] = "own"
    is_class: bool = False
    number: str | None = None
    name: str | None = None
    """The section's name, where it is not of course, teacher and period."""
    section_number: str | None = None
    has_grade: bool = True
    term_id: str | None = None


def own(name: str, *, is_class: bool = False) -> Hour:
    """Return an hour with the own teacher that has a name and nothing else."""
    return Hour(None, name=name, is_class=is_class)


def special(name: str) -> Hour:
    """Return an hour with one teacher for all classes that has a name and nothing else."""
    return Hour(None, name=name, by="special")


_CORE: Final = (("Reading", ELA), ("Math", MATH), ("Science", SCIENCE), ("Social Studies", SOCIAL))
_SUBJECTS: Final = {
    "Art": ARTS,
    "Music": ARTS,
    "PE": PE,
    "Phys Ed": PE,
    "STEM": TECHNOLOGY,
    "Tech": TECHNOLOGY,
}


def core(
    form: str, periods: Sequence[str | None] = (None,) * 4, *, has_subjects: bool = True, **more: str
) -> tuple[Hour, ...]:
    """Return the lessons with the own teacher; {course} in the form is each one's."""
    return tuple(
        replace(_hour(form, course, subject if has_subjects else None, period), **more)  # type: ignore[arg-type]
        for (course, subject), period in zip(_CORE, periods, strict=True)
    )


def specials(
    form: str,
    courses: Sequence[str] = ("Art", "Music", "PE", "Library"),
    periods: Sequence[str] = (),
    *,
    has_subjects: bool = True,
) -> tuple[Hour, ...]:
    """Return what specialists teach; {course} in the form is each one's."""
    times = periods or (None,) * len(courses)
    return tuple(
        replace(
            _hour(form, course, _SUBJECTS.get(course, OTHER) if has_subjects else None, period), by="special"
        )
        for course, period in zip(courses, times, strict=True)
    )


def _hour(form: str, course: str, subject: str | None, period: str | None) -> Hour:
    return Hour(form.replace("{course}", course), subject, period)


def open_school(
    town: Town,
    grades: Sequence[str] = ELEMENTARY,
    rooms: int = 2,
    size: int = 12,
    name: str | None = None,
) -> tuple[School, list[Room]]:
    """Found a school of classes whose teachers have frequent names."""
    return found(town, grades, rooms, size, name, town.rng.sample(LASTS, len(grades) * rooms))


def hold_hours(town: Town, school: School, rooms: Sequence[Room], hours: Iterable[Hour]) -> None:
    """Take every class through all hours of the day."""
    for hour in hours:
        specialist = hire(town, town.rng.choice(LASTS)) if hour.by == "special" else None
        for room in rooms:
            same = [one for one in rooms if one.grade == room.grade]
            partner = same[(same.index(room) + 1) % len(same)].teacher
            teacher = specialist or (partner if hour.by == "partner" else room.teacher)
            told = {
                "letter": "ABCDEFGH"[room.index],
                "n": str(room.index + 1),
                "room": str(100 + room.number),
            }
            put(town, school, room.students, teacher, hour, room.grade, **told)


def put(
    town: Town,
    school: School,
    students: Sequence[str],
    teacher: Teacher,
    hour: Hour,
    grade: str,
    **told: str,
) -> str:
    """Open one section; texts may hold the grade, the teacher and what is told besides."""
    words = {**grade_words(grade), "last": teacher.last, "first": teacher.first, **told}

    def text(form: str | None) -> str | None:
        return form and form.format(**words)

    course, period = text(hour.course), text(hour.period)
    named = " - ".join(one for one in (course, teacher.last, period) if one)
    section = town.section(
        school,
        students,
        [teacher],
        name=text(hour.name) or named,
        subject=hour.subject,
        period=period,
        grade=grade if hour.has_grade else None,
        section_number=text(hour.section_number),
        term_id=hour.term_id,
        course_id=town.course(course, text(hour.number)) if course else None,
    )
    if hour.is_class:
        town.accept([section])
        town.homes.append(section)
    return section


def grade_words(grade: str) -> dict[str, str]:
    """Return a grade's words: as few letters as can be, two of them, counted, and in full."""
    year = int(grade) if grade.isdigit() else 0
    short = {"Kindergarten": "K", "PreKindergarten": "PK"}.get(grade, grade)
    two = {"Kindergarten": "KG", "PreKindergarten": "PK"}.get(grade, f"{year:02}")
    return {"g": short, "gg": two, "nth": ORDINALS.get(grade, grade), "worded": WORDED[year]}


def pull_out(town: Town, school: School, rooms: Sequence[Room], titles: Sequence[str]) -> None:
    """Pull a tenth of the students out of their classes for each of these, six at a time."""
    everybody = [student for room in rooms for student in room.students]
    for title in titles:
        teacher = hire(town, town.rng.choice(LASTS))
        some = town.rng.sample(everybody, max(3, len(everybody) // 10))
        for start in range(0, len(some), 6):
            name = f"{title} - {teacher.last}"
            town.section(school, some[start : start + 6], [teacher], name=name, course_id=town.course(title))


Course = tuple[str, str]
"""A title, which may hold the grade, and a subject."""
UPPER_COURSES: Final[tuple[Course, ...]] = (
    ("English {g}", ELA),
    ("Algebra / Geometry {g}", MATH),
    ("Biology & Chem {g}", SCIENCE),
    ("US / World History {g}", SOCIAL),
    ("Spanish {g}", LANGUAGE),
    ("PE/Health", PE),
    ("Concert Band / Choir / Art", ARTS),
)
MIDDLE_COURSES: Final[tuple[Course, ...]] = (
    ("ELA {g}", ELA),
    ("Math {g}", MATH),
    ("Science {g}", SCIENCE),
    ("Social Studies {g}", SOCIAL),
    ("PE {g}", PE),
    ("Exploratory Wheel {g}", ARTS),
)


def _clever(course: str, teacher: Teacher, period: str, _number: int) -> str:
    return f"{course} - {teacher.last} - {period}"


def draw_lessons(
    town: Town,
    school: School,
    courses: Sequence[Course],
    periods: Sequence[str],
    *,
    free: float = 0.03,
    name: Callable[[str, Teacher, str, int], str] = _clever,
    grades: Sequence[str] = (),
    largest: int = 22,
) -> dict[str, list[str]]:
    """Give every student each course at a period that is drawn, but a few free ones; by period."""
    opened: dict[str, list[str]] = defaultdict(list)
    staff = [hire(town, last) for last in town.rng.sample(LASTS, 2 * len(courses))]
    for grade in grades or school.grades:
        takers: dict[tuple[str, Course], list[str]] = defaultdict(list)
        for student in school.students[grade]:
            drawn = town.rng.sample(courses, len(courses))
            for period, course in zip(periods, drawn, strict=False):
                if town.rng.random() >= free:
                    takers[period, course].append(student)
        for number, ((period, course), students) in enumerate(sorted(takers.items()), 1):
            teacher = staff[courses.index(course) * 2 + number % 2]
            title = course[0].format(**grade_words(grade))
            for start in range(0, len(students), largest):
                section = town.section(
                    school,
                    students[start : start + largest],
                    [teacher],
                    name=name(title, teacher, period, number),
                    subject=course[1],
                    period=period,
                    section_number=str(number),
                    course_id=town.course(title),
                )
                opened[period].append(section)
    return opened


def divide(
    town: Town,
    school: School,
    hour: Hour,
    *,
    size: int = 15,
    grades: Sequence[str] = (),
    without: Collection[str] = (),
    is_mixed: bool = False,
) -> list[str]:
    """Divide each grade, or all of them as one, into groups with a teacher each."""
    chosen = list(grades or school.grades)
    pools = [(grade, list(school.students[grade])) for grade in chosen]
    if is_mixed:
        pools = [(chosen[0], [student for _, students in pools for student in students])]
    opened: list[str] = []
    for grade, students in pools:
        left = [student for student in students if student not in without]
        town.rng.shuffle(left)
        count = max(1, round(len(left) / size))
        for index in range(count):
            teacher = hire(town, town.rng.choice(LASTS))
            told = {"letter": "ABCDEFGH"[index % 8], "n": str(index + 1), "room": str(201 + index)}
            some = left[index::count]
            opened.append(
                put(town, school, some, teacher, replace(hour, has_grade=not is_mixed), grade, **told)
            )
    return opened
