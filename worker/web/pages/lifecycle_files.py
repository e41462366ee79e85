"""Districts on their way as files: a table, and a calendar of launch and opening days."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from worker.exports.calendar import calendar
from worker.exports.table import table
from worker.web.access.identity import Permission
from worker.web.console import HEADERS, Console
from worker.web.page import Page


def pages(console: Console) -> list[Page]:
    """Return the two files."""
    return [
        Page("GET", "/lifecycle.csv", partial(_table, console), Permission.SEE),
        Page("GET", "/lifecycle.ics", partial(_calendar, console), Permission.SEE),
    ]


async def _table(console: Console, _request: web.Request) -> web.Response:
    return _file(table(await console.lifecycles.records()), "text/csv", "lifecycle.csv")


async def _calendar(console: Console, _request: web.Request) -> web.Response:
    return _file(calendar(await console.lifecycles.records()), "text/calendar", "lifecycle.ics")


def _file(body: bytes, kind: str, name: str) -> web.Response:
    headers = HEADERS | {"Content-Disposition": f'attachment; filename="{name}"'}
    return web.Response(body=body, content_type=kind, charset="utf-8", headers=headers)
