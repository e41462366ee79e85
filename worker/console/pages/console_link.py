"""The link that opens a console without users, as notebooks do: once, and then gone from the address."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from aiohttp import web

from worker.console.access import cookies
from worker.console.access.refusal import RefusedRequest
from worker.console.console import HEADERS, Console
from worker.console.page import Route

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{43}")


def pages(console: Console) -> list[Route]:
    """Return where the link leads to."""
    return [Route("GET", "/open/{token}", partial(_open, console), None)]


async def _open(console: Console, request: web.Request) -> web.Response:
    """Exchange the link for a session, and go on to the console."""
    gate = console.access.gate
    away = web.Response(status=303, headers={**HEADERS, "Location": "/", "Referrer-Policy": "no-referrer"})
    if not await gate.is_open():
        return away  # there are users: the way in is the log-in
    gate.check_local(request)
    if request.method == "HEAD":  # whoever looks ahead must not use it up
        return web.Response(headers=HEADERS)
    token = request.match_info["token"]
    session = None
    if _TOKEN.fullmatch(token):
        async with gate.lookups:
            session = await gate.keys.exchange(token)
    if session is None:
        raise RefusedRequest(
            401,
            "This link was used or has expired",
            "Each link works once. Run `rostering users link` to get a new one.",
        )
    cookies.put(away, request, gate.rules, (cookies.LOCAL_SESSION, session))
    return away
