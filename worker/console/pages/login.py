"""Logging in and out."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from worker.console.access import cookies, request_origin
from worker.console.access.gate import digest_of, session_token
from worker.console.access.identity import Permission, who
from worker.console.access.login import TryLater
from worker.console.access.request_origin import AccessRules
from worker.console.console import HEADERS, NOTICES, Console
from worker.console.page import Route
from worker.runtime.count_text import counted

NOTICES["logged-out"] = "You are logged out."


def pages(console: Console) -> list[Route]:
    """Return the way in, and the way out."""
    return [
        Route("GET", "/login", partial(_ask, console), None),
        Route("POST", "/login", partial(_log_in, console), None),
        Route("POST", "/logout", partial(_log_out, console), Permission.SEE),
    ]


async def _ask(console: Console, request: web.Request) -> web.Response:
    if await console.access.gate.is_open():
        return _away_to("/")
    return _form(console, request, request_origin.local_path(request.query.get("next")))


async def _log_in(console: Console, request: web.Request) -> web.Response:
    form = await request.post()
    name, password = str(form.get("name", "")), str(form.get("password", ""))
    back = request_origin.local_path(str(form.get("next", "")))
    rules = console.access.gate.rules
    address = request_origin.counted_as(request_origin.client(request, rules))
    outcome = await console.access.log_in(name, password, address)
    if isinstance(outcome, TryLater):
        return try_later(_form(console, request, back, wait=outcome.seconds, status=429), outcome)
    if outcome is None:
        return _form(console, request, back, is_wrong=True, status=401)
    return await _let_in(console, request, outcome, back)


async def _let_in(console: Console, request: web.Request, token: str, back: str) -> web.Response:
    """Give the browser its new session; one that it had before ends, so that nobody else holds it."""
    rules = console.access.gate.rules
    if (before := session_token(request, rules)) is not None:
        await console.access.sessions.end(digest_of(before))
    answer = _away_to(back)
    cookies.put(answer, request, rules, (cookies.SESSION, token))
    return answer


async def _log_out(console: Console, request: web.Request) -> web.Response:
    rules = console.access.gate.rules
    token = session_token(request, rules)
    if token is not None and who(request).has_session:
        await console.access.log_out(who(request).name, token)
    answer = _away_to("/login?done=logged-out")
    forget(answer, request, rules)
    return answer


def forget(answer: web.Response, request: web.Request, rules: AccessRules) -> None:
    """Take the session's cookie away, and what the browser kept of the console's pages."""
    cookies.take_away(answer, request, rules, cookies.SESSION)
    answer.headers["Clear-Site-Data"] = '"cache"'


def try_later(answer: web.Response, told: TryLater) -> web.Response:
    """Say to programs, too, how long to wait."""
    answer.headers["Retry-After"] = str(told.seconds)
    return answer


def _form(
    console: Console,
    request: web.Request,
    back: str,
    *,
    status: int = 200,
    wait: int = 0,
    is_wrong: bool = False,
) -> web.Response:
    return console.render(
        request, "login.html", status=status, back=back, wait=in_words(wait), is_wrong=is_wrong
    )


def in_words(seconds: int) -> str:
    """Return a wait as a page tells it; empty where there is none."""
    if seconds <= 0:
        return ""
    if seconds <= 90:  # noqa: PLR2004 — a minute and a half is still told in seconds
        return counted(seconds, "second")
    return counted(-(-seconds // 60), "minute")


def _away_to(path: str) -> web.Response:
    return web.Response(status=303, headers={**HEADERS, "Location": path})
