"""Whole districts as raw Clever v3.1 records: generated from a seed, written to and read from list pages.

A generated district is made so that section filters tell themselves apart. Every student sits in six to
eight sections; by subject homeroom/advisory a third of them sit in two; by name containing "homeroom"
every student sits in exactly one.

Records are kept as JSON (see `RecordStore`): what is taken out is a copy, and is put back to be changed.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from math import ceil
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from worker.messaging.event_files import COLLECTIONS
from worker.runtime.errors import InputFileError
from worker.sandbox import ids, names
from worker.sandbox.classes import GROUP_SIZE, Class, ClassTeacher, plan_classes, section_fields
from worker.sandbox.ids import UNSHARED, IdMaker, tag_of, timestamp
from worker.sandbox.names import set_or_blank
from worker.sandbox.record_store import RecordStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from worker.messaging.event_files import JsonObject

_STAMPED: Final = {"schools", "users", "sections"}
_STAFF_TEACHERS: Final = 0.05
_TWO_SCHOOLS: Final = 0.04
_UNSHARED_EVERY: Final = 40  # sections, one of which lists a student who is not shared
_PROGRESS_EVERY: Final = 5_000


@dataclass(frozen=True, slots=True)
class DistrictSpec:
    """What to generate; equal specs give equal districts, byte for byte."""

    students: int = 600
    seed: int = 1
    district_id: str | None = None
    """None: made from the seed, so that districts that must stand side by side need different seeds."""
    started: datetime = datetime(2026, 8, 17, 6, tzinfo=UTC)
    """When the district was first shared, and the first day of its school year."""
    contacts: float = 0.5
    """Contacts per student, from 0 to 1."""
    semesters: bool = True
    """Electives last a semester (terms fall, spring and the year), else all sections last the year."""


class SandboxDistrict:
    """The live state of one district: raw records by id, in each of Clever's collections."""

    def __init__(self, district_id: str) -> None:
        self.id = district_id
        self.collections: dict[str, RecordStore] = {name: RecordStore() for name in COLLECTIONS}
        self.users = self.collections["users"]
        self.sections = self.collections["sections"]
        self._sections_of: dict[str, list[str]] | None = None

    def records(self, collection: str) -> Iterator[JsonObject]:
        """Go through a collection in the order of its ids, which is Clever's."""
        return iter(self.collections[collection].values())

    def students(self) -> Iterator[JsonObject]:
        """Go through the users who are students, in the order of their ids."""
        return (user for user in self.records("users") if "student" in user["roles"])

    def sections_of(self, student_id: str) -> Sequence[str]:
        """List the sections that a student is in, by id; works for unshared students too."""
        if self._sections_of is None:
            self._sections_of = {}
            for section in self.sections.values():
                self._index(section)
        return tuple(self._sections_of.get(student_id, ()))

    def put(self, collection: str, record: JsonObject) -> None:
        """Add a record, or replace the one with its id."""
        if collection == "sections":
            self.remove(collection, record["id"])
            self._index(record)
        self.collections[collection][record["id"]] = record

    def remove(self, collection: str, record_id: str) -> JsonObject | None:
        """Take a record out; None if there was none."""
        record = self.collections[collection].pop(record_id, None)
        if record and collection == "sections" and self._sections_of is not None:
            for student in set(record["students"]):
                self._sections_of[student].remove(record_id)
        return record

    def _index(self, section: JsonObject) -> None:
        if self._sections_of is not None:
            for student in set(section["students"]):
                self._sections_of.setdefault(student, []).append(section["id"])

    @staticmethod
    def load_pages(folder: Path) -> SandboxDistrict:
        """Read a folder of Clever list pages; InputFileError if a file in it is something else."""
        rows = [row for path in sorted(folder.glob("*.json")) for row in ids.read_page(path)]
        owners = {str(record.get("district") or record["id"]) for _, record in rows}
        if len(owners) != 1:
            raise InputFileError(f"{folder}: pages of one district are needed, of {len(owners)} found")
        district = SandboxDistrict(*owners)
        for collection, record in rows:
            district.collections[collection][record["id"]] = record
        return district


def generate(spec: DistrictSpec, progress: Callable[[str, int], None] | None = None) -> SandboxDistrict:
    """Make the district of a spec, whole, in memory; `progress` hears how many records were made since."""
    draft = _Draft(spec)
    district = SandboxDistrict(draft.district_id)
    for number, (collection, record) in enumerate(draft.records(), start=1):
        district.collections[collection][record["id"]] = record
        if progress and number % _PROGRESS_EVERY == 0:
            progress("records", _PROGRESS_EVERY)
    return district


def stream(spec: DistrictSpec) -> Iterator[tuple[str, JsonObject]]:
    """Make the same records one by one with their collections, holding no more than a school at a time.

    Schools come one after the other; what a record refers to comes before it.
    """
    return _Draft(spec).records()


class _School(NamedTuple):
    id: str
    name: str
    cohorts: dict[str, int]
    teachers: list[ClassTeacher]


class _Draft:
    """One run of the generator: the numbers drawn so far, and what later records refer to."""

    def __init__(self, spec: DistrictSpec) -> None:
        if spec.students < 0:
            raise ValueError("a district has no fewer than 0 students")
        self.spec = spec
        self.rng = random.Random(spec.seed)  # noqa: S311 — not for secrets: reproducible districts
        self.ids = IdMaker(tag_of(spec.district_id or f"seed {spec.seed}"), spec.started)
        self.numbers = count(1)
        self.stamps = {"created": timestamp(spec.started), "last_modified": timestamp(spec.started)}
        self.district_id = spec.district_id or self.ids.next("districts")
        self.courses: dict[str, str] = {}
        self.terms: dict[str, str] = {}
        self.schools = [self._plan_school(*plan) for plan in names.school_plans(spec.students, self.rng)]

    def records(self) -> Iterator[tuple[str, JsonObject]]:
        said = names.district_details(self.spec.seed, self.stamps["created"])
        yield "districts", {"id": self.district_id, **said}
        year = names.school_year(self.spec.started.date(), semesters=self.spec.semesters)
        for name, (start, end) in year.items():
            term = self._record("terms", name=name, start_date=str(start), end_date=str(end))
            self.terms[name] = term["id"]
            yield "terms", term
        for school in self.schools:
            details = names.school_details(school.name, next(self.numbers), tuple(school.cohorts))
            yield "schools", {"id": school.id, "district": self.district_id, **self.stamps, **details}
        yield "users", self._user(names.person_name(self.rng), district_admin={"title": "Data Manager"})
        for school in self.schools:
            yield from self._fill(school)

    def _plan_school(self, title: str, grades: Sequence[str], size: int) -> _School:
        cohorts = names.split(size, [self.rng.uniform(0.9, 1.1) for _ in grades])
        name = f"{names.place(next(self.numbers) + self.spec.seed)} {title}"
        return _School(self.ids.next("schools"), name, dict(zip(grades, cohorts, strict=True)), [])

    def _fill(self, school: _School) -> Iterator[tuple[str, JsonObject]]:
        classes = sum(ceil(size / GROUP_SIZE) for size in school.cohorts.values())
        for number in range(classes + 1):
            # The last one is no teacher by role, and teaches with the others all the same.
            user = self._teacher(school, staff_only=number == classes)
            school.teachers.append(ClassTeacher(user["id"], user["name"]["last"]))
            yield "users", user
        free = iter(school.teachers)
        for grade, size in school.cohorts.items():
            cohort: list[str] = []
            for _ in range(size):
                student = self._student(school, grade)
                cohort.append(student["id"])
                yield "users", student
                if self.rng.random() < self.spec.contacts:
                    yield "users", self._contact(student)
            for planned in plan_classes(self.rng, grade, cohort, school.teachers, free):
                yield from self._section(school, grade, planned)

    def _teacher(self, school: _School, *, staff_only: bool) -> JsonObject:
        number, name, at = next(self.numbers), names.person_name(self.rng), self._schools_with(school)
        roles: JsonObject = {}
        if not staff_only:
            roles["teacher"] = {"school": school.id, "schools": at, **names.teacher_role(self.rng, number)}
        if staff_only or self.rng.random() < _STAFF_TEACHERS:
            roles["staff"] = {"staff_id": f"E{number}", "schools": at, "title": "Aide", "legacy_id": ""}
        return self._user(name, names.email(name, number, "staff"), **roles)

    def _student(self, school: _School, grade: str) -> JsonObject:
        number, at, year = next(self.numbers), self._schools_with(school), self.spec.started.year
        return self._record("users", **names.student_user(self.rng, grade, at, year, number))

    def _contact(self, student: JsonObject) -> JsonObject:
        # Clever puts a contact's whole name into the last name.
        name = {"last": f"{names.first_name(self.rng)} {student['name']['last']}"}
        role = names.contact_role(self.rng, student["id"], next(self.numbers))
        return self._record("users", name=name, roles={"contact": role})

    def _user(self, name: JsonObject, email: str = "", **roles: JsonObject) -> JsonObject:
        return self._record("users", name=name, email=email, roles=roles)

    def _record(self, collection: str, **fields: Any) -> JsonObject:
        stamps = self.stamps if collection in _STAMPED else {}
        return {"id": self.ids.next(collection), "district": self.district_id, **stamps, **fields}

    def _schools_with(self, school: _School) -> list[str]:
        other = self.rng.choice(self.schools) if self.rng.random() < _TWO_SCHOOLS else school
        return [school.id] if other is school else [school.id, other.id]

    def _section(self, school: _School, grade: str, planned: Class) -> Iterator[tuple[str, JsonObject]]:
        number, name = next(self.numbers), names.course_in_grade(planned.course, grade)
        if name.name not in self.courses:
            record = self._record("courses", name=name.name)
            set_or_blank(record, "number", f"C{number}", self.rng)
            self.courses[name.name] = record["id"]
            yield "courses", record
        fields = section_fields(
            self.rng,
            planned._replace(course=name),
            school.teachers,
            self.terms,
            school=school.id,
            grade=grade,
            course=self.courses[name.name],
            sis_id=f"SEC-{number}",
            unshared=[] if number % _UNSHARED_EVERY else [self.ids.next(UNSHARED)],
        )
        yield "sections", self._record("sections", **fields)
