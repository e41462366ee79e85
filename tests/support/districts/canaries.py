"""Canaries: a district whose every personal field holds a marker that stands nowhere else.

Where a marker turns up in a log line, a metric, a span, an alert or an address, something personal would
have. Section names are among them, since they carry teachers' names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from tests.support.builders.records import (
    DISTRICT,
    Json,
    course_json,
    district_json,
    event_json,
    record_id,
    school_json,
    section_json,
    student_json,
    teacher_json,
    term_json,
    user_json,
)

STEM: Final = "Qzanary"
_MARKER: Final = re.compile(rf"{STEM}\w*", re.IGNORECASE)


def marker(field: str, number: int = 1) -> str:
    """Return the marker of a field of the record with this number."""
    return f"{STEM}{field.title().replace('_', '')}{number}"


def found(text: str) -> list[str]:
    """Return the markers in a text, however they are written there."""
    return sorted(set(_MARKER.findall(text)))


def assert_absent(text: str, where: str) -> None:
    """Fail where a marker stands in a text, and name the field that it is from."""
    assert found(text) == [], f"{where} holds what was planted in personal fields"


def address(number: int) -> str:
    """Return the address of a member of a district's administration team."""
    return f"{marker('team_address', number).lower()}@district.example"


def member(number: int) -> str:
    """Return such a member as people write him: with his name."""
    return f"{marker('team_name', number)} <{address(number)}>"


def student(number: int = 1, role: Json | None = None) -> Json:
    """Return a student all of whose personal fields are marked."""
    fields = (
        *(
            "sis_id",
            "student_number",
            "state_id",
            "dob",
            "gender",
            "race",
            "hispanic_ethnicity",
            "ell_status",
        ),
        *("frl_status", "iep_status", "home_language", "unweighted_gpa", "credentials"),
    )
    planted = {field: marker(field, number) for field in fields}
    nested = {"ext": {marker("ext_key", number): {"deep": [marker("ext", number)]}}}
    unread = {
        "location": {"address": marker("address", number)},
        "enrollments": [marker("enrollment", number)],
    }
    return student_json(number, planted | nested | unread | (role or {}), **_person(number))


def teacher(number: int = 500) -> Json:
    """Return a teacher all of whose personal fields are marked."""
    role = {"sis_id": marker("teacher_sis_id", number), "title": marker("title", number)}
    return teacher_json(number, **_person(number)) | {"roles": {"teacher": role}}


def contact(number: int = 600) -> Json:
    """Return a contact, who is no part of a roster and has a telephone all the same."""
    role = {"phone": marker("phone", number), "relationships": [{"student": record_id(1)}]}
    return user_json(number, {"contact": role}, **_person(number))


def section(number: int = 700, **fields: Any) -> Json:
    """Return a section whose name, as Clever makes them, has its teacher's in it."""
    names = {
        "name": f"Homeroom - {marker('section', number)} - 0",
        "sis_id": marker("section_sis_id", number),
    }
    return section_json(number, **(names | fields))


def _person(number: int) -> Json:
    names = {part: marker(f"{part}_name", number) for part in ("first", "middle", "last")}
    return {"name": names, "email": f"{marker('email', number).lower()}@example.test"}


def district(students: Iterable[Json] | None = None) -> list[Json]:
    """Return the events by which such a district of one homeroom arrives; two students are in it."""
    known = [student(1), student(2)] if students is None else list(students)
    records = [
        ("districts.created", district_json()),
        ("schools.created", school_json()),
        ("terms.created", term_json()),
        ("courses.created", course_json(name=f"Homeroom {marker('course', 800)}")),
        ("users.created", teacher()),
        ("users.created", contact()),
        *(("users.created", each) for each in known),
        ("sections.created", section(students=[each["id"] for each in known])),
    ]
    return [
        event_json(record, what, number, previous_attributes={"name": marker("previous", number)})
        for number, (what, record) in enumerate(records, start=1)
    ]


def unreadable(number: int = 90) -> Json:
    """Return an event that cannot be read, for a marker stands where a text is expected and is none."""
    return event_json(student_json(9, name={"last": [marker("unreadable", number)]}), number=number)


def read_in_part(number: int = 89) -> Json:
    """Return an event of a term one of whose days is none: it is read without that day."""
    return event_json(term_json(859, start_date=marker("day", 9)), "terms.created", number)


def letters(first: int = 60) -> list[tuple[bytes, Json]]:
    """Return bodies that cannot be read, with headers beside them: markers stand wherever a text may."""
    odd = student(9) | {"id": [marker("odd_id", 9)]}
    named_oddly = student(9) | {"name": marker("whole_name", 9)}
    deep = student(9)
    deep["roles"]["student"]["ext"] = {marker("deep_key", 9): _nested(marker("deep", 9), 120)}
    documents = [
        unreadable(first),
        event_json(odd, "users.created", first + 1),
        event_json(named_oddly, "users.created", first + 2),
        event_json(deep, "users.created", first + 3),
        event_json(student(9), marker("type", 9), first + 4),
        event_json(student(9), f"users.{marker('action', 9)}", first + 5),
        event_json(student(9), "users.created", first + 6, id={marker("event_id", 9): 1}),
        {"id": record_id(first + 7), "type": "users.created", "data": {"object": [student(9)]}},
        {marker("key", 9): student(9), "data": {"object": student(9)}},
        event_json(section(709, students=marker("students", 9)), "sections.created", first + 8),
        {"type": "feed.settled", "district": record_id(1), "through": [marker("through", 9)], "count": 1},
    ]
    whole = json.dumps(event_json(student(9), "users.created", first + 10))
    nul = whole.replace(marker("first_name", 9), marker("first_name", 9) + "\\u0000")
    surrogate = whole.replace(marker("first_name", 9), marker("first_name", 9) + "\\ud800")
    bodies = [json.dumps(document) for document in documents] + [whole[:-9], nul, surrogate]
    return [(text.encode(), _headers(number)) for number, text in enumerate(bodies)]


def _nested(value: Any, levels: int) -> Any:
    for _ in range(levels):
        value = [value]
    return value


def _headers(number: int) -> Json:
    """Return what a publisher may put beside a body; the district is none that is made of words."""
    said = ("traceparent", "tracestate", "x-reason", "x-replayed", "x-death", "user", "decision_id")
    return {"district_id": DISTRICT} | {name: marker(f"header_{name}", number) for name in said}


def in_several_sections(number: int = 20) -> Json:
    """Return an event that puts the first student into a second homeroom."""
    return event_json(section(701, students=[record_id(1)]), "sections.created", number)
