"""The site: every page with its guard, what all answers have, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final
from urllib.parse import quote

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from worker.console.access import cookies, csrf, request_origin
from worker.console.access.gate import Gate, session_token
from worker.console.access.identity import IDENTITY, NOBODY
from worker.console.access.refusal import LogInFirst, RefusedRequest
from worker.console.console import Console
from worker.console.content_policy import CONTENT_POLICY
from worker.console.page import Route
from worker.console.request_log import pattern
from worker.domain.roster.keepable_text import can_be_kept
from worker.runtime import logs
from worker.runtime.errors import StoreFailed, StoreRefused, Unavailable, UnknownDistrictError

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not `no-referrer`: browsers then hide from us, too, which site a form was sent from.
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
SERVER: Final = {"Server": "rostering"}
HTTPS_ONLY: Final = {"Strict-Transport-Security": "max-age=31536000"}
MOST_BYTES: Final = 1 << 20
"""Of a form: the longest is a section filter."""


def site(pages: Iterable[Route], console: Console, first: Sequence[Middleware] = ()) -> web.Application:
    """Return the application that answers with these pages; what is `first` sees every request and answer."""
    gate = console.access.gate
    application = web.Application(
        middlewares=[*first, _with_secret(gate), _error_pages(console)], client_max_size=MOST_BYTES
    )
    application.on_response_prepare.append(partial(_put_headers, gate))
    for page in pages:
        application.router.add_route(page.method, page.path, partial(_guarded, page, gate))
        if page.method == "GET":
            application.router.add_route("HEAD", page.path, partial(_guarded, page, gate))
    return application


async def _guarded(page: Route, gate: Gate, request: web.Request) -> web.StreamResponse:
    """Answer with a page to those who may have it; a form must come from a page of ours besides."""
    _check_texts([*request.query.keys(), *request.query.values()])
    if page.permission is not None:
        _check_texts(request.match_info.values())
        request[IDENTITY] = identity = await gate.identify(request)
        if not identity.has_session:
            request[csrf.SECRET] = csrf.secret_of(request, None, gate.rules)
        if not identity.may(page.permission):
            raise web.HTTPForbidden
    if page.method == "POST":
        await csrf.check(request, gate.rules)
        form = await request.post()
        _check_texts([text for pair in form.items() for text in pair if isinstance(text, str)])
    return await page.handler(request)


def _check_texts(texts: Iterable[str]) -> None:
    """Raise `RefusedRequest` for what no person types and nothing can keep, in an address or a form."""
    if not all(map(can_be_kept, texts)):
        raise RefusedRequest(
            400,
            "Invalid characters",
            "The request contains characters that are not allowed. Nothing was changed.",
        )


def _with_secret(gate: Gate) -> Middleware:
    """Return the middleware that knows the secret of a browser's forms, and gives one where there is none."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[IDENTITY] = NOBODY
        request[csrf.SECRET] = csrf.secret_of(request, session_token(request, gate.rules), gate.rules)
        try:
            response = await handler(request)
        except web.HTTPException as redirection:
            _give_secret(request, redirection, gate)
            raise
        _give_secret(request, response, gate)
        return response

    return middleware


def _give_secret(request: web.Request, response: web.StreamResponse, gate: Gate) -> None:
    secret = request[csrf.SECRET]
    if secret.is_new and secret.was_used:
        cookies.put(response, request, gate.rules, (cookies.VISIT, secret.value))


async def _put_headers(gate: Gate, request: web.Request, response: web.StreamResponse) -> None:
    """Put on every answer what all of them have, just before it goes: a file goes while it is still made."""
    is_https = request_origin.is_https(request, gate.rules)
    for name, value in (SECURITY_HEADERS | (HTTPS_ONLY if is_https else {})).items():
        response.headers.setdefault(name, value)
    response.headers.update(SERVER)  # in place of which library it is, in which version


def _error_pages(console: Console) -> Middleware:
    """Return the middleware that makes pages of errors; none shows the text of a foreign one."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPRedirection:
            raise
        except LogInFirst:
            return _to_log_in(console, request)
        except RefusedRequest as refused:
            return console.render(
                request, "refused.html", status=refused.status, title=refused.title, text=refused.text
            )
        except web.HTTPException as error:
            return console.render(request, "error.html", status=error.status, status_code=error.status)
        except UnknownDistrictError:
            return console.render(request, "error.html", status=404, status_code=404)
        except Unavailable as error:
            return _away(console, request, error)
        except Exception as error:  # noqa: BLE001 — its text may quote a row: only its kind and place are told
            if isinstance(error, StoreRefused) and not _is_ours(error):
                title, text = "This cannot be saved", "A value cannot be stored. Nothing was changed."
                return console.render(request, "refused.html", status=422, title=title, text=text)
            _log(request, error)
            return console.render(request, "error.html", status=500, status_code=500)

    return middleware


def _away(console: Console, request: web.Request, error: Unavailable) -> web.Response:
    """Say that something is away for now; what failed for no reason that we know is logged besides."""
    if isinstance(error, StoreFailed):
        _log(request, error)
    return console.render(request, "away.html", status=503)


def _log(request: web.Request, error: Exception) -> None:
    log = structlog.get_logger().bind(method=request.method, page=pattern(request))
    log.error("http.failed", **logs.shown(error))


def _is_ours(error: StoreRefused) -> bool:
    """Whether a constraint of ours was hurt: a fault of ours, and none of what was sent."""
    return error.fault is not None and (error.fault.sqlstate or "").startswith("23")


def _to_log_in(console: Console, request: web.Request) -> web.Response:
    """Return the way to the log-in; what a form held is lost, and told to be."""
    if request.method in {"GET", "HEAD"}:
        back = quote(request_origin.local_path(request.raw_path), safe="/")
        return web.Response(status=303, headers={"Location": f"/login?next={back}"})
    title, text = (
        "You are not logged in",
        "Your session has expired. Nothing was changed. Log in and try again.",
    )
    return console.render(request, "refused.html", status=401, title=title, text=text)
