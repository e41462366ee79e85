"""Opening what spans are sent by."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from config.settings import Settings
from worker.bootstrap.settings import process_name
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import NO_TRACES, Tracer


@asynccontextmanager
async def open_tracing(settings: Settings, metrics: Metrics) -> AsyncIterator[Tracer]:
    """Open what spans are sent by: nothing, where no collector is configured."""
    tracing = settings.tracing
    if tracing.otlp_endpoint is None:
        yield NO_TRACES
        return
    from worker.adapters.opentelemetry import OpenTelemetryTracer  # noqa: PLC0415 — slow to import

    tracer = OpenTelemetryTracer(
        tracing.otlp_endpoint.get_secret_value(),
        process=process_name(),
        headers={name: value.get_secret_value() for name, value in tracing.headers.items()},
        sent=lambda spans, arrived: metrics.spans.labels("sent" if arrived else "lost").inc(spans),
    )
    try:
        yield tracer
    finally:
        await tracer.close()
