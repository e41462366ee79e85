"""What was decided on a district, and what it was judged by."""

from __future__ import annotations

from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import Console
from worker.console.page import Route

PAGE: Final = 50
LONGEST: Final = 17
"""Digits of a decision's number in an address."""


def pages(console: Console) -> list[Route]:
    """Return the history."""
    path = "/districts/{district}/history"
    return [Route("GET", path, partial(_history, console), Permission.SEE)]


async def _history(console: Console, request: web.Request) -> web.Response:
    district_id, before = request.match_info["district"], request.query.get("before", "")
    details = await console.districts.show(district_id)
    is_place = before.isascii() and before.isdigit() and len(before) <= LONGEST
    found = await console.views.decisions(district_id, int(before) if is_place else None, PAGE + 1)
    return console.render(
        request,
        "history.html",
        details=details,
        decisions=found[:PAGE],
        following=found[PAGE - 1].number if len(found) > PAGE else None,
        is_first=not is_place,
        filters=list(reversed(await console.districts.filters(district_id))),
        policies=list(reversed(await console.districts.policies(district_id))),
    )
