"""A district's new school year, told as Clever's events (see `upheavals`, of which this is the largest)."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any, Final

from worker.messaging.event_files import JsonObject
from worker.sandbox import daily_changes, ids, names
from worker.sandbox.classes import Class, ClassTeacher, plan_classes, section_fields
from worker.sandbox.daily_changes import Feed
from worker.sandbox.district import SandboxDistrict
from worker.sandbox.names import GRADES

_BEFORE_KINDERGARTEN: Final = {"PreKindergarten", "TransitionalKindergarten"}
_Cohorts = dict[tuple[str, str], list[str]]
"""Students by school and grade."""


def rollover(district: SandboxDistrict, feed: Feed, seed: int = 1) -> Iterator[JsonObject]:
    """Begin a school year: everybody a grade on, the top grade gone, as many in Kindergarten as before.

    All sections and terms are deleted, and new ones made under new ids; whose grade his school does not
    have goes to a school that has it. Every student is in exactly one homeroom afterwards.
    """
    year = _NewYear(district, feed, random.Random(seed))  # noqa: S311 — not for secrets: reproducible years
    old_terms = list(district.collections["terms"])
    yield from year.begin_terms()
    yield from _delete(district, feed, "sections", list(district.sections))
    yield from year.promote()
    yield from year.enter()
    yield from year.make_sections()
    yield from _delete(district, feed, "terms", old_terms)


def _delete(
    district: SandboxDistrict, feed: Feed, collection: str, record_ids: list[str]
) -> Iterator[JsonObject]:
    for record_id in record_ids:
        if record := district.remove(collection, record_id):
            yield feed.event(f"{collection}.deleted", record)


@dataclass(slots=True)
class _NewYear:
    """One rollover: the year's terms, and where everybody is in it."""

    district: SandboxDistrict
    feed: Feed
    rng: random.Random
    terms: dict[str, str] = field(default_factory=dict)
    cohorts: _Cohorts = field(default_factory=lambda: defaultdict(list))
    entered: Counter[str] = field(default_factory=Counter)
    """How many were in Kindergarten in the old year, by school."""

    def begin_terms(self) -> Iterator[JsonObject]:
        for name, (start, end) in names.school_year(self.feed.now.date(), semesters=True).items():
            term = self._record("terms", name=name, start_date=str(start), end_date=str(end))
            self.terms[name] = term["id"]
            yield self._create("terms", term)

    def promote(self) -> Iterator[JsonObject]:
        """Move everybody a grade on, and the top grade out."""
        grades = Counter(_grade(student) for student in self.district.students())
        top = max(set(grades) & set(GRADES), key=GRADES.index, default=GRADES[-1])
        schools = self._schools_by_grade()
        for student in self.district.students():
            role, grade = student["roles"]["student"], _grade(student)
            self.entered[role["school"]] += grade == GRADES[0]
            if grade == top:
                yield from _delete(self.district, self.feed, "users", [student["id"]])
                continue
            following = _following(grade)
            school = role["school"]
            if following in schools and school not in schools[following]:
                school = self.rng.choice(schools[following])
            self.cohorts[school, following].append(student["id"])
            moves: ids.Changes = {("roles", "student", "grade"): following}
            if school != role["school"]:
                moves |= {("roles", "student", "school"): school, ("roles", "student", "schools"): [school]}
            yield from self._update(student, moves)

    def enter(self) -> Iterator[JsonObject]:
        """Bring new children into Kindergarten, as many as left it."""
        for school, number in sorted(self.entered.items()):
            for _ in range(number):
                (event,) = daily_changes.new_student(self.district, self.feed, school, GRADES[0], [])
                self.cohorts[school, GRADES[0]].append(event["data"]["object"]["id"])
                yield event

    def make_sections(self) -> Iterator[JsonObject]:
        courses = {one["name"]: one["id"] for one in self.district.records("courses") if one.get("name")}
        teachers = self._teachers_by_school()
        anybody = [teacher for school in sorted(teachers) for teacher in teachers[school]]
        for school, grade in sorted(self.cohorts):
            cohort, there = self.cohorts[school, grade], teachers.get(school) or anybody
            for planned in plan_classes(self.rng, grade, cohort, there, cycle(there)):
                course = names.course_in_grade(planned.course, grade)
                if course.name not in courses:
                    record = self._record("courses", name=course.name)
                    courses[course.name] = record["id"]
                    yield self._create("courses", record)
                section = planned._replace(course=course)
                yield self._section(section, school, grade, there, courses[course.name])

    def _section(
        self, planned: Class, school: str, grade: str, teachers: list[ClassTeacher], course: str
    ) -> JsonObject:
        record = self._record("sections")
        stamp = ids.timestamp(self.feed.now)
        fields = section_fields(
            self.rng,
            planned,
            teachers,
            self.terms,
            school=school,
            grade=grade,
            course=course,
            sis_id=f"SEC-{record['id'][:8]}-{int(record['id'][-6:], 16)}",
        )
        return self._create("sections", {**record, "created": stamp, "last_modified": stamp, **fields})

    def _teachers_by_school(self) -> Mapping[str, list[ClassTeacher]]:
        found: dict[str, list[ClassTeacher]] = defaultdict(list)
        for user in self.district.records("users"):
            role = user["roles"].get("teacher") or user["roles"].get("staff")
            if role and role.get("schools"):
                found[role.get("school") or role["schools"][0]].append(
                    ClassTeacher(user["id"], user["name"].get("last") or "")
                )
        return found

    def _schools_by_grade(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = defaultdict(list)
        for school in self.district.records("schools"):
            low, high = school.get("low_grade"), school.get("high_grade")
            if low in GRADES and high in GRADES:
                for grade in GRADES[GRADES.index(low) : GRADES.index(high) + 1]:
                    found[grade].append(school["id"])
        return found

    def _record(self, collection: str, **fields: Any) -> JsonObject:
        record_id, _ = self.feed.new_record_id(collection)
        while record_id in self.district.collections[collection]:
            record_id, _ = self.feed.new_record_id(collection)
        return {"id": record_id, "district": self.district.id, **fields}

    def _create(self, collection: str, record: JsonObject) -> JsonObject:
        self.district.put(collection, record)
        return self.feed.event(f"{collection}.created", record)

    def _update(self, student: JsonObject, moves: ids.Changes) -> Iterator[JsonObject]:
        new, previous = ids.changed(student, moves, ids.timestamp(self.feed.now))
        if new is not student:
            self.district.put("users", new)
            yield self.feed.event("users.updated", new, previous)


def _grade(student: JsonObject) -> str:
    return student["roles"]["student"].get("grade") or ""


def _following(grade: str) -> str:
    if grade in _BEFORE_KINDERGARTEN:
        return GRADES[0]
    return GRADES[GRADES.index(grade) + 1] if grade in GRADES[:-1] else grade
