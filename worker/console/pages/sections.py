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
from worker.domain.review.section_line import SectionLine
from worker.domain.roster.section_filter import Condition, FilterField, SectionFilter
from worker.suggest.coverage import Seats
from worker.suggest.picture import DistrictPicture
from worker.suggest.section_table import (
    LONGEST_VALUE,
    Grouping,
    PagePosition,
    SectionGroup,
    SectionQuery,
    SectionTable,
    Sort,
)

PAGE: Final = 200
MOST_GROUPS: Final = 200
"""Those with the most sections: a district of thousands of kinds has no kind that is the class."""
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


@dataclass(frozen=True, slots=True)
class SectionsView:
    """What the page shows of a district's table."""

    total: int
    schools: Mapping[str, str]
    """The names of those that have sections, by id."""
    matching: int
    groups: Sequence[SectionGroup]
    seats: Sequence[Seats]
    """What each of the groups alone would give."""
    rules: Sequence[tuple[Condition | None, int]]
    """The condition that keeps all of each group, and how many other sections it keeps."""
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
    current = await console.districts.current_filter(district_id)
    picture = await console.pictures.of(district_id)
    shown = await asyncio.to_thread(_shown, picture, current.section_filter, asked)
    return console.render(
        request,
        "sections.html",
        details=details,
        asked=asked,
        shown=shown,
        following=_written(shown.following),
        schools=sorted(shown.schools.items(), key=lambda one: (one[1].casefold(), one[0])),
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
    )


def _all(form: Mapping[str, Any], name: str) -> list[str]:
    getall = getattr(form, "getall", None)
    found = getall(name, []) if getall else [form.get(name, "")]
    return [one for one in found if isinstance(one, str)]


def _one_of(kind: type[_Value], text: str) -> _Value | None:
    return next((one for one in kind if one == text), None)


def _shown(picture: DistrictPicture, in_force: SectionFilter, asked: Asked) -> SectionsView:
    labels = picture.labels if asked.by is Grouping.LABEL else ()
    table = SectionTable(picture, picture.ranks(in_force), labels)
    chosen = table.chosen(asked.choice)
    groups = table.groups(chosen, asked.by) if asked.by else []
    listed = groups[:MOST_GROUPS]
    opened = next((group for group in groups if group.key == asked.opened), None)
    shown = opened.sections if opened else chosen[:0] if asked.by else chosen
    lines, following = table.page(shown, asked.sort, asked.after, PAGE)
    return SectionsView(
        len(picture.ids),
        table.schools(),
        len(chosen),
        listed,
        picture.groups([group.sections for group in listed], in_force.scope),
        [table.rule(group) for group in listed],
        len(groups) - len(listed),
        opened,
        lines,
        following,
    )


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
