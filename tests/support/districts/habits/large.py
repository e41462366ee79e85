"""A district as large as wanted, school by school, for benchmarks; and its way into the store by COPY.

No more than one school is in memory at a time. Ids grow as Clever's do, so that the store's indexes are
filled from one end.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import count, islice
from typing import Final

import asyncpg
import orjson

from tests.support.districts.habits.days import LOWER, UPPER, Home, Timetable, groups
from tests.support.districts.habits.habit import keep_any
from tests.support.districts.habits.names import FIRST_NAMES, ORDINALS, PEAKS, SCHOOLS, SURNAMES
from tests.support.districts.habits.towns import ELEMENTARY, HIGH, MIDDLE
from worker.domain.roster.records import Json, RecordKind

Row = tuple[RecordKind, str, Json]

STUDENTS_A_SCHOOL: Final = 550
TEACHERS_A_SCHOOL: Final = 30
NOT_SHARED: Final = 20
"""One teacher in so many is not shared."""
NOISE: Final = 0.02
"""Share of the students with no homeroom, or with two."""
AWAY: Final = 0.12
"""Share of the students who stay away from a lesson."""
LESSONS: Final = 8
GROUP: Final = 25
ROWS_A_COPY: Final = 20_000
ENROLL: Final = """
    INSERT INTO enrollments (district_id, student_id, sections)
    SELECT $1, l.student_id, array_agg(s.record_id ORDER BY s.record_id)
    FROM staged s CROSS JOIN LATERAL jsonb_array_elements_text(s.record -> 'students') AS l(student_id)
    WHERE s.district_id = $1 AND s.kind = 'section'
    GROUP BY 2 ORDER BY 2"""
EVENT: Final = "0" * 24
"""The event that all of it is of: older than any that comes."""

LEVELS: Final[tuple[tuple[tuple[str, ...], str], ...]] = (
    *((ELEMENTARY, "Elementary School"),) * 3,
    (MIDDLE, "Middle School"),
    (ELEMENTARY, "Elementary School"),
    (HIGH, "High School"),
)
"""What the schools are, in turns."""
LOWER_HOME: Final = Home("Homeroom {grade} - {last}", subject="homeroom/advisory", period="0")
MIDDLE_HOME: Final = Home("Advisory {grade} ({last})", period="0")
HIGH_HOMES: Final = (
    Home("Advisory {grade} - {last}", subject="other"),
    Home("Crew {peak}", subject="homeroom/advisory"),
    Home("{last} {grade}", period="HR"),
    Home("{last} {number}", course="Attendance", number="HR0{grade}"),
)
"""What high schools do, in turns."""
BEST: Final = keep_any(
    [("name", "starts_with", "homeroom")],
    [("name", "starts_with", "advisory")],
    [("name", "starts_with", "crew")],
    [("period", "is", "HR")],
    [("course_number", "starts_with", "HR")],
)
"""The filter that fits, but for the noise."""


def rows(students: int, seed: int = 1) -> Iterator[Row]:
    """Yield the records of a district of about so many students, one school after another."""
    ids = _ids(seed)
    term = next(ids)
    yield RecordKind.TERM, term, {"name": "Full Year"}
    remaining = students
    for index in count():
        if remaining <= 0:
            return
        size = min(STUDENTS_A_SCHOOL, remaining)
        remaining -= size
        yield from _School(index, size, term, ids, seed).rows()


async def load(url: str, district_id: str, rows: Iterable[Row]) -> int:
    """Stage these records, with whom their sections list and name, and the district; return how many."""
    connection = await asyncpg.connect(url)
    loaded = 0
    try:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO districts (district_id) VALUES ($1) ON CONFLICT DO NOTHING", district_id
            )
            for chunk in batches(rows, ROWS_A_COPY):
                await _copy(connection, district_id, chunk)
                loaded += len(chunk)
            await connection.execute(ENROLL, district_id)
        for table in ("staged", "section_links", "enrollments"):
            await connection.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await connection.close()
    return loaded


async def _copy(connection: asyncpg.Connection, district_id: str, chunk: Sequence[Row]) -> None:
    staged = (
        (district_id, kind.value, record_id, EVENT, orjson.dumps(record).decode())
        for kind, record_id, record in chunk
    )
    columns = ["district_id", "kind", "record_id", "event_id", "record"]
    await connection.copy_records_to_table("staged", records=staged, columns=columns)
    links = sorted(
        (district_id, role, target, record_id)
        for kind, record_id, record in chunk
        if kind is RecordKind.SECTION
        for role, target in links_of(record)
    )
    columns = ["district_id", "role", "target_id", "section_id"]
    await connection.copy_records_to_table("section_links", records=links, columns=columns)


def links_of(section: Json) -> Iterator[tuple[str, str]]:
    """Yield where a staged section points, besides its students."""
    for teacher in section["teachers"]:
        yield "teacher", teacher
    for role in ("school", "course", "term"):
        if f"{role}_id" in section:
            yield role, section[f"{role}_id"]


def _ids(seed: int) -> Iterator[str]:
    """Yield ids that grow: seconds, a machine, a counter."""
    machine = random.Random(seed).getrandbits(40)  # noqa: S311 — not for secrets: reproducible districts
    for number in count():
        yield f"{0x5F5E1000 + number // 64:08x}{machine:010x}{number:06x}"


class _School:
    def __init__(self, index: int, size: int, term: str, ids: Iterator[str], seed: int) -> None:
        self.rng: Final = random.Random(f"{seed}:{index}")  # noqa: S311 — as above
        self.ids: Final = ids
        self.id: Final = next(ids)
        self.term: Final = term
        self.index: Final = index
        self.grades, level = LEVELS[index % len(LEVELS)]
        self.name: Final = f"{SCHOOLS[index % len(SCHOOLS)]} {level} {index + 1}"
        self.teachers: Final = [(next(ids), self.rng.choice(SURNAMES)) for _ in range(TEACHERS_A_SCHOOL)]
        self.students: Final = {
            grade: [next(ids) for _ in range(number, size, len(self.grades))]
            for number, grade in enumerate(self.grades)
        }
        self.courses: dict[tuple[str, str], str] = {}

    def rows(self) -> Iterator[Row]:
        """Yield the school's records, the sections last."""
        yield RecordKind.SCHOOL, self.id, {"name": self.name, "school_number": str(self.index + 1)}
        for place, (teacher, last) in enumerate(self.teachers):
            if (place + self.index) % NOT_SHARED:
                yield RecordKind.USER, teacher, {"teacher": {"first_name": "A.", "last_name": last}}
        for grade, students in self.students.items():
            for student in students:
                yield RecordKind.USER, student, {"student": {"texts": self._texts(student, grade)}}
        sections = [*self._homerooms(), *self._lessons()]
        for (name, number), course in self.courses.items():
            yield RecordKind.COURSE, course, {"name": name, "number": number}
        for section in sections:
            yield RecordKind.SECTION, next(self.ids), section

    def _texts(self, student: str, grade: str) -> Json:
        return {
            "first_name": self.rng.choice(FIRST_NAMES),
            "last_name": self.rng.choice(SURNAMES),
            "sis_id": student[-6:],
            "grade": grade,
            "school_id": self.id,
        }

    def _homerooms(self) -> Iterator[Json]:
        home = self._home()
        for grade, students in self.students.items():
            opened = [list(group) for group in groups(students, GROUP)]
            self._disturb(opened, round(len(students) * NOISE))
            for index, placed in enumerate(opened):
                peak = f"{PEAKS[index % len(PEAKS)]} {grade}"
                yield self._section(home, placed, grade, index, peak=peak)

    def _home(self) -> Home:
        if self.grades == ELEMENTARY:
            return LOWER_HOME
        return MIDDLE_HOME if self.grades == MIDDLE else HIGH_HOMES[self.index // 6 % len(HIGH_HOMES)]

    def _disturb(self, opened: list[list[str]], wrong: int) -> None:
        """Take so many students out of their homerooms, or put them into a second one."""
        for number in range(wrong):
            source, other = self.rng.choice(opened), self.rng.choice(opened)
            if source and number % 2:
                other.append(source[0])
            elif source:
                source.pop()

    def _lessons(self) -> Iterator[Json]:
        timetable: Timetable = LOWER if self.grades == ELEMENTARY else UPPER
        for grade, students in self.students.items():
            for slot in range(LESSONS):
                options = timetable[slot % len(timetable)]
                takers = self.rng.sample(students, round(len(students) * (1 - AWAY)))
                for number, (course, subject) in enumerate(options):
                    title = course.format(grade=grade) + (" Lab" if slot >= len(timetable) else "")
                    style = Home(
                        "{course} - {last} - {period}",
                        subject=subject,
                        period=str(slot + 1),
                        course=title,
                        number=f"{title[:3].upper()}{grade[:2]}",
                    )
                    for index, group in enumerate(groups(takers[number :: len(options)], GROUP)):
                        yield self._section(style, group, grade, index)

    def _section(self, style: Home, group: Iterable[str], grade: str, index: int, *, peak: str = "") -> Json:
        teacher, last = self.rng.choice(self.teachers)
        words = {
            "grade": grade,
            "ordinal": ORDINALS[grade],
            "last": last,
            "number": str(index + 1),
            "course": style.course,
            "period": style.period,
            "peak": peak,
        }
        section: Json = {
            "school_id": self.id,
            "name": (style.name or "").format(**words),
            "grade": grade,
            "section_number": str(index + 1),
            "term_id": self.term,
            "teachers": [teacher],
            "students": sorted(set(group)),
        }
        for field in ("subject", "period"):
            if value := getattr(style, field):
                section[field] = value
        if style.course:
            section["course_id"] = self._course(style.course, (style.number or "").format(**words))
        return section

    def _course(self, name: str, number: str) -> str:
        if (name, number) not in self.courses:
            self.courses[name, number] = next(self.ids)
        return self.courses[name, number]


def batches(rows: Iterable[Row], size: int) -> Iterator[Sequence[Row]]:
    """Yield the rows so many at a time."""
    rows = iter(rows)
    while chunk := list(islice(rows, size)):
        yield chunk
