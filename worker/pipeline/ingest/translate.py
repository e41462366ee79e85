"""From the wire to the domain: what a Clever event says, in the shape that is stored.

Blanks are left out, lists of ids are sorted and hold each id once; contacts and district admins become
users without a side, which is what a student who lost his role becomes as well.
"""

from __future__ import annotations

from collections.abc import Collection
from operator import attrgetter
from typing import Final

import orjson

from schemas import clever
from schemas.blank import is_blank, visible_ids, without_blanks
from worker.domain.roster.records import KINDS, UNREAD, Json
from worker.domain.roster.student_fields import STUDENT_TEXTS, with_kept_fields
from worker.domain.roster.versions import changed_at
from worker.pipeline.ingest.inbox import Arrival, Mark

BEGINNING: Final = ""
"""Sorts before every event id."""
FOR_EVER: Final = 1 << 62

_NOT_OF_THE_ROLE: Final = ("first_name", "middle_name", "last_name", "email", "school_id")
_ROLE_TEXTS: Final = tuple(name for name in STUDENT_TEXTS if name not in _NOT_OF_THE_ROLE)
_STUDENT_TEXTS: Final = (*_NOT_OF_THE_ROLE, *_ROLE_TEXTS)
_role_texts: Final = attrgetter(*_ROLE_TEXTS)

_SECTION_TEXTS: Final = (
    *("school_id", "name", "subject", "grade", "period", "section_number", "sis_id", "course_id", "term_id"),
)
_section_texts: Final = attrgetter(
    *("school", "name", "subject", "grade", "period", "section_number", "sis_id", "course", "term_id")
)


def to_arrival(event: clever.Event, trace_parent: str | None = None, now: int = FOR_EVER) -> Arrival:
    """Return an event as it is stored; `trace_parent` is the trace context that it came with.

    `now`, in microseconds of the epoch, bounds when a record can have been changed.
    """
    if event.object is None:
        return Arrival(event.district_id, event.id, None, "", None, trace_parent)
    record = None if event.action == "deleted" else staged_json(event.object, event.unread)
    return Arrival(
        event.district_id,
        event.id,
        KINDS[event.collection],
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
    content = staged_record(record)
    if student_fields is not None:
        content = with_kept_fields(content, student_fields)
    if content is None:
        return None
    if unread:
        (content.get("student", content))[UNREAD] = sorted(unread)
    return orjson.dumps(content).decode()


def to_mark(settled: clever.FeedSettled) -> Mark:
    """Return a publisher's word on its feed as it is stored."""
    return Mark(settled.district, settled.since or BEGINNING, settled.through, settled.count)


def staged_record(record: clever.Record) -> Json | None:
    """Return what is kept of a record, blanks left out."""
    match record:
        case clever.User():
            return _user(record)
        case clever.Section():
            return _section(record)
        case clever.Term():
            return without_blanks(
                (("name", record.name), ("start", record.start_date), ("end", record.end_date))
            )
        case clever.Course():
            return _texts(record, "name", "number")
        case clever.School():
            return _texts(record, "name", "sis_id", "school_number", "low_grade", "high_grade")
        case clever.District():
            return _texts(record, "name", "state", "pause_start", "pause_end", "last_sync")
    return None


def _texts(record: clever.Record, *names: str) -> Json:
    return without_blanks((name, getattr(record, name)) for name in names)


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
        sides["teacher"] = without_blanks(
            (
                ("first_name", name.first),
                ("last_name", name.last),
                ("email", user.email),
                ("sis_id", staff_id if is_blank(sis_id) else sis_id),
            )
        )
    return sides or None


def _student(user: clever.User, role: clever.StudentRole, name: clever.Name) -> Json:
    values = (name.first, name.middle, name.last, user.email, role.school, *_role_texts(role))
    texts = without_blanks(zip(_STUDENT_TEXTS, values, strict=True))
    side: Json = {"texts": texts}
    ext = without_blanks(role.ext.items()) if role.ext else None
    if ext:
        side["ext"] = ext
    others = role.schools and [school for school in visible_ids(role.schools) if school != role.school]
    if others:
        side["other_schools"] = others
    return side


def _section(section: clever.Section) -> Json:
    content = without_blanks(zip(_SECTION_TEXTS, _section_texts(section), strict=True))
    content["teachers"] = visible_ids((section.teacher, *(section.teachers or ())))
    content["students"] = visible_ids(section.students or ())
    return content
