"""One student: the record as staged, the sections, what is wrong, and what is and would be committed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import partial
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import Console
from worker.console.page import Route
from worker.domain.roster.records import Student
from worker.domain.roster.student_fields import STUDENT_TEXTS
from worker.operations.student_records import StudentDetails

FIELD_WORDS: Final = {
    "sis_id": "SIS ID",
    "dob": "birth date",
    "ell_status": "ELL status",
    "frl_status": "FRL status",
    "iep_status": "IEP status",
    "school_id": "school",
    "class_id": "class",
    "state_id": "state ID",
}


def pages(console: Console) -> list[Route]:
    """Return a student's page."""
    path = "/districts/{district}/students/{record}"
    return [Route("GET", path, partial(_student, console), Permission.SEE_PERSONAL)]


async def _student(console: Console, request: web.Request) -> web.Response:
    district_id, record_id = request.match_info["district"], request.match_info["record"]
    details = await console.districts.show(district_id)
    seen = await console.student_records.student(district_id, record_id)
    # Of a student who is not there what was typed may be anything, a name above all.
    await console.audit_lookup(request, district_id, "student", record_id if seen is not None else None)
    if seen is None:
        return console.render(
            request, "student_unknown.html", status=HTTPStatus.NOT_FOUND, details=details, record_id=record_id
        )
    return console.render(
        request,
        "student.html",
        details=details,
        record_id=record_id,
        seen=seen,
        staged=_staged(seen.staged),
        compared=_compared(seen),
        classes={line.id: line.shown("name") for line in seen.sections},
        school_names=await console.pictures.schools(district_id),
        words=FIELD_WORDS,
    )


def _staged(student: Student | None) -> list[tuple[str, str]]:
    """Return the fields as staged, in the order in which a roster is read; blanks left out."""
    if student is None:
        return []
    texts = [(name, student.texts[name]) for name in STUDENT_TEXTS if name in student.texts]
    return texts + [(f"ext.{name}", _text(value)) for name, value in sorted(student.ext.items())]


def _compared(seen: StudentDetails) -> list[tuple[str, str, str]]:
    """Return each field of the roster's record as committed, and as it would be; blank in both left out."""
    before, after = seen.committed or {}, seen.candidate or {}
    names = [*after, *(name for name in before if name not in after)]
    rows = [(name, _value(before, name), _value(after, name)) for name in names]
    return [row for row in rows if row[1] or row[2]]


def _value(record: Mapping[str, Any], name: str) -> str:
    value = record.get(name)
    return "" if value is None or value == {} else _text(value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
