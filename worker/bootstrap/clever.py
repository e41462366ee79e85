"""Opening the Clever source."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

from config.settings import Settings
from worker.bootstrap.store import Stores
from worker.messaging.broker import Publisher
from worker.pipeline.poll.context import PollContext, PollTiming
from worker.runtime.metrics import Metrics
from worker.runtime.tracing import NO_TRACES, Tracer

JITTER: Final = 0.1


@asynccontextmanager
async def open_source(
    settings: Settings, store: Stores, publisher: Publisher, metrics: Metrics, tracer: Tracer = NO_TRACES
) -> AsyncIterator[PollContext | None]:
    """Open the Clever source; None where none is configured. Raises `SettingsError`."""
    app = settings.clever
    if store.connections is None or app.client_id is None or app.client_secret is None:
        yield None
        return
    from worker.adapters.clever.client import CleverClient  # noqa: PLC0415 — slow to import

    client = CleverClient(
        api_url=app.api_url,
        oauth_url=app.token_service,
        api_version=app.api_version,
        client_id=app.client_id,
        client_secret=app.client_secret.get_secret_value(),
        page_size=app.page_size,
        requests=app.requests_per_minute,
    )
    pace = PollTiming(
        poll=timedelta(seconds=app.poll_seconds),
        quiet=timedelta(seconds=app.quiet_poll_seconds),
        paused=timedelta(seconds=app.paused_poll_seconds),
        jitter=JITTER,
        baseline=timedelta(hours=app.baseline_hours),
    )
    try:
        yield PollContext(client, store.connections, store.baselines, publisher, metrics, pace, tracer)
    finally:
        await client.close()
