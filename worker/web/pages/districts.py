"""All districts at one look."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from worker.web.access.identity import Permission
from worker.web.console import Console
from worker.web.page import Page


def pages(console: Console) -> list[Page]:
    """Return the list of districts."""
    return [Page("GET", "/", partial(_districts, console), Permission.SEE)]


async def _districts(console: Console, request: web.Request) -> web.Response:
    return console.render(request, "districts.html", districts=await console.desk.districts())
