"""Districts in onboarding as files: a table, and a calendar of launch and opening days."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access.identity import Permission
from worker.console.console import HEADERS, Console
from worker.console.page import Route
from worker.onboarding.district_store import Record
from worker.onboarding.export_calendar import events_of, frame
from worker.onboarding.export_table import head, line
from worker.runtime.cooperative import yielding_every

SLICE: Final = 20
"""Districts between two chances for others: their events take some ten milliseconds."""


def pages(console: Console) -> list[Route]:
    """Return the two files."""
    return [
        Route("GET", "/onboarding.csv", partial(_table, console), Permission.SEE),
        Route("GET", "/onboarding.ics", partial(_calendar, console), Permission.SEE),
    ]


async def _table(console: Console, request: web.Request) -> web.Response:
    return await _file(console, request, "text/csv", line, (head(), b""))


async def _calendar(console: Console, request: web.Request) -> web.Response:
    return await _file(console, request, "text/calendar", events_of, frame())


async def _file(
    console: Console,
    request: web.Request,
    kind: str,
    written: Callable[[Record], bytes],
    around: tuple[bytes, bytes],
) -> web.Response:
    """Return the file; of 13,000 districts the calendar takes seconds, and others are answered meanwhile."""
    begin, end = around
    parts = [begin]
    if request.method != "HEAD":
        records = await console.onboarding.records()
        parts += [written(record) async for record in yielding_every(records, SLICE)]
    name = f"onboarding{'.ics' if kind == 'text/calendar' else '.csv'}"
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=b"".join([*parts, end]), content_type=kind, charset="utf-8", headers=headers)
