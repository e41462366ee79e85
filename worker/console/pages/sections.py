"""A district's sections: their names searched and grouped, until one sees which of them is the class.

A section's name carries a teacher's, so that what is searched for travels in the bodies of forms only.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Final, TypeVar, get_args

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import Console
from worker.console.filter_forms import FIELDS
from worker.console.order_forms import text_of
from worker.console.page import Route
from worker.domain.review.section_table import (
    LONGEST_VALUE,
    Grouping,
    PagePosition,
    SectionGroup,
    SectionLine,
    SectionQuery,
    SectionTable,
    Sort,
)
from worker.domain.roster.section_filter import FilterField
from worker.operations.section_queries import Seats

PAGE: Final = 200
MOST_GROUPS: Final = 200
"""Those with the most sections: a district of thousands of kinds has no kind that is the class."""
QUICK_PLACES: Final = 60_000
"""Places in the lists of students up to which their students are counted at once: some tenths of a second."""
COUNTING_SECONDS: Final = 20.0
GROUPINGS: Final[dict[Grouping, str]] = {
    Grouping.LABEL: "kind",
    Grouping.SUBJECT: "subject",
    Grouping.PERIOD: "period",
    Grouping.GRADE: "grade",
    Grouping.COURSE: "course",
    Grouping.SCHOOL: "school",
    Grouping.TERM: "term",
}
_NUMBER: Final = re.compile(r"[0-9]{1,17}")
KEPT: Final = {"": None, "kept": True, "left-out": False}

_Value = TypeVar("_Value", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page's form asks for."""

    choice: SectionQuery
    kept: str
    sort: Sort
    by: Grouping | None
    opened: str | None
    """The key of the group whose sections are shown."""
    after: PagePosition | None
    counts: bool
    """Whether somebody asked for the groups' students, however long that takes."""


@dataclass(frozen=True, slots=True)
class SectionsView:
    """What the page shows of a district's table."""

    matching: int
    groups: Sequence[SectionGroup]
    more_groups: int
    opened: SectionGroup | None
    lines: Sequence[SectionLine]
    following: PagePosition | None


def pages(console: Console) -> list[Route]:
    """Return the table of sections; what is asked of it is posted."""
    path = "/districts/{district}/sections"
    return [
        Route("GET", path, partial(_sections, console), Permission.SEE_PERSONAL),
        Route("POST", path, partial(_sections, console), Permission.SEE_PERSONAL),
    ]


async def _sections(console: Console, request: web.Request) -> web.Response:
    district_id = request.match_info["district"]
    asked = asked_by(await request.post())
    details = await console.districts.show(district_id)
    await console.audit_lookup(request, district_id, "sections")
    table = await console.sections.of(district_id, labelled=asked.by is Grouping.LABEL)
    shown = await asyncio.to_thread(_shown, table, asked)
    seats, waits = await _seats(console, district_id, table, shown.groups, asked)
    return console.render(
        request,
        "sections.html",
        details=details,
        asked=asked,
        shown=shown,
        total=len(table.lines),
        seats=seats,
        waits=waits,
        following=_written(shown.following),
        schools=sorted(_schools(table).items(), key=lambda one: (one[1].casefold(), one[0])),
        fields=FIELDS,
        groupings=GROUPINGS,
        sorts=list(Sort),
        longest=LONGEST_VALUE,
    )


def asked_by(form: Mapping[str, Any]) -> Asked:
    """Read what a form asks for; whatever makes no sense counts as not asked."""
    kept, sort = text_of(form, "kept"), _one_of(Sort, text_of(form, "sort")) or Sort.NAME
    by = _one_of(Grouping, text_of(form, "by"))
    field: FilterField = next((one for one in get_args(FilterField) if one == text_of(form, "field")), "name")
    opened = _all(form, "open")  # what a button says comes behind what is kept in the page
    return Asked(
        SectionQuery(text_of(form, "text")[:LONGEST_VALUE], field, text_of(form, "school"), KEPT.get(kept)),
        kept if kept in KEPT else "",
        sort,
        by,
        opened[-1][1:] if by and opened and opened[-1].startswith("=") else None,
        _place(text_of(form, "after"), sort),
        bool(text_of(form, "count")),
    )


def _all(form: Mapping[str, Any], name: str) -> list[str]:
    getall = getattr(form, "getall", None)
    found = getall(name, []) if getall else [form.get(name, "")]
    return [one for one in found if isinstance(one, str)]


def _one_of(kind: type[_Value], text: str) -> _Value | None:
    return next((one for one in kind if one == text), None)


def _shown(table: SectionTable, asked: Asked) -> SectionsView:
    chosen = table.chosen(asked.choice)
    if asked.by is None:
        lines, following = table.page(chosen, asked.sort, asked.after, PAGE)
        return SectionsView(len(chosen), [], 0, None, lines, following)
    groups = table.groups(chosen, asked.by)
    more = max(0, len(groups) - MOST_GROUPS)
    opened = next((group for group in groups if group.key == asked.opened), None)
    lines, following = table.page(opened.sections, asked.sort, asked.after, PAGE) if opened else ([], None)
    return SectionsView(len(chosen), groups[:MOST_GROUPS], more, opened, lines, following)


async def _seats(
    console: Console, district_id: str, table: SectionTable, groups: Sequence[SectionGroup], asked: Asked
) -> tuple[list[Seats] | None, str]:
    """Return what each group alone would give; else None, and why: not yet asked for, or it took too long."""
    if not groups:
        return [], ""
    if not asked.counts and sum(group.listed for group in groups) > QUICK_PLACES:
        return None, "again"
    ids = [[line.id for line in group.sections] for group in groups]
    try:
        async with asyncio.timeout(COUNTING_SECONDS):
            return await console.sections.seats(district_id, table, ids), ""
    except TimeoutError:
        return None, "too long"


def _schools(table: SectionTable) -> dict[str, str]:
    return {
        line.view.section.school_id: line.shown("school")
        for line in table.lines
        if line.view.section.school_id
    }


def _place(text: str, sort: Sort) -> PagePosition | None:
    """Read a place that `_written` wrote; None where it is none."""
    try:
        value, section_id = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        return None
    if not isinstance(value, str) or not isinstance(section_id, str):
        return None
    return PagePosition(value, section_id) if sort is not Sort.STUDENTS or _NUMBER.fullmatch(value) else None


def _written(place: PagePosition | None) -> str:
    return json.dumps([place.value, place.id]) if place else ""
