"""From the wire to the domain: what a Clever event says, in the shape that is stored.

Blanks are left out, lists of ids are sorted and hold each id once; contacts and district admins become
users without a side, which is what a student who lost his role becomes as well.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, Final

import orjson

from schemas import clever
from worker.domain.records import KINDS, STUDENT_TEXTS, UNREAD, Json
from worker.domain.student_fields import with_kept_fields
from worker.domain.texts import is_blank
from worker.domain.versions import changed_at
from worker.ports.inbox import Arrival, Mark

BEGINNING: Final = ""
"""Sorts before every event id."""
FOR_EVER: Final = 1 << 62

_ROLE_TEXTS: Final = tuple(
    name
    for name in STUDENT_TEXTS
    if name not in {"first_name", "middle_name", "last_name", "email", "school_id"}
)


def arrival(event: clever.Event, trace_parent: str | None = None, now: int = FOR_EVER) -> Arrival:
    """Return an event as it is stored; `trace_parent` is the trace context that it came with.

    `now`, in microseconds of the epoch, bounds when a record can have been changed.
    """
    kind = KINDS[event.collection]
    if kind is None or event.object is None:
        record_id = "" if event.object is None else event.object.id
        return Arrival(event.district_id, event.id, None, record_id, None, trace_parent)
    record = None if event.action == "deleted" else staged_json(event.object, event.unread)
    return Arrival(
        event.district_id,
        event.id,
        kind,
        event.object.id,
        record,
        trace_parent,
        changed_at(event.object.last_modified, now),
        event.is_row,
    )


def staged_json(
    record: clever.Record, unread: Collection[str] = (), student_fields: Collection[str] | None = None
) -> str | None:
    """Return a record as it is staged; None for a user who is neither student nor teacher.

    `unread` are fields of it that could not be read: the record says so to whoever needs them. Of a student's
    other fields than the usual ones only `student_fields` are kept; None: all.
    """
    content = staged(record)
    if student_fields is not None:
        content = with_kept_fields(content, student_fields)
    if content is None:
        return None
    if unread:
        (content.get("student", content))[UNREAD] = sorted(unread)
    return orjson.dumps(content).decode()


def mark(settled: clever.FeedSettled) -> Mark:
    """Return a publisher's word on its feed as it is stored."""
    return Mark(settled.district, settled.since or BEGINNING, settled.through, settled.count)


def staged(record: clever.Record) -> Json | None:
    """Return what is kept of a record, blanks left out."""
    match record:
        case clever.User():
            return _user(record)
        case clever.Section():
            return _section(record)
        case clever.Term():
            return _blanks_left_out(name=record.name, start=record.start_date, end=record.end_date)
        case clever.Course():
            return _texts(record, "name", "number")
        case clever.School():
            return _texts(record, "name", "sis_id", "school_number", "low_grade", "high_grade")
        case clever.District():
            return _texts(record, "name", "state", "pause_start", "pause_end", "last_sync")
    return None


def _texts(record: clever.Record, *names: str) -> Json:
    return _blanks_left_out(**{name: getattr(record, name) for name in names})


def _user(user: clever.User) -> Json | None:
    """Return the sides of a user that a roster has; None for one who is neither student nor teacher."""
    roles = user.roles
    if roles is None:
        return None
    name = user.name or clever.Name()
    sides: Json = {}
    if roles.student is not None:
        sides["student"] = _student(user, roles.student, name)
    if roles.teacher is not None or roles.staff is not None:
        sis_id = roles.teacher.sis_id if roles.teacher else None
        staff_id = roles.staff.staff_id if roles.staff else None
        sides["teacher"] = _blanks_left_out(
            first_name=name.first,
            last_name=name.last,
            email=user.email,
            sis_id=staff_id if is_blank(sis_id) else sis_id,
        )
    return sides or None


def _student(user: clever.User, role: clever.StudentRole, name: clever.Name) -> Json:
    texts = _blanks_left_out(
        first_name=name.first,
        middle_name=name.middle,
        last_name=name.last,
        email=user.email,
        school_id=role.school,
        **{field: getattr(role, field) for field in _ROLE_TEXTS},
    )
    side: Json = {"texts": texts}
    ext = _blanks_left_out(**(role.ext or {}))
    if ext:
        side["ext"] = ext
    others = [school for school in _ids(role.schools or ()) if school != role.school]
    if others:
        side["other_schools"] = others
    return side


def _section(section: clever.Section) -> Json:
    content = _blanks_left_out(
        school_id=section.school,
        name=section.name,
        subject=section.subject,
        grade=section.grade,
        period=section.period,
        section_number=section.section_number,
        sis_id=section.sis_id,
        course_id=section.course,
        term_id=section.term_id,
    )
    content["teachers"] = _ids((section.teacher, *(section.teachers or ())))
    content["students"] = _ids(section.students or ())
    return content


def _ids(references: Iterable[str | None]) -> list[str]:
    return sorted({reference for reference in references if reference and not is_blank(reference)})


def _blanks_left_out(**values: Any) -> Json:
    return {name: value for name, value in values.items() if value is not None and not is_blank(value)}
