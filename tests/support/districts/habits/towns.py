"""A district as it grows: schools with students, teachers, courses, terms, and the sections that join them.

Records have the shape in which they are staged: blanks left out, ids sorted and each once.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tests.support.districts.habits.names import FIRST_NAMES, SCHOOLS, SURNAMES
from worker.domain.roster.records import Json, RecordKind
from worker.domain.roster.texts import is_blank

Records = dict[tuple[RecordKind, str], Json]

ELEMENTARY: Final = ("Kindergarten", "1", "2", "3", "4", "5")
MIDDLE: Final = ("6", "7", "8")
HIGH: Final = ("9", "10", "11", "12")
LEVELS: Final = {ELEMENTARY: "Elementary School", MIDDLE: "Middle School", HIGH: "High School"}


@dataclass(frozen=True, slots=True)
class Teacher:
    """A teacher; his record may not be shared, his name stands in section names all the same."""

    id: str
    last: str
    first: str = ""


@dataclass(slots=True)
class School:
    """A school with the ids of its students by grade."""

    id: str
    name: str
    students: dict[str, list[str]]
    staff: list[Teacher] = field(default_factory=list)

    @property
    def grades(self) -> tuple[str, ...]:
        """Return the grades that it has, the lowest first."""
        return tuple(self.students)


class Town:
    """One district under construction."""

    def __init__(self, seed: str, today: date) -> None:
        self.rng: Final = random.Random(seed)  # noqa: S311 — not for secrets: reproducible districts
        self.today: Final = today
        self.records: Final[Records] = {}
        self.homes: Final[list[str]] = []
        """The sections that are somebody's homeroom, by whatever name."""
        self.names: Final[set[str]] = set()
        """Words of people's names that stand in the names of sections and of courses, and nowhere else."""
        self._accepted: Final[dict[str, frozenset[str] | None]] = {}
        self._courses: dict[tuple[str, str | None], str] = {}
        self._numbers = iter(range(100_001, 10_000_000))
        self._schools = 0
        self.absent: Final[set[str]] = set()
        """Surnames that no teacher of this town has."""

    def school(self, grades: Sequence[str], size: int, name: str | None = None, staff: int = 24) -> School:
        """Found a school with `size` students, about as many in each grade."""
        place = SCHOOLS[self._schools % len(SCHOOLS)]
        self._schools += 1
        named = name or f"{place} {LEVELS.get(tuple(grades), 'School')}"
        low, high = grades[0], grades[-1]
        school_id = self._add(
            RecordKind.SCHOOL, name=named, school_number=str(self._schools), low_grade=low, high_grade=high
        )
        shares = {grade: size // len(grades) + (i < size % len(grades)) for i, grade in enumerate(grades)}
        school = School(school_id, named, {})
        for grade, count in shares.items():
            school.students[grade] = [self.student(school_id, grade) for _ in range(count)]
        possible = [name for name in SURNAMES if name not in self.absent]
        surnames = self.rng.sample(possible, min(staff, len(possible)))
        school.staff = [self.teacher(last) for last in surnames]
        return school

    def student(self, school_id: str | None, grade: str | None) -> str:
        """Enrol a student; his school and his grade may be blank."""
        texts = _unblanked(
            first_name=self.rng.choice(FIRST_NAMES),
            last_name=self.rng.choice(SURNAMES),
            sis_id=str(next(self._numbers)),
            grade=grade,
            school_id=school_id,
        )
        return self._add(RecordKind.USER, student={"texts": texts})

    def teacher(self, last: str, *, is_shared: bool = True) -> Teacher:
        """Hire a teacher; one who is not shared has an id that nothing stands under."""
        if not is_shared:
            return Teacher(self._id(), last)
        side = {"first_name": self.rng.choice(FIRST_NAMES), "last_name": last}
        return Teacher(self._add(RecordKind.USER, teacher=side), last, side["first_name"])

    def rename(self, teacher: Teacher) -> None:
        """Write a teacher's name into the record."""
        self.records[RecordKind.USER, teacher.id]["teacher"] |= {
            "first_name": teacher.first,
            "last_name": teacher.last,
        }

    def course(self, name: str, number: str | None = None) -> str:
        """Return the course of this name and number, a new one the first time."""
        if (name, number) not in self._courses:
            self._courses[name, number] = self._add(RecordKind.COURSE, name=name, number=number)
        return self._courses[name, number]

    def term(self, name: str, start: date | None = None, end: date | None = None) -> str:
        """Set up a term."""
        days = {"start": start and start.isoformat(), "end": end and end.isoformat()}
        return self._add(RecordKind.TERM, name=name, **days)

    def section(
        self, school: School, students: Iterable[str], teachers: Iterable[Teacher], **fields: str | None
    ) -> str:
        """Open a section."""
        sis_id = f"{self.rng.randrange(10**7):07}"
        section_id = self._add(RecordKind.SECTION, school_id=school.id, sis_id=sis_id, **fields)
        section = self.records[RecordKind.SECTION, section_id]
        section["teachers"] = sorted({teacher.id for teacher in teachers})
        section["students"] = sorted(set(students))
        return section_id

    def enrol(self, student: str, section_id: str) -> None:
        """Put a student into one more section."""
        section = self.records[RecordKind.SECTION, section_id]
        section["students"] = sorted({*section["students"], student})

    def withdraw(self, student: str, section_id: str) -> None:
        """Take a student out of a section."""
        self.records[RecordKind.SECTION, section_id]["students"].remove(student)

    def accept(self, section_ids: Iterable[str], students: Iterable[str] | None = None) -> None:
        """Say that these sections are the class of those in them, or only of these students."""
        only = None if students is None else frozenset(students)
        self._accepted.update(dict.fromkeys(section_ids, only))

    def classes(self) -> dict[str, frozenset[str]]:
        """Return, for every student, the sections that a person at the district would call the class."""
        found: dict[str, set[str]] = {
            record_id: set() for (_, record_id), record in self.records.items() if "student" in record
        }
        for section_id, only in self._accepted.items():
            for student in self._listed(section_id):
                if only is None or student in only:
                    found[student].add(section_id)
        return {student: frozenset(sections) for student, sections in found.items()}

    def where(self, school: School, **fields: str) -> list[str]:
        """Return the school's sections that have these texts."""
        wanted = {"school_id": school.id, **fields}.items()
        return [
            record_id
            for (kind, record_id), record in self.records.items()
            if kind is RecordKind.SECTION
            and wanted <= {name: record.get(name) for name in dict(wanted)}.items()
        ]

    def sections(self, section_ids: Iterable[str]) -> list[Json]:
        """Return these sections' records, to be changed."""
        return [self.records[RecordKind.SECTION, section_id] for section_id in section_ids]

    def disturb(self, share: float) -> None:
        """Give this share of the students a wrong homeroom: half of them none, half of them two."""
        places = [(student, home) for home in self.homes for student in self._listed(home)]
        chosen = self.rng.sample(places, round(len(places) * share))
        for number, (student, home) in enumerate(chosen):
            if number % 2:
                self.withdraw(student, home)
            else:
                self.enrol(student, self.rng.choice([other for other in self.homes if other != home]))

    def _listed(self, section_id: str) -> list[str]:
        listed: list[str] = self.records[RecordKind.SECTION, section_id]["students"]
        return listed

    def _add(self, kind: RecordKind, **values: Any) -> str:
        record_id = self._id()
        self.records[kind, record_id] = _unblanked(**values)
        return record_id

    def _id(self) -> str:
        return f"{self.rng.getrandbits(96):024x}"


def _unblanked(**values: Any) -> Json:
    return {name: value for name, value in values.items() if not is_blank(value)}
