"""Spans by OpenTelemetry, sent to a collector as OTLP over HTTP from a thread of their own.

The library's own way of telling an exception is not used: it keeps the text and the whole stack, which may
quote a row. What it logs itself may quote the collector's address; it is replaced by lines of ours.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from typing import Final

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import NonRecordingSpan, SpanContext, Status, StatusCode, TraceFlags

from worker.runtime import logs
from worker.runtime.tracing import Span, SpanKind, Value, current, entered

EXPORT_SECONDS: Final = 5.0
"""How long one attempt to send a batch of spans may take, with its repetitions."""
CLOSE_SECONDS: Final = 1.5
"""How long the end of the process waits for what is not yet sent."""
QUEUE: Final = 4096
"""Spans that wait to be sent; about 8 MiB. What is more than that is dropped."""
DELAY_SECONDS: Final = 1.0

_KINDS: Final[dict[SpanKind, trace.SpanKind]] = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "producer": trace.SpanKind.PRODUCER,
    "consumer": trace.SpanKind.CONSUMER,
    "client": trace.SpanKind.CLIENT,
}


class OpenTelemetryTracer:
    """A `Tracer`. `sent` is told of each batch of spans, and whether it arrived."""

    def __init__(
        self,
        endpoint: str,
        *,
        process: str,
        headers: Mapping[str, str],
        sent: Callable[[int, bool], None],
    ) -> None:
        for chatty in ("opentelemetry", "urllib3"):
            logging.getLogger(chatty).setLevel(logging.CRITICAL + 1)
        self._exporter = _LoggingExporter(
            OTLPSpanExporter(
                _traces_url(endpoint),
                headers=dict(headers),
                timeout=EXPORT_SECONDS,
                compression=Compression.Gzip,
            ),
            sent,
        )
        resource = {
            "service.name": "rostering",
            "service.version": logs.version(),
            "service.instance.id": process,
        }
        self._provider = TracerProvider(
            resource=Resource.create(resource),
            # At the interpreter's exit it would wait for as long as a collector that is away lets it.
            shutdown_on_exit=False,
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter, max_queue_size=QUEUE, schedule_delay_millis=DELAY_SECONDS * 1000
            )
        )
        self._tracer = self._provider.get_tracer("rostering", logs.version())

    @contextmanager
    def span(
        self, name: str, *, kind: SpanKind = "internal", parent: str | None = None, **attributes: Value
    ) -> Iterator[Span]:
        """Open a span; see `worker.runtime.tracing.Tracer.span`."""
        span = self._tracer.start_span(
            name,
            _remote(parent or current()),
            kind=_KINDS[kind],
            record_exception=False,
            set_status_on_exception=False,
        )
        ours = _OpenSpan(span)
        ours.set(**attributes)
        try:
            context = span.get_span_context()
            # Not valid where the library was switched off by a variable of its own.
            with entered(_written(context)) if context.is_valid else nullcontext():
                yield ours
        except BaseException as error:
            ours.failed(error)
            raise
        finally:
            span.end()

    async def close(self) -> None:
        """Send what waits, for at most `CLOSE_SECONDS`: what a collector that is away misses is lost."""
        loop, over = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # nobody waits any more, and the loop is closed
                loop.call_soon_threadsafe(over.set)

        # Not one of the loop's own threads: its end would wait for them.
        threading.Thread(target=shut_down, name="traces-end", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await over.wait()
        if not over.is_set():
            self._exporter.give_up()


class _OpenSpan:
    """Answers to `worker.runtime.tracing.Span`."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span

    def set(self, **attributes: Value) -> None:
        """Say something of it; a name with two underscores is one of OpenTelemetry's own, with dots."""
        self._span.set_attributes(
            {_name(name): value for name, value in attributes.items() if value is not None}
        )

    def link(self, contexts: Iterable[str]) -> None:
        """Say what led to it."""
        for context in contexts:
            self._span.add_link(_read(context))

    def failed(self, error: BaseException) -> None:
        """Say that it failed, by type and place."""
        self._span.set_status(Status(StatusCode.ERROR, type(error).__name__))
        self._span.set_attributes({"error.type": type(error).__name__, _name("where"): logs.where(error)})


class _LoggingExporter(SpanExporter):
    """Hands spans on, and says in the log when that begins to fail, and when it goes again."""

    def __init__(self, exporter: OTLPSpanExporter, sent: Callable[[int, bool], None]) -> None:
        self._exporter = exporter
        self._sent = sent
        self._away = False
        self._given_up = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans."""
        result = self._exporter.export(spans)
        arrived = result is SpanExportResult.SUCCESS
        self._sent(len(spans), arrived)
        self._log_change(arrived=arrived)
        return result

    def _log_change(self, *, arrived: bool) -> None:
        if self._away is arrived:
            log = structlog.get_logger()
            log.info("traces.resumed") if arrived else log.warning("traces.lost")
        self._away = not arrived

    def give_up(self) -> None:
        """Let a repetition that waits end at once."""
        self._log_change(arrived=False)
        self._given_up = True
        self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the library's has no types

    def shutdown(self) -> None:
        """Send no more."""
        if not self._given_up:
            self._exporter.shutdown()  # type: ignore[no-untyped-call]  # the library's has no types


def _traces_url(endpoint: str) -> str:
    path = "/v1/traces"
    return endpoint if endpoint.endswith(path) else endpoint.rstrip("/") + path


def _name(attribute: str) -> str:
    return attribute.replace("__", ".") if "__" in attribute else f"rostering.{attribute}"


def _read(trace_parent: str) -> SpanContext:
    _, trace_id, span_id, flags = trace_parent.split("-")
    return SpanContext(
        int(trace_id, 16), int(span_id, 16), is_remote=True, trace_flags=TraceFlags(int(flags, 16))
    )


def _remote(trace_parent: str | None) -> Context:
    if trace_parent is None:
        return Context()
    return trace.set_span_in_context(NonRecordingSpan(_read(trace_parent)), Context())


def _written(context: SpanContext) -> str:
    flags = context.trace_flags & TraceFlags.SAMPLED
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{flags:02x}"
