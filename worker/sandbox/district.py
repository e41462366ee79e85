"""Whole districts as raw Clever v3.1 records: generated from a seed, written to and read from list pages.

A generated district is made so that section filters tell themselves apart. Every student sits in six to
eight sections; by subject homeroom/advisory a third of them sit in two; by name containing "homeroom"
every student sits in exactly one.

Records are replaced, never changed in place, because events and pages share them with the district.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate, islice, pairwise
from math import ceil
from typing import TYPE_CHECKING, Final

import orjson

from worker.errors import InputFileError
from worker.sandbox import names
from worker.sandbox.ids import API_VERSION, COLLECTIONS, UNSHARED, IdMaker, collection_of, tag_of, timestamp, uri
from worker.sandbox.names import GRADES, CourseName, set_or_blank

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from worker.sandbox.ids import JsonObject

_ONE_SCHOOL_BELOW: Final = 100
_LEVELS: Final = (
    ("Elementary School", GRADES[:6], 450),
    ("Middle School", GRADES[6:9], 650),
    ("High School", GRADES[9:], 1100),
)
_GROUP_SIZE: Final = 25
_ELECTIVE_PERIODS: Final = (5, 6)
_EMAIL_FROM: Final = GRADES.index("4")
_STAFF_TEACHERS: Final = 0.05
_TWO_SCHOOLS: Final = 0.04
_CO_TAUGHT: Final = 0.12
_UNSHARED_EVERY: Final = 40
"""One section in so many lists a student who is not shared."""


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


class District:
    """The live state of one district: raw records by id, in each of Clever's collections."""

    def __init__(self, district_id: str) -> None:
        self.id = district_id
        self.collections: dict[str, dict[str, JsonObject]] = {name: {} for name in COLLECTIONS}
        self.schools = self.collections["schools"]
        self.users = self.collections["users"]
        self.sections = self.collections["sections"]
        self._sections_of: dict[str, list[str]] | None = None

    def records(self, collection: str) -> Iterator[JsonObject]:
        """The records of a collection in the order of their ids, which is Clever's."""
        held = self.collections[collection]
        return (held[key] for key in sorted(held))

    def students(self) -> Iterator[JsonObject]:
        """The users who are students, in the order of their ids."""
        return (user for user in self.records("users") if "student" in user["roles"])

    def sections_of(self, student_id: str) -> Sequence[str]:
        """The ids of the sections that list a student, shared with us or not."""
        if self._sections_of is None:
            self._sections_of = {}
            for section in self.sections.values():
                self._index(section)
        return tuple(self._sections_of.get(student_id, ()))

    def put(self, collection: str, record: JsonObject) -> None:
        """Add a record, or replace the one with its id."""
        if collection == "sections":
            self.remove(collection, record["id"])
        self.collections[collection][record["id"]] = record
        if collection == "sections":
            self._index(record)

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

    def pages(self, collection: str, size: int = 10_000) -> Iterator[JsonObject]:
        """A collection in Clever's list envelope, page by page; an empty one has one empty page."""
        rows = ({"data": record, "uri": uri(collection, record["id"])} for record in self.records(collection))
        here = f"/{API_VERSION}/{collection}?limit={size}"
        left = len(self.collections[collection])
        after = ""
        while True:
            data = list(islice(rows, size))
            left -= len(data)
            links = [{"rel": "self", "uri": here + after}]
            if left:
                after = f"&starting_after={data[-1]['data']['id']}"
                links.append({"rel": "next", "uri": here + after})
            yield {"data": data, "links": links}
            if not left:
                return

    def write_pages(self, folder: Path) -> None:
        """Write one file a collection, `users.json` and so on, each of them one long page."""
        folder.mkdir(parents=True, exist_ok=True)
        for collection, held in self.collections.items():
            (page,) = self.pages(collection, max(1, len(held)))
            (folder / f"{collection}.json").write_bytes(orjson.dumps(page))

    @staticmethod
    def load_pages(folder: Path) -> District:
        """Read a folder of Clever list pages; InputFileError if a file in it is something else."""
        rows = [row for path in sorted(folder.glob("*.json")) for row in _rows(path)]
        owners = {record.get("district", record["id"]) for _, record in rows}
        if len(owners) != 1:
            raise InputFileError(f"{folder}: pages of one district are needed, of {len(owners)} found")
        district = District(*owners)
        for collection, record in rows:
            district.collections[collection][record["id"]] = record
        return district


def _rows(path: Path) -> Iterator[tuple[str, JsonObject]]:
    try:
        for row in orjson.loads(path.read_bytes())["data"]:
            collection = collection_of(row["data"], row.get("uri", ""))
            if collection is None:
                raise InputFileError(f"{path}: a row is of no collection known here")
            yield collection, row["data"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputFileError(f"{path}: not a Clever list page") from error


def generate(spec: DistrictSpec) -> District:
    """The district of a spec, whole, in memory."""
    draft = _Draft(spec)
    district = District(draft.district_id)
    for collection, record in draft.records():
        district.collections[collection][record["id"]] = record
    return district


def stream(spec: DistrictSpec) -> Iterator[tuple[str, JsonObject]]:
    """The same records one by one with their collections, holding no more than a school at a time.

    Schools come one after the other; what a record refers to comes before it.
    """
    return _Draft(spec).records()


class _Teacher(NamedTuple):
    id: str
    last_name: str


class _School(NamedTuple):
    id: str
    name: str
    cohorts: dict[str, int]
    teachers: list[_Teacher]


class _Draft:
    """One run of the generator: the numbers drawn so far, and what later records refer to."""

    def __init__(self, spec: DistrictSpec) -> None:
        if spec.students < 0:
            raise ValueError("a district has no fewer than 0 students")
        self.spec = spec
        self.rng = random.Random(spec.seed)  # noqa: S311 — not for secrets: reproducible districts
        self.ids = IdMaker(tag_of(spec.district_id or f"seed {spec.seed}"), spec.started)
        self.district_id = spec.district_id or self.ids.next("districts")
        self.stamp = timestamp(spec.started)
        self.schools = self._plan_schools()
        self.courses: dict[str, str] = {}
        self.terms: dict[str, str] = {}
        self.numbers = count(1)

    def _plan_schools(self) -> list[_School]:
        students = self.spec.students
        if students < _ONE_SCHOOL_BELOW:
            return [self._plan_school("School", GRADES, students, 1)]
        schools: list[_School] = []
        for (title, grades, typical), of_level in zip(
            _LEVELS, _split(students, [len(grades) for _, grades, _ in _LEVELS]), strict=True
        ):
            weights = [self.rng.uniform(0.7, 1.3) for _ in range(max(1, round(of_level / typical)))]
            schools += [self._plan_school(title, grades, size, len(schools) + 1) for size in _split(of_level, weights)]
        return schools

    def _plan_school(self, title: str, grades: Sequence[str], size: int, number: int) -> _School:
        cohorts = _split(size, [self.rng.uniform(0.9, 1.1) for _ in grades])
        name = f"{names.place(number + self.spec.seed)} {title}"
        return _School(self.ids.next("schools"), name, dict(zip(grades, cohorts, strict=True)), [])

    def records(self) -> Iterator[tuple[str, JsonObject]]:
        yield "districts", self._district()
        yield from (("terms", term) for term in self._terms())
        yield from (("schools", self._school(school)) for school in self.schools)
        yield "users", self._user("staff", {"district_admin": {"title": "Data Manager", "legacy_id": ""}})
        for school in self.schools:
            yield from (("users", user) for user in self._staff(school))
            for grade, size in school.cohorts.items():
                cohort: list[str] = []
                for user in self._cohort(school, grade, size):
                    ...
