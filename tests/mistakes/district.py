"""A small district as data: Clever's records, our filter and policy, and the day; and what can be changed."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from tests.support.builders.records import record_id

Json = dict[str, Any]
Key = tuple[str, str]
"""A collection of Clever's and an id; sections and users have the same ids."""

SCHOOL_DAY: Final = date(2026, 10, 14)
"""The day on which a district is committed, and on which it changes unless the change is that days go by."""


@dataclass
class District:
    """One district at one time."""

    records: dict[Key, Json] = field(default_factory=dict)
    filter: Json = field(default_factory=dict)
    day: date = SCHOOL_DAY
    policy: Json = field(default_factory=dict)

    def copy(self) -> District:
        """Return one that can be changed without this one."""
        copied: District = pickle.loads(pickle.dumps(self))  # noqa: S301 — which takes a tenth of the time of `deepcopy`
        return copied

    # What is there

    def all_of(self, collection: str) -> list[Json]:
        """Return the records of a collection in the order in which they came."""
        return [record for (of, _), record in self.records.items() if of == collection]

    def school(self, name: str) -> Json:
        """Return the school of a name."""
        return next(school for school in self.all_of("schools") if school["name"] == name)

    def term(self, name: str) -> Json:
        return next(term for term in self.all_of("terms") if term["name"] == name)

    def sections(self, title: str = "", school: str | None = None, **fields: str) -> list[Json]:
        """Return the sections whose name begins so, of a school if one is named, and with these fields."""
        at = self.school(school)["id"] if school else None
        return [
            section
            for section in self.all_of("sections")
            if section["name"].startswith(title)
            and at in {None, section["school"]}
            and all(section[name] == value for name, value in fields.items())
        ]

    def students(self, school: str | None = None, grade: str | None = None) -> list[Json]:
        """Return the students of a school, or of a grade, or of both, or all."""
        at = self.school(school)["id"] if school else None
        return [
            user
            for user in self.all_of("users")
            if (role := user["roles"].get("student")) is not None
            and at in {None, role["school"]}
            and grade in {None, role["grade"]}
        ]

    def teachers(self, school: str | None = None) -> list[Json]:
        """Return the teachers of a school, or all."""
        at = self.school(school)["id"] if school else None
        return [
            user
            for user in self.all_of("users")
            if (role := user["roles"].get("teacher")) is not None and at in {None, role["school"]}
        ]

    # What can be done

    def add(self, collection: str, record: Json) -> Json:
        """Add a record, and return it."""
        key = (collection, record["id"])
        assert key not in self.records, key
        self.records[key] = record
        return record

    def drop(self, collection: str, records: Iterable[Json]) -> None:
        """Have records gone; sections go on listing users who are."""
        for record in records:
            del self.records[collection, record["id"]]

    def drop_students(self, students: Iterable[Json]) -> None:
        """Have students gone, from the lists of sections too."""
        for student in list(students):
            self.drop("users", [student])
            self.unlist(student, self.all_of("sections"))

    def unlist(self, student: Json, sections: Iterable[Json]) -> None:
        """Take a student out of the lists of sections."""
        for section in sections:
            section["students"] = [one for one in section["students"] if one != student["id"]]

    def free_id(self, collection: str, first: int) -> str:
        """Return an id that no record of the collection has, from a number on."""
        number = first
        while (collection, record_id(number)) in self.records:
            number += 1
        return str(record_id(number))


Change = Callable[[District], None]
"""What happens at a district, or in our settings."""


def role(student: Json) -> Json:
    """Return the student's side of a user."""
    found: Json = student["roles"]["student"]
    return found


def put_title(section: Json, title: str) -> None:
    """Give a section another course name, with which Clever names it anew."""
    _, *rest = section["name"].split(" - ")
    section["name"] = " - ".join([title, *rest])
