"""The roster that ought to be committed of a district: an oracle, made from the words of the contract.

It shares no code with the pipeline that it judges, so that an error of the pipeline cannot be its own.
Which fields are required and which limits hold is policy, and none of the oracle's business: it tells
what a commit holds when there is one.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from worker.messaging.event_files import JsonObject
from worker.sandbox.district import SandboxDistrict

Entry: TypeAlias = tuple[str, str, JsonObject]
"""A record of the roster: kind, id, fields."""
Keeps: TypeAlias = Callable[[JsonObject], bool]
"""Tells of a raw section whether it counts as a class."""

_SCHOOL_FIELDS: Final = ("name", "sis_id", "school_number", "low_grade", "high_grade")
_CLASS_FIELDS: Final = ("name", "grade", "subject", "period", "term_id", "sis_id")
_STUDENT_FIELDS: Final = ("sis_id", "student_number", "state_id", "grade")
_KINDS: Final = {"school": "schools", "teacher": "teachers", "class": "classes", "student": "students"}
_SEVERAL: Final = ""
_CANONICAL: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is to be committed, as a commit tells it."""

    digest: str
    counts: dict[str, int]
    blocked: int
    """Students who have not exactly one class; they are left out, and nothing is committed with them."""


def name_contains(text: str) -> Keeps:
    """Keep the sections whose names contain a text, in any case."""
    wanted = text.casefold()
    return lambda section: wanted in str(section.get("name") or "").casefold()


HOMEROOMS: Final = name_contains("homeroom")


def truth(district: SandboxDistrict, keeps: Keeps = HOMEROOMS) -> Truth:
    """Work out the digest and the counts of a district's roster, holding one record at a time."""
    total, counts = 0, Counter[str]()
    for kind, record_id, record in entries(district, keeps):
        canonical = _CANONICAL.encode({"id": record_id, "kind": kind, "record": record})
        total += int.from_bytes(hashlib.sha256(canonical.encode()).digest())
        counts[_KINDS[kind]] += 1
    students = sum(1 for _ in district.students())
    in_order = {kind: counts[kind] for kind in _KINDS.values()}
    return Truth(f"{total % 2**256:064x}", in_order, students - counts["students"])


def entries(district: SandboxDistrict, keeps: Keeps) -> Iterator[Entry]:
    """Go through the records to be committed: students, then classes, then their teachers and schools."""
    classes = _classes_of_students(district, keeps)
    schools: set[str] = set()
    taught: set[str] = set()
    for user in district.students():
        if class_id := classes.get(user["id"]):
            record = _student(user, class_id)
            taught.add(class_id)
            schools.add(record["school_id"])
            yield "student", user["id"], record
    teachers: set[str] = set()
    for class_id in taught:
        record = _class(district.sections[class_id])
        teachers.update(record["teacher_ids"])
        schools.add(record["school_id"])
        yield "class", class_id, record
    for teacher in teachers:
        if teacher in district.users:
            yield "teacher", teacher, _teacher(district.users[teacher])
    for school in schools:
        if school in district.collections["schools"]:
            found = district.collections["schools"][school]
            yield "school", school, {name: _text(found.get(name)) for name in _SCHOOL_FIELDS}


def _classes_of_students(district: SandboxDistrict, keeps: Keeps) -> dict[str, str]:
    """Find each student's class; `_SEVERAL` for students who have more than one."""
    found: dict[str, str] = {}
    for section in district.records("sections"):
        if keeps(section):
            for student in set(section["students"]):
                found[student] = _SEVERAL if student in found else section["id"]
    return found


def _student(user: JsonObject, class_id: str) -> JsonObject:
    role, name = user["roles"]["student"], user.get("name") or {}
    return {
        **{f"{part}_name": _text(name.get(part)) for part in ("first", "middle", "last")},
        "email": _text(user.get("email")),
        **{field: _text(role.get(field)) for field in _STUDENT_FIELDS},
        "school_id": _text(role.get("school")),
        "class_id": class_id,
        "extra": {},
    }


def _class(section: JsonObject) -> JsonObject:
    listed = {*(section.get("teachers") or ()), section.get("teacher")}
    return {
        **{field: _text(section.get(field)) for field in _CLASS_FIELDS},
        "school_id": _text(section.get("school")),
        "teacher_ids": sorted(filter(None, listed)),
    }


def _teacher(user: JsonObject) -> JsonObject:
    roles, name = user.get("roles") or {}, user.get("name") or {}
    sis_id = _text(roles.get("teacher", {}).get("sis_id")) or roles.get("staff", {}).get("staff_id")
    return {
        "first_name": _text(name.get("first")),
        "last_name": _text(name.get("last")),
        "email": _text(user.get("email")),
        "sis_id": _text(sis_id),
    }


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
