"""A district's findings: filtered, a page at a time, and as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from schemas.timestamps import instant
from schemas.words import Severity
from worker.console.access.identity import Permission, who
from worker.console.console import HEADERS, Console
from worker.console.page import Route
from worker.domain.preflight.policy import Code
from worker.operations.district_queries import FindingPlace, FindingRow, FindingsAsked
from worker.runtime.spreadsheet_cells import csv_lines, no_formula

PAGE: Final = 100
IN_FILE: Final = 2000
"""Findings of a file that are read at a time."""
_PLACE: Final = ("severity", "code", "kind", "record_id", "member")
COLUMNS: Final = ("code", "severity", "kind", "record_id", "field", "sections", "other", "since")


def pages(console: Console) -> list[Route]:
    """Return the list, and the file of the same."""
    path = "/districts/{district}/findings"
    return [
        Route("GET", path, partial(_findings, console), Permission.SEE),
        Route("GET", f"{path}.csv", partial(_file, console), Permission.SEE),
    ]


async def _findings(console: Console, request: web.Request) -> web.Response:
    district_id = request.match_info["district"]
    details = await console.districts.show(district_id)
    asked = _asked(request)
    found = await console.views.findings(district_id, replace(asked, limit=PAGE + 1))
    shown = found[:PAGE]
    names: dict[str, str] = {}
    sections = _sections(shown)
    if who(request).may(Permission.SEE_PERSONAL) and sections:
        await console.audit_lookup(request, district_id, "sections")
        names = await console.views.section_names(district_id, sections)
    chosen = _chosen(asked)
    after = (
        {f"after_{name}": getattr(shown[-1].place, name) for name in _PLACE} if len(found) > PAGE else None
    )
    return console.render(
        request,
        "findings.html",
        details=details,
        findings=shown,
        names=names,
        school_of=await console.views.schools_of(district_id, [one.place for one in shown]),
        asked=asked,
        codes=list(Code),
        severities=list(Severity),
        schools=await console.pictures.schools(district_id),
        next_page=urlencode(chosen | after) if after else None,
        chosen=urlencode(chosen),
    )


async def _file(console: Console, request: web.Request) -> web.StreamResponse:
    """Answer with all of the list as CSV, ids only, while it is read."""
    district_id = request.match_info["district"]
    await console.check_known(district_id)
    headers = HEADERS | {"Content-Disposition": 'attachment; filename="findings.csv"'}
    answer = web.StreamResponse(headers=headers)
    answer.content_type, answer.charset = "text/csv", "utf-8"
    await answer.prepare(request)
    if request.method == "HEAD":
        return answer
    await answer.write(csv_lines([COLUMNS]))
    asked = replace(_asked(request), after=None, limit=IN_FILE)
    try:
        async for rows in console.views.all_findings(district_id, asked):
            await answer.write(csv_lines([_columns(row) for row in rows]))
    except Exception:
        if request.transport is not None:
            request.transport.abort()  # a file that ends too early must not look like a whole one
        raise
    await answer.write_eof()
    return answer


def _asked(request: web.Request) -> FindingsAsked:
    query = request.query
    place = [query.get(f"after_{name}", "") for name in _PLACE]
    return FindingsAsked(
        query.get("code") if query.get("code") in set(Code) else None,
        query.get("severity") if query.get("severity") in set(Severity) else None,
        query.get("school") or None,
        FindingPlace(*place) if all(place) and _is_hex(place[-1]) else None,
        PAGE,
    )


def _is_hex(text: str) -> bool:
    try:
        bytes.fromhex(text)
    except ValueError:
        return False
    return True


def _chosen(asked: FindingsAsked) -> dict[str, str]:
    named = {"code": asked.code, "severity": asked.severity, "school": asked.school_id}
    return {name: value for name, value in named.items() if value}


def _sections(rows: Sequence[FindingRow]) -> set[str]:
    listed = {section for row in rows for section in row.detail.get("sections", ())}
    return listed | {row.place.record_id for row in rows if row.place.kind in ("class", "section")}


def _columns(row: FindingRow) -> list[str]:
    detail: dict[str, Any] = dict(row.detail)
    field, sections = detail.pop("field", ""), detail.pop("sections", ())
    other = "; ".join(f"{name}: {_text(value)}" for name, value in sorted(detail.items()))
    place = row.place
    first = [place.code, place.severity, place.kind, place.record_id]
    cells = [*first, field, " ".join(sections), other]
    return [*map(no_formula, cells), instant(row.since)]


def _text(value: Any) -> str:
    return " ".join(str(one) for one in value) if isinstance(value, list) else str(value)
