"""An OpenTelemetry collector that keeps what it gets: real OTLP over HTTP, on the loopback."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.trace.v1 import trace_pb2


@dataclass(frozen=True)
class Exported:
    """A span as it arrived."""

    name: str
    trace_id: str
    span_id: str
    parent: str
    """The parent's span id; empty where there is none."""
    links: list[str]
    """Each as the trace context that it names, without its flags."""
    attributes: dict[str, Any]
    kind: int
    status: str
    """What stands with an error; empty where there was none."""
    failed: bool
    events: int

    @property
    def context(self) -> str:
        """The span's own trace context, without its flags."""
        return f"{self.trace_id}-{self.span_id}"


class Collector:
    """What a collector was sent."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.spans: list[Exported] = []
        self.resources: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.texts: list[str] = []
        """Each request as a text, whatever stands in it where."""
        self.refusing = False
        self._news = asyncio.Condition()

    def named(self, name: str) -> list[Exported]:
        """Return the spans of a name."""
        return [span for span in self.spans if span.name == name]

    async def until(self, happened: Callable[[], bool], seconds: float = 30) -> None:
        """Wait until something is true of what was sent."""
        async with asyncio.timeout(seconds), self._news:
            await self._news.wait_for(happened)

    async def take(self, request: web.Request) -> web.Response:
        """Take one request."""
        if self.refusing:
            return web.Response(status=400)
        sent = ExportTraceServiceRequest.FromString(await request.read())
        async with self._news:
            self.headers.append(dict(request.headers))
            self.texts.append(str(sent))
            for of_resource in sent.resource_spans:
                self.resources.append(_attributes(of_resource.resource.attributes))
                self.spans += [_read(span) for scope in of_resource.scope_spans for span in scope.spans]
            self._news.notify_all()
        return web.Response(body=b"", content_type="application/x-protobuf")


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """Run a collector while the context is open."""
    application = web.Application()
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
    collector = Collector("")
    application.router.add_post("/v1/traces", collector.take)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        collector.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        yield collector
    finally:
        await runner.cleanup()


def _read(span: trace_pb2.Span) -> Exported:
    return Exported(
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        [f"{link.trace_id.hex()}-{link.span_id.hex()}" for link in span.links],
        _attributes(span.attributes),
        span.kind,
        span.status.message,
        span.status.code == trace_pb2.Status.STATUS_CODE_ERROR,
        len(span.events),
    )


def _attributes(pairs: Any) -> dict[str, Any]:
    return {pair.key: _value(pair.value) for pair in pairs}


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    return getattr(value, kind) if kind else None
