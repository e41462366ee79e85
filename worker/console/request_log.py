"""One line, one span and one figure a request: what was asked for by its pattern, never by its path."""

from __future__ import annotations

import time
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from worker.console.access.identity import IDENTITY
from worker.runtime.metrics import Metrics
from worker.runtime.trace_context import read_trace_parent
from worker.runtime.tracing import Tracer

METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
NO_ROUTE: Final = "(none)"
_OFTEN_ASKED: Final = ("/live", "/ready", "/metrics", "/static/")
"""By machines, every few seconds or with every page: no spans, and lines only for debugging."""
_SERVER_ERROR: Final = 500


def observing(metrics: Metrics, tracer: Tracer) -> Middleware:
    """Return the middleware that tells of every request; to stand before all others."""

    @web.middleware
    async def middleware(request: web.Request, handler: Handler) -> web.StreamResponse:
        route = pattern(request)
        if _is_often_asked(route):
            return _given(await _logged(metrics, request, handler, route))
        with tracer.span(
            f"{_method(request)} {route}",
            kind="server",
            parent=read_trace_parent(request.headers.get("traceparent")),
            http__request__method=_method(request),
            http__route=route,
        ) as span:
            answer = await _logged(metrics, request, handler, route)
            span.set(http__response__status_code=answer.status)
        return _given(answer)

    return middleware


def pattern(request: web.Request) -> str:
    """Return the path as it is routed, without what stands in its places."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else NO_ROUTE


async def _logged(
    metrics: Metrics, request: web.Request, handler: Handler, route: str
) -> web.StreamResponse | web.HTTPException:
    started, status = time.perf_counter(), _SERVER_ERROR
    try:
        answer = await _answered(request, handler)
        status = answer.status
    finally:
        seconds = time.perf_counter() - started
        metrics.http_seconds.labels(_method(request), route, status).observe(seconds)
        log = structlog.get_logger()
        identity = request.get(IDENTITY)
        (log.debug if _is_often_asked(route) else log.info)(
            "http.request",
            stage="http",
            method=_method(request),
            route=route,
            status=status,
            seconds=round(seconds, 3),
            **({} if identity is None else {"user": identity.name}),
        )
    return answer


async def _answered(request: web.Request, handler: Handler) -> web.StreamResponse | web.HTTPException:
    try:
        return await handler(request)
    except web.HTTPException as answer:  # a redirection, say: an answer, and no failure
        return answer


def _given(answer: web.StreamResponse | web.HTTPException) -> web.StreamResponse:
    if isinstance(answer, web.HTTPException):
        raise answer
    return answer


def _method(request: web.Request) -> str:
    return request.method if request.method in METHODS else "other"


def _is_often_asked(route: str) -> bool:
    return route.startswith(_OFTEN_ASKED)
