"""The site: every page with its guard, what all answers have, and what becomes of errors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from worker import telemetry
from worker.errors import Unavailable, UnknownDistrictError
from worker.web.access.identity import IDENTITY, LOCAL, Identity
from worker.web.console import Console
from worker.web.observing import pattern
from worker.web.page import Page

SECURITY_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def site(pages: Iterable[Page], console: Console, first: Sequence[Middleware] = ()) -> web.Application:
    """Return the application that answers with these pages; what is `first` sees every request and answer."""
    application = web.Application(middlewares=[*first, _with_headers, _telling_errors(console)])
    for page in pages:
        application.router.add_route(page.method, page.path, partial(_guarded, page))
        if page.method == "GET":
            application.router.add_route("HEAD", page.path, partial(_guarded, page))
    return application


async def _guarded(page: Page, request: web.Request) -> web.StreamResponse:
    """Answer with a page to those who may have it."""
    identity = request[IDENTITY]
    if page.permission is not None and not identity.may(page.permission):
        raise web.HTTPForbidden
    return await page.handler(request)


def _identify(_request: web.Request) -> Identity:
    return LOCAL


@web.middleware
async def _with_headers(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[IDENTITY] = _identify(request)
    response = await handler(request)
    for name, value in SECURITY_HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _telling_errors(console: Console) -> Middleware:
    """Return the middleware that makes pages of errors; none shows the text of a foreign one."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPRedirection:
            raise
        except web.HTTPException as error:
            return console.render(request, "error.html", status=error.status, status_code=error.status)
        except UnknownDistrictError:
            return console.render(request, "error.html", status=404, status_code=404)
        except Unavailable:
            return console.render(request, "away.html", status=503)
        except Exception as error:  # noqa: BLE001 — its text may quote a row: only its kind and place are told
            structlog.get_logger().error(
                "http.failed",
                method=request.method,
                page=pattern(request),
                error=type(error).__name__,
                where=telemetry.where(error),
            )
            return console.render(request, "error.html", status=500, status_code=500)

    return middleware
