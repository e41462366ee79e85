"""What is told of each request: its route's pattern, and never what stood in the address."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from structlog.testing import capture_logs

from tests.support.fakes.ports import RecordingTracer
from worker.console.access.identity import IDENTITY, LOCAL
from worker.console.request_log import observing
from worker.runtime.metrics import Metrics

QUOTED = "Fernquay"


class Site:
    """A small site, and what was told of the requests to it."""

    def __init__(self) -> None:
        self.metrics = Metrics()
        self.tracer = RecordingTracer()
        self.logs: Sequence[Any] = []

    async def ask(self, method: str, path: str, **headers: str) -> int:
        """Ask for a page; return the status of the answer."""
        application = web.Application(middlewares=[observing(self.metrics, self.tracer)])
        application.add_routes(
            [
                web.get("/sections/{name}", _greet),
                web.get("/away", _redirect),
                web.get("/broken", _break),
                web.get("/ready", _greet),
            ]
        )
        async with TestClient(TestServer(application)) as client:
            with capture_logs() as logs:
                async with client.request(method, path, headers=headers, allow_redirects=False) as answer:
                    status = answer.status
        self.logs = [log for log in logs if log["event"] == "http.request"]
        return status

    def counted(self, **labels: str) -> float | None:
        """Return how many requests with these labels were counted."""
        name = "rostering_http_request_duration_seconds_count"
        return self.metrics.registry.get_sample_value(name, labels)


async def _greet(request: web.Request) -> web.Response:
    request[IDENTITY] = LOCAL
    return web.Response(text="hello")


async def _redirect(_request: web.Request) -> web.Response:
    raise web.HTTPSeeOther("/")


async def _break(_request: web.Request) -> web.Response:
    raise ValueError(QUOTED)


async def test_a_request_is_one_line_one_span_and_one_figure_by_the_pattern_of_its_route() -> None:
    site, parent = Site(), f"00-{7:032x}-{7:016x}-01"

    assert await site.ask("GET", f"/sections/{QUOTED}?q={QUOTED}", traceparent=parent) == 200

    (line,) = site.logs
    line.pop("seconds")
    assert line == {
        "event": "http.request",
        "log_level": "info",
        "stage": "http",
        "method": "GET",
        "route": "/sections/{name}",
        "status": 200,
        "user": "local",
    }
    (span,) = site.tracer.spans
    assert (span.name, span.kind, span.parent) == ("GET /sections/{name}", "server", parent)
    assert span.attributes["http__response__status_code"] == 200
    assert QUOTED not in str(span)
    assert site.counted(method="GET", route="/sections/{name}", status="200") == 1


@pytest.mark.parametrize(
    ("method", "path", "told", "status"),
    [
        ("GET", "/away", ("GET", "/away"), 303),
        ("GET", f"/{QUOTED}", ("GET", "(none)"), 404),
        ("POST", "/away", ("POST", "(none)"), 405),
        ("PROPFIND", f"/{QUOTED}", ("other", "(none)"), 404),
        ("GET", "/broken", ("GET", "/broken"), 500),
    ],
)
async def test_an_answer_that_is_no_page_is_told_with_its_status_and_as_it_was_given(
    method: str, path: str, told: tuple[str, str], status: int
) -> None:
    site = Site()

    assert await site.ask(method, path) == status

    (line,) = site.logs
    assert (line["method"], line["route"], line["status"]) == (*told, status)
    assert "user" not in line
    assert QUOTED.lower() not in f"{line} {site.tracer.spans}".lower()
    assert site.counted(method=told[0], route=told[1], status=str(status)) == 1


async def test_what_machines_ask_for_every_few_seconds_is_counted_and_told_only_for_debugging() -> None:
    site = Site()

    assert await site.ask("GET", "/ready") == 200

    assert [line["log_level"] for line in site.logs] == ["debug"]
    assert site.tracer.spans == []
    assert site.counted(method="GET", route="/ready", status="200") == 1
