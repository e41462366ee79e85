"""One district: how it stands, why, and what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import web

from schemas.words import Severity, Trigger
from worker.console.access.identity import Permission
from worker.console.console import Console, of_district
from worker.console.page import Route
from worker.console.pages.districts import window_view
from worker.console.pages.onboarding import record_of
from worker.domain.preflight.approval import GUARDS, REMOVAL_GUARDS
from worker.domain.preflight.window import Window
from worker.domain.review.cause_summary import concerned_text, owner_text, place_text
from worker.domain.review.causes.remedies import without_command
from worker.domain.review.suggestion_texts import found_text
from worker.operations.district_queries import CoverageCell
from worker.operations.dry_run import forecast
from worker.runtime.count_text import counted

NAMED_SCHOOLS, NAMED_GRADES = 8, 20
"""Of a cause: schools and grades that the page names."""
PATIENCE: Final = 0.15
"""Seconds that the page waits for its coverage; a large district's is loaded by itself."""
SCHOOLS: Final = 40
"""That the picture shows; its table lists them all."""
NAME: Final = 34
"""Letters of a school's name that the picture has room for."""
CELL, GAP, TOP, LETTER = 34, 3, 22, 7
EARLY: Final = {
    "InfantToddler": "IT",
    "Preschool": "PS",
    "PreKindergarten": "PK",
    "TransitionalKindergarten": "TK",
    "Kindergarten": "K",
}
"""Grades before 1 in their order, as Clever and as the picture has them."""


def pages(console: Console) -> list[Route]:
    """Return a district's own page, and the part of it that a large district takes long for."""
    return [
        Route("GET", "/districts/{district}", partial(_overview, console), Permission.SEE),
        Route("GET", "/districts/{district}/coverage", partial(_coverage, console), Permission.SEE),
    ]


async def _overview(console: Console, request: web.Request) -> web.Response:
    district_id = request.match_info["district"]
    details = await console.districts.show(district_id)
    record = await record_of(console, district_id)
    current = await console.districts.current_filter(district_id)
    by_code, errors = details["findings"]["by_code"], details["findings"]["errors"]
    looks_ahead = request.query.get("forecast") == "1"
    window = _window(details["window"])
    now = datetime.now(UTC)
    return console.render(
        request,
        "overview.html",
        details=details,
        onboarding_state=record.onboarding.state if record else None,
        review=_review_view(details["review"]),
        can_be_approved=0 < errors <= sum(by_code.get(code, 0) for code in GUARDS),
        current=current,
        picture=await _picture(console, details, within=PATIENCE),
        window=window_view(window, now, console.limits) if window else None,
        looks_ahead=looks_ahead,
        forecast=await forecast(console.dry_runs, district_id, console.limits) if looks_ahead else None,
    )


async def _coverage(console: Console, request: web.Request) -> web.Response:
    """Return the coverage and nothing else: what takes its place on the page once it is counted."""
    details = await console.districts.show(request.match_info["district"])
    shown = await _picture(console, details, within=None)
    return console.render(request, "_by_school.html", base=of_district(details["district_id"]), picture=shown)


async def _picture(
    console: Console, details: Mapping[str, Any], within: float | None
) -> dict[str, Any] | None:
    """Return the coverage as a page draws it; None where it takes longer to count."""
    removes = any(code in details["findings"]["by_code"] for code in REMOVAL_GUARDS)
    batch = details["last_batch"]
    moment = f"{batch['batch_id']} {batch['closed_at']}" if batch else None
    cells = await console.coverage.ready(details["district_id"], moment, removed=removes, within=within)
    return None if cells is None else picture(cells)


def _review_view(review: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a review with advice as a page gives it: a button does what a command does elsewhere."""
    if review is None:
        return None
    suggestions = review["suggestions"]
    return {
        **review,
        "causes": [_cause_view(cause, review["school_names"]) for cause in review["causes"]],
        "found": found_text(len(suggestions), suggestions[0]["coverage"]["exactly_one"])
        if suggestions
        else "",
    }


def _cause_view(cause: dict[str, Any], school_names: Mapping[str, str]) -> dict[str, Any]:
    where = place_text(cause, school_names, NAMED_SCHOOLS, NAMED_GRADES)
    codes = [code for code in cause.get("findings", {}) if code.startswith("student.")]
    at_school = {"school": cause["schools"][0]} if cause.get("school_count") == 1 else {}
    return {
        **cause,
        "advice": without_command(cause["advice"]),
        "concerned": concerned_text(cause),
        "owner_name": owner_text(cause["owner"]),
        "where": where[:1].upper() + where[1:],
        "findings": [
            (
                urlencode({"severity": Severity.ERROR, "code": code} | at_school),
                counted(cause["findings"][code], "finding") + (f" ({code})" if len(codes) > 1 else ""),
            )
            for code in codes
        ],
    }


def _window(shown: dict[str, Any] | None) -> Window | None:
    if shown is None:
        return None
    deferred, requested = shown["deferred_since"], shown["requested"]
    return Window(
        datetime.fromisoformat(shown["opened_at"]),
        datetime.fromisoformat(shown["last_event_at"]),
        shown["events"],
        Trigger(requested) if requested else None,
        datetime.fromisoformat(deferred) if deferred else None,
    )


def picture(cells: Sequence[CoverageCell]) -> dict[str, Any]:
    """Return coverage as a grid of schools by grades: where each square lies, and how it is filled.

    The schools with the most blocked students come first; a square is darker the more of its are blocked.
    """
    grades = sorted({cell.grade for cell in cells}, key=grade_order)
    schools: dict[str | None, list[CoverageCell]] = {}
    for cell in cells:
        schools.setdefault(cell.school_id, []).append(cell)
    rows = sorted(
        schools.values(),
        key=lambda row: (-sum(map(_concerned, row)), -sum(one.students for one in row)),
    )
    drawn = rows[:SCHOOLS]
    left = LETTER * max((min(NAME, len(_name(row))) for row in drawn), default=0) + CELL // 2
    columns = {grade: left + column * (CELL + GAP) for column, grade in enumerate(grades)}
    return {
        "grades": [
            {"name": grade or "none", "short": _short(grade), "x": x + CELL // 2}
            for grade, x in columns.items()
        ],
        "rows": [_drawn(row, number, columns) for number, row in enumerate(drawn)],
        "table": [one for row in rows for one in sorted(row, key=lambda cell: grade_order(cell.grade))],
        "removes": any(cell.removed for cell in cells),
        "left_out": len(rows) - len(drawn),
        "schools": len(rows),
        "width": left + len(grades) * (CELL + GAP),
        "height": TOP + len(drawn) * (CELL + GAP),
        "cell": CELL,
    }


def _name(row: Sequence[CoverageCell]) -> str:
    return row[0].school or row[0].school_id or "no school"


def _short(grade: str | None) -> str:
    """Return a grade as it fits over a square."""
    return EARLY.get(grade, grade[:4]) if grade else "none"


def _drawn(row: Sequence[CoverageCell], number: int, columns: Mapping[str | None, int]) -> dict[str, Any]:
    y = TOP + number * (CELL + GAP)
    name = _name(row)
    return {
        "name": name,
        "short": name if len(name) <= NAME else f"{name[: NAME - 1]}…",
        "y": y + CELL // 2 + 5,
        "squares": [
            {
                "cell": cell,
                "x": columns[cell.grade],
                "y": y,
                "level": _level(cell),
                "concerned": _concerned(cell),
                "share": round(100 * _concerned(cell) / max(1, cell.students + cell.removed)),
            }
            for cell in row
        ],
    }


def _level(cell: CoverageCell) -> int:
    """Return how many of a square's students are blocked or would go: 0 none, 1 to 4 by quarters."""
    concerned = _concerned(cell)
    return 0 if not concerned else min(4, 1 + (4 * concerned - 1) // max(1, cell.students + cell.removed))


def _concerned(cell: CoverageCell) -> int:
    """Return how many students are blocked, or would be removed."""
    return cell.blocked + cell.removed


def grade_order(grade: str | None) -> tuple[int, str]:
    """Return where a grade comes among grades: kindergarten before 1, 2 before 10, none last."""
    if not grade:
        return (1000, "")
    if grade.isascii() and grade.isdigit():
        return (int(grade[:3]), "")
    return (list(EARLY).index(grade) - 10, "") if grade in EARLY else (500, grade)
