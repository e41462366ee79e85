"""A district's sections in a table, searched and grouped: reviewing names is the roster team's work.

What is looked for may be a teacher's name: it travels in the bodies of forms, and never in an address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import Any, Final, get_args

from aiohttp import web

from worker.domain.filter import Condition, Rule, SectionFilter
from worker.ports.views import SectionField, SectionGroup, SectionOrder, SectionsAsked
from worker.web.access.identity import Permission
from worker.web.console import Console
from worker.web.forms import text_of
from worker.web.page import Page
from worker.web.pages.districts import page_number

PAGE: Final = 200
COUNTED: Final = 12
"""Groups whose students are counted at once."""
COUNTING_SECONDS: Final = 20.0
FIELDS: Final = {
    "name": "word of the name",
    "subject": "subject",
    "period": "period",
    "grade": "grade",
    "course_name": "course",
    "school": "school",
    "term": "term",
}


def pages(console: Console) -> list[Page]:
    """Return the table; what is looked for in it is sent by a form."""
    path = "/districts/{district}/sections"
    return [
        Page("GET", path, partial(_sections, console), Permission.SEE_PERSONAL),
        Page("POST", path, partial(_sections, console), Permission.SEE_PERSONAL),
    ]


async def _sections(console: Console, request: web.Request) -> web.Response:
    district_id, form = request.match_info["district"], await request.post()
    details = await console.desk.show(district_id)
    await console.look(request, district_id, "sections")
    number = page_number(text_of(form, "page"))
    by = _chosen(text_of(form, "by"))
    asked = _asked(form, number)
    groups = await console.views.section_groups(district_id, by, asked) if by else []
    counts = (
        await _counts(console, district_id, by, groups) if by and text_of(form, "do") == "count" else None
    )
    found = await console.views.sections(district_id, asked)
    return console.render(
        request,
        "sections.html",
        details=details,
        asked=asked,
        by=by,
        groups=groups,
        counts=counts,
        found=found,
        number=number,
        page_count=max(1, -(-found.matching // PAGE)),
        fields=FIELDS,
        orders=get_args(SectionOrder),
        operator="contains" if by == "name" else "is",
    )


def _asked(form: Any, number: int) -> SectionsAsked:
    order: SectionOrder = next(
        (one for one in get_args(SectionOrder) if one == text_of(form, "sort")), "name"
    )
    field = _chosen(text_of(form, "field"))
    return SectionsAsked(
        text_of(form, "q").strip()[:200],
        field,
        text_of(form, "value")[:1000],
        field == "name",
        order,
        (number - 1) * PAGE,
        PAGE,
    )


def _chosen(text: str) -> SectionField | None:
    return next((one for one in get_args(SectionField) if one == text), None)


async def _counts(
    console: Console, district_id: str, by: SectionField, groups: Sequence[SectionGroup]
) -> dict[str, int]:
    """Return how many students would have exactly one section if only this group counted."""
    seating = await console.coverages.seating(district_id, COUNTING_SECONDS)
    if seating is None:
        return {}
    told = [group.value for group in groups if group.value][:COUNTED]
    return {
        value: (await asyncio.to_thread(seating.count, rule_for(by, value))).exactly_one for value in told
    }


def rule_for(by: SectionField, value: str) -> SectionFilter:
    """Return the filter that keeps a group and nothing else."""
    condition = Condition(field=by, op="contains" if by == "name" else "is", value=value)
    return SectionFilter(rules=(Rule(all=(condition,)),))
