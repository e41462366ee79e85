"""All districts at one look, those that need a person first."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Any, Final, get_args

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import Console
from worker.console.page import Route
from worker.domain.preflight.window import Window, WindowLimits, closes_at
from worker.operations.district_queries import DistrictOrder, DistrictRow, DistrictsAsked

PAGE: Final = 50
STATUSES: Final = ("parked", "review", "on_hold", "disconnected", "waiting", "rostered", "purged")
ORDERS: Final = {
    "attention": "needs attention first",
    "name": "name",
    "students": "students, most first",
    "blocked": "blocked students, most first",
}
TALLEST: Final = 10_000
DIGITS: Final = 8
"""The last page of a list that an address may ask for, and the digits that are read of it."""


def pages(console: Console) -> list[Route]:
    """Return the list of districts."""
    return [Route("GET", "/", partial(_districts, console), Permission.SEE)]


async def _districts(console: Console, request: web.Request) -> web.Response:
    query = request.query
    number = page_number(query.get("page", ""))
    order: DistrictOrder = next(
        (one for one in get_args(DistrictOrder) if one == query.get("sort")), "attention"
    )
    status = query.get("status") if query.get("status") in STATUSES else None
    text = query.get("q", "").strip()[:100]
    asked = DistrictsAsked(status, text, order, (number - 1) * PAGE, PAGE)
    found = await console.views.districts(asked)
    counts = await console.districts.statuses()
    return console.render(
        request,
        "districts.html",
        districts=[_line(row, found.now, console.limits) for row in found.rows],
        matching=found.matching,
        number=number,
        page_count=max(1, -(-found.matching // PAGE)),
        counts={status: counts[status] for status in STATUSES if counts.get(status)},
        total=sum(counts.values()),
        asked=asked,
        orders=ORDERS,
        now=found.now,
    )


def page_number(text: str) -> int:
    """Return the page that an address asks for; the first one where it asks for nonsense."""
    return min(max(1, int(text)), TALLEST) if text.isascii() and text.isdigit() and len(text) <= DIGITS else 1


def _line(row: DistrictRow, now: datetime, limits: WindowLimits) -> dict[str, Any]:
    plan = row.tally.plan()
    return {
        "row": row,
        "upserted": sum(ops["upserted"] for ops in plan.values()),
        "removed": sum(ops["removed"] for ops in plan.values()),
        "window": window_view(row.window, now, limits) if row.window else None,
    }


def window_view(window: Window, now: datetime, limits: WindowLimits) -> dict[str, Any]:
    """Return an open window as pages tell it: its events, and when it closes if no other comes."""
    at = closes_at(window, now, limits)
    return {
        "events": window.events,
        "closes_at": at,
        "seconds": max(0, round((at - now).total_seconds())),
        "requested": window.requested.value if window.requested else None,
        "is_deferred": window.deferred_since is not None,
    }
