"""The page behind a connect link: for whoever holds the link, without a log-in and without a cookie."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from aiohttp import web

from worker.console.console import Console
from worker.console.page import Route
from worker.domain.onboarding.contact_text import ASKED
from worker.domain.onboarding.states import CONNECTED_STATES, State
from worker.onboarding.district_store import Welcome

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{32,64}")
HEADERS: Final = {
    "Referrer-Policy": "no-referrer",  # the address is the key: no other site may learn it
    "X-Robots-Tag": "noindex, nofollow",
}


def pages(console: Console) -> list[Route]:
    """Return the page."""
    return [Route("GET", "/connect/{token}", partial(_connect, console), None)]


async def _connect(console: Console, request: web.Request) -> web.Response:
    """Answer with what happens next; alike for a link that is over, was revoked, or never was."""
    token = request.match_info["token"]
    welcome = None
    if _TOKEN.fullmatch(token):
        async with console.access.gate.lookups:
            welcome = await console.onboarding.welcome(token)
    answer = console.render(
        request,
        "connect.html",
        status=200 if welcome else 404,
        welcome=welcome,
        vendor=console.guide.vendor,
        address=console.guide.connect_address(welcome.district_id) if welcome else None,
        is_connected=welcome is not None and welcome.state in CONNECTED_STATES,
        next_step=_next_step(welcome) if welcome else "",
        asked=ASKED,
    )
    answer.headers.update(HEADERS)
    return answer


def _next_step(welcome: Welcome) -> str:
    """Return what comes next, for a district that is connected."""
    match welcome.state:
        case State.CONNECTED | State.SHARING_REQUESTED:
            return "share"
        case State.ALL_SECTIONS_SHARED | State.FILTERING:
            return "review"
        case State.WAITING_ON_DISTRICT:
            return "rules"
        case _:
            return "none"
