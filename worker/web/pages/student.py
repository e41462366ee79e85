"""One student: what is staged of him, what would be committed, what was, and what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from worker.domain.records import student_from_json
from worker.web.access.identity import Permission
from worker.web.console import Console
from worker.web.page import Page


def pages(console: Console) -> list[Page]:
    """Return a student's page."""
    path = "/districts/{district}/students/{record}"
    return [Page("GET", path, partial(_student, console), Permission.SEE_PERSONAL)]


async def _student(console: Console, request: web.Request) -> web.Response:
    district_id, record_id = request.match_info["district"], request.match_info["record"]
    details = await console.desk.show(district_id)
    await console.look(request, district_id, "student")
    seen = await console.views.student(district_id, record_id)
    if seen is None:
        raise web.HTTPNotFound
    names = {section.id: section.name for section in seen.sections if section.name}
    return console.render(
        request,
        "student.html",
        details=details,
        record_id=record_id,
        seen=seen,
        fields=_fields(record_id, seen.staged, seen.candidate, seen.committed),
        names=names,
        schools=await console.surveys.schools(district_id),
    )


def _fields(
    record_id: str, staged: Mapping[str, Any] | None, *rosters: Mapping[str, Any] | None
) -> list[Any]:
    """Return each field's name with its value as staged, as it would be committed and as it was."""
    known = [name for roster in rosters for name in roster or () if name not in ("class_id", "extra")]
    student = student_from_json(record_id, {"student": dict(staged)}) if staged else None
    texts = dict(student.texts) if student else {}
    names = list(dict.fromkeys([*known, *sorted(texts), "class_id"]))
    return [(name, texts.get(name), *((roster or {}).get(name) for roster in rosters)) for name in names]
