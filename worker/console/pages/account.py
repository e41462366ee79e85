"""The own user: role, and another password."""

from __future__ import annotations

from functools import partial

from aiohttp import web

from worker.console.access import request_origin
from worker.console.access.identity import Permission, who
from worker.console.access.refusal import RefusedRequest
from worker.console.console import NOTICES, Console, done
from worker.console.page import Route
from worker.console.pages.login import forget, in_words, try_later
from worker.domain.access.users import SHORTEST_PASSWORD
from worker.runtime.errors import UserError

NOTICES["password-changed"] = "Your password is changed. Log in with the new password."


def pages(console: Console) -> list[Route]:
    """Return what a user may see and change of their own."""
    return [
        Route("GET", "/account", partial(_show, console), Permission.SEE),
        Route("POST", "/account", partial(_change, console), Permission.SEE),
    ]


async def _show(console: Console, request: web.Request) -> web.Response:
    return _page(console, request)


async def _change(console: Console, request: web.Request) -> web.Response:
    if not who(request).has_session:
        raise RefusedRequest(409, "No password to change", "You did not log in here with a password.")
    form = await request.post()
    new = str(form.get("new", ""))
    if new != str(form.get("again", "")):
        return _page(console, request, status=400, problem="The two new passwords do not match.")
    address = request_origin.counted_as(request_origin.client(request, console.access.gate.rules))
    try:
        later = await console.access.change_password(
            who(request).name, str(form.get("current", "")), new, address
        )
    except UserError as error:
        return _page(console, request, status=400, problem=str(error))
    if later is not None:
        problem = f"Too many attempts. Try again in {in_words(later.seconds)}."
        return try_later(_page(console, request, status=429, problem=problem), later)
    answer = web.Response(status=303, headers=done("/login", "password-changed").headers)
    forget(answer, request, console.access.gate.rules)
    return answer


def _page(console: Console, request: web.Request, *, status: int = 200, problem: str = "") -> web.Response:
    return console.render(request, "account.html", status=status, problem=problem, shortest=SHORTEST_PASSWORD)
