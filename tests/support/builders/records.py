"""Builders of invented districts: records and events as Clever sends them, and as the rules see them.

Every argument has a default, so that a test names only what it is about.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import orjson

from schemas.messages.batch import Batch
from schemas.messages.review import Cause
from schemas.words import FindingKind, Owner, Severity, Trigger
from worker.domain.preflight.checks import Finding
from worker.domain.preflight.policy import Code
from worker.domain.preflight.window import Window, WindowLimits
from worker.domain.roster.records import (
    Course,
    EventId,
    RecordId,
    RecordKind,
    School,
    Section,
    Student,
    Teacher,
    Term,
)
from worker.domain.roster.section_filter import SectionView
from worker.domain.roster.staging import Event
from worker.messaging.broker import Delivery
from worker.messaging.outbox_message import OutboxMessage
from worker.pipeline.relay.outbox import Queued
from worker.runtime.trace_context import trace_parent

Json = dict[str, Any]

NOON = datetime(2026, 9, 15, 12, tzinfo=UTC)
DISTRICT = "d1" * 12
OTHER_DISTRICT = "d2" * 12
BATCH_ID = "0b0e4f4e-8d43-5d0e-9b5c-7d3f0a4c1e10"
DECISION_ID = "5c1d9d7a-3d52-5a52-8f0d-2f5c8a0f6b77"
LIMITS = WindowLimits(
    quiet=timedelta(seconds=10),
    max_age=timedelta(seconds=300),
    max_events=50_000,
    max_deferral=timedelta(seconds=1800),
)
"""Those of the contract."""
ABSENT = object()
"""What `put` takes a field away for."""


def later(seconds: float) -> datetime:
    """Return the moment so many seconds after noon."""
    return NOON + timedelta(seconds=seconds)


def record_id(number: int) -> RecordId:
    """Return an id as Clever's are: 24 hex digits.

    Sections (700), courses (800), terms (850) and schools (900) have the same ones, and so have the first
    users: what looks for a record by its id alone finds another.
    """
    first = next((first for first in (900, 850, 800, 700) if first <= number < 1000), 1)
    return RecordId(f"{number - first + 1:024x}")


def event_id(number: int) -> EventId:
    """Return the id of the event at this place in its feed."""
    return EventId(f"{number:024x}")


# As Clever sends them


def user_json(number: int = 1, roles: Json | None = None, **fields: Any) -> Json:
    """Return a user without a role, or with these."""
    user = {
        "id": record_id(number),
        "district": DISTRICT,
        "email": f"someone{number}@example.test",
        "name": {"first": "Tamsin", "middle": "Q", "last": "Fernquay"},
        "roles": {"contact": {}} if roles is None else roles,
    }
    return user | fields


def student_json(number: int = 1, role: Json | None = None, **fields: Any) -> Json:
    """Return a user with the student role; `role` changes fields of the role, `fields` those of the user."""
    student = {
        "school": record_id(900),
        "schools": [record_id(900)],
        "sis_id": f"S-{number}",
        "student_number": f"{number:06}",
        "state_id": f"X{number}",
        "grade": "3",
        "dob": "2/11/2017",
        "gender": "F",
    }
    return user_json(number, {"student": student | (role or {})}, **fields)


def teacher_json(number: int = 500, **fields: Any) -> Json:
    """Return a user with the teacher role."""
    return user_json(number, {"teacher": {"sis_id": f"T-{number}"}}, **fields)


def section_json(number: int = 700, **fields: Any) -> Json:
    """Return a homeroom with one teacher and one student."""
    section = {
        "id": record_id(number),
        "district": DISTRICT,
        "school": record_id(900),
        "name": "Homeroom - Quillfeather - 0",
        "subject": "homeroom/advisory",
        "grade": "3",
        "period": "0",
        "section_number": "1",
        "sis_id": f"SEC-{number}",
        "course": record_id(800),
        "term_id": record_id(850),
        "teacher": record_id(500),
        "teachers": [record_id(500)],
        "students": [record_id(1)],
    }
    return section | fields


def school_json(number: int = 900, **fields: Any) -> Json:
    """Return a school."""
    school = {
        "id": record_id(number),
        "district": DISTRICT,
        "name": "Larkspur Elementary",
        "sis_id": f"SCH-{number}",
        "school_number": str(number),
        "low_grade": "Kindergarten",
        "high_grade": "5",
    }
    return school | fields


def term_json(number: int = 850, **fields: Any) -> Json:
    """Return a term with both of its days."""
    days = {"start_date": "2026-08-10", "end_date": "2027-06-04"}
    return {"id": record_id(number), "district": DISTRICT, "name": "Full Year", **days} | fields


def course_json(number: int = 800, **fields: Any) -> Json:
    """Return a course."""
    return {"id": record_id(number), "district": DISTRICT, "name": "Homeroom", "number": "HR-3"} | fields


def district_json(**fields: Any) -> Json:
    """Return the district itself."""
    return {"id": DISTRICT, "name": "Marrowgate Unified", "state": "success"} | fields


def event_json(record: Json, what: str = "users.updated", number: int = 1, **fields: Any) -> Json:
    """Return an event on a record, bare."""
    created = {"created": "2026-09-15T12:00:00.000Z"}
    return {"id": event_id(number), "type": what, **created, "data": {"object": record}} | fields


def put(record: Json, path: str, value: object) -> Json:
    """Change one field of a record in place; `ABSENT` takes it away."""
    *steps, last = path.split(".")
    holder = record
    for step in steps:
        holder = holder.setdefault(step, {})
    if value is ABSENT:
        holder.pop(last, None)
    else:
        holder[last] = value
    return record


ARRIVAL: Final = [
    event_json(school_json(), "schools.created", 1),
    event_json(student_json(), "users.created", 2),
    event_json(teacher_json(), "users.created", 3),
    event_json(section_json(), "sections.created", 4),
]
"""A whole small district."""

SECOND_STUDENT: Final = [
    event_json(section_json(students=[record_id(1), record_id(2)]), "sections.updated", 5),
    event_json(student_json(2), "users.created", 6),
]
"""A student is put into its homeroom, and arrives."""


def settled_json(**fields: Any) -> Json:
    """Return the control message that a feed was read to its end."""
    counted = {"since": event_id(1), "through": event_id(3), "count": 2}
    return {"type": "feed.settled", "district": DISTRICT, **counted} | fields


def body(document: Any) -> bytes:
    """Return a message body."""
    return orjson.dumps(document)


def delivery(document: Any, tag: int = 1, **headers: object) -> Delivery:
    """Return a message as the broker hands it over; a body may be given as bytes."""
    content = document if isinstance(document, bytes) else body(document)
    return Delivery(tag, "anything", content, headers)


# As the rules see them


def student(number: int = 1, ext: Mapping[str, Any] | None = None, **texts: str | None) -> Student:
    """Return a student with all that is required of him; a text of None is blank."""
    known: dict[str, str | None] = {
        "first_name": "Tamsin",
        "last_name": "Fernquay",
        "sis_id": f"S-{number}",
        "grade": "3",
        "school_id": record_id(900),
    }
    given = {name: text for name, text in (known | texts).items() if text is not None}
    return Student(record_id(number), given, ext or {})


def section(number: int = 700, **fields: Any) -> Section:
    """Return a homeroom with one teacher and one student."""
    known: Json = {
        "name": "Homeroom - Quillfeather - 0",
        "school_id": record_id(900),
        "teachers": (record_id(500),),
        "students": (record_id(1),),
    }
    return Section(record_id(number), **(known | fields))


def view(
    *,
    course: tuple[str | None, str | None] | None = None,
    school: str | None = None,
    term: Term | None = None,
    **fields: Any,
) -> SectionView:
    """Return a section as a filter sees it, with its course's name and number and its school's name."""
    return SectionView(
        section(**fields),
        Course(record_id(800), *course) if course else None,
        School(record_id(900), school) if school else None,
        term,
    )


def teacher(number: int = 500, **fields: str | None) -> Teacher:
    """Return a teacher."""
    known = {"first_name": "Osric", "last_name": "Quillfeather", "sis_id": f"T-{number}"}
    return Teacher(record_id(number), **(known | fields))


def school(number: int = 900, **fields: str | None) -> School:
    """Return a school."""
    return School(record_id(number), **({"name": "Larkspur Elementary"} | fields))


def term(start: date | None, end: date | None, name: str | None = "Fall") -> Term:
    """Return a term that lasts from `start` to `end`, both in it; None leaves that end open."""
    return Term(record_id(850), name, start, end)


def event(
    number: int, record: Json | None, record_number: int = 1, kind: RecordKind = RecordKind.USER
) -> Event:
    """Return an event at a place in its feed; `record` None is a deletion."""
    return Event(event_id(number), kind, record_id(record_number), record)


def window(
    *,
    opened: float = 0,
    last: float = 0,
    events: int = 1,
    requested: Trigger | None = None,
    deferred: float | None = None,
) -> Window:
    """Return a window, its times in seconds after noon."""
    put_off = None if deferred is None else later(deferred)
    return Window(later(opened), later(last), events, requested, put_off)


def finding(
    code: Code = Code.NO_SECTION,
    severity: Severity = Severity.ERROR,
    kind: FindingKind = "student",
    number: int = 1,
    **detail: Any,
) -> Finding:
    """Return a finding."""
    return Finding(code, severity, kind, record_id(number), detail)


# As decisions and messages


def batch(trigger: Trigger = Trigger.QUIET, events: int = 12) -> Batch:
    """Return a batch of ten seconds."""
    return Batch(batch_id=BATCH_ID, trigger=trigger, events=events, opened_at=NOON, closed_at=later(10))


def cause(code: str, owner: Owner, advice: str = "Ask the district.", **fields: Any) -> Cause:
    """Return a cause of nothing but what is given."""
    given: dict[str, Any] = {
        "students": 0,
        "unblocks": 0,
        "removed": None,
        "class_changes": None,
        "findings": {},
        "field": None,
        "schools": (),
        "school_count": 0,
        "grades": (),
        "sections": (),
        "since": None,
    }
    return Cause(code=code, owner=owner, advice=advice, **given | fields)


def outbox_message(part: int = 1, parts: int = 1, envelope: str = '{"schema":"…"}') -> OutboxMessage:
    """Return one part of a commit without changes."""
    return OutboxMessage(
        routing_key=f"commit.{DISTRICT}",
        schema="rostering.commit/v1",
        key=DECISION_ID,
        sequence=1,
        trace_parent=trace_parent(BATCH_ID, DECISION_ID),
        envelope=envelope,
        part=part,
        parts=parts,
        changes="[]",
    )


def queue(district_id: str = DISTRICT, parts: int = 1) -> list[Queued]:
    """Return a district's outbox with one commit of so many parts."""
    return [Queued(district_id, part, outbox_message(part, parts)) for part in range(1, parts + 1)]


def deliveries(documents: Sequence[Any]) -> list[Delivery]:
    """Return messages as the broker hands them over, in order."""
    return [delivery(document, tag) for tag, document in enumerate(documents, start=1)]
