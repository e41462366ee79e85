"""`/live`, `/ready` and `/metrics`: for machines, without a log-in."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from config.topology import DEAD_LETTER_QUEUE
from worker.alerts.inspection_store import FiguresOfAll
from worker.console.gauges import show_figures
from worker.console.page import Route
from worker.console.single_flight import SingleFlight
from worker.messaging.broker import Broker
from worker.operations.districts import Districts
from worker.pipeline.relay.outbox import OutboxGauge
from worker.runtime import logs
from worker.runtime.errors import StoreFailed, Unavailable
from worker.runtime.loop import Health
from worker.runtime.metrics import Metrics

ANSWER_SECONDS: Final = 3.0
"""How long a probe may take before the part it asks counts as away."""
NO_ANSWER: Final = f"no answer within {ANSWER_SECONDS:.0f} seconds"
WAIT_SECONDS: Final = 0.7
"""How long `/ready` and `/metrics` wait for others: whoever asks has an answer within a second."""
READY_SECONDS: Final = 0.2
METRICS_SECONDS: Final = 1.0
"""How long an answer is good for others who ask: a flood costs the database one question in that time."""
STATUSES: Final = ("waiting", "review", "rostered", "on_hold", "parked", "disconnected", "purged")


@dataclass(slots=True)
class Probes:
    """What a supervisor and a Prometheus ask of one process."""

    districts: Districts
    outboxes: Sequence[OutboxGauge]
    figures: FiguresOfAll
    broker: Broker
    health: Health
    measures: Metrics
    consuming: Callable[[], bool] | None = None
    """Whether the ingest stage has its consumer; None where that stage does not run here."""
    _database: SingleFlight[str | None] = field(init=False)
    _figures: SingleFlight[None] = field(init=False)
    _metrics: SingleFlight[bytes] = field(init=False)
    _known: tuple[float, str | None] | None = field(default=None, init=False)
    """When the database last answered, or failed to, and why it failed."""

    def __post_init__(self) -> None:
        self._database = SingleFlight(self._ask_database, READY_SECONDS)
        self._figures = SingleFlight(self._measure, METRICS_SECONDS)
        self._metrics = SingleFlight(self._body, METRICS_SECONDS)

    def pages(self) -> list[Route]:
        """Return what is answered."""
        return [
            Route("GET", "/live", self.live, None),
            Route("GET", "/ready", self.ready, None),
            Route("GET", "/metrics", self.metrics, None),
        ]

    async def live(self, _request: web.Request) -> web.Response:
        """Say that the process turns over; asks nobody else."""
        return web.json_response({"live": True})

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether the process does its work, and if not, which part fails."""
        problems = self.health.problems
        if self.consuming is not None and not self.consuming() and "ingest" not in problems:
            problems["ingest"] = "no consumer on clever.events"
        if not self.broker.healthy():
            problems["broker"] = "not connected"
        if problem := await self._database_in_time():
            problems["database"] = problem
        return web.json_response(
            {"ready": not problems, "failing": problems}, status=503 if problems else 200
        )

    async def metrics(self, _request: web.Request) -> web.Response:
        """Return the metrics; those counted in the database stay as they were while it is away."""
        return web.Response(body=await self._metrics.get(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def _database_in_time(self) -> str | None:
        """Return why the database does not answer, None where it does: within a second, however busy it is.

        One that takes longer is as it was when it was last known, until it counts as away.
        """
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await self._database.get()
        except TimeoutError:
            if self._known is None or time.monotonic() - self._known[0] > ANSWER_SECONDS:
                return NO_ANSWER
            return self._known[1]

    async def _ask_database(self) -> str | None:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.districts.ping()
            problem = None
        except (Unavailable, TimeoutError) as error:
            problem = str(error) or NO_ANSWER
        except Exception as error:  # noqa: BLE001 — a probe answers whatever happens, and names the part
            problem = f"no answer ({type(error).__name__})"
        self._known = (time.monotonic(), problem)
        return problem

    async def _body(self) -> bytes:
        with suppress(TimeoutError):
            async with asyncio.timeout(WAIT_SECONDS):
                await self._figures.get()
        return generate_latest(self.measures.registry)

    async def _measure(self) -> None:
        """Measure what is not of this process; what cannot be known now stays as it was."""
        for outcome in await asyncio.gather(
            self._measure_database(), self._measure_broker(), return_exceptions=True
        ):
            if isinstance(outcome, Exception):
                self._log_error(outcome)

    async def _measure_database(self) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            statuses = await self.districts.statuses()
            waiting = [await outbox.unpublished() for outbox in self.outboxes]
            figures = await self.figures.figures()
        self.measures.outbox_unpublished.set(sum(waiting))
        show_figures(self.measures, figures)
        for status in STATUSES:
            self.measures.districts.labels(status).set(statuses.get(status, 0))

    async def _measure_broker(self) -> None:
        async with asyncio.timeout(ANSWER_SECONDS):
            waiting = await self.broker.depth(DEAD_LETTER_QUEUE)
        self.measures.dead_letters_waiting.set(waiting or 0)

    def _log_error(self, error: Exception) -> None:
        """Write down what kept figures from being counted, unless it is only away."""
        if isinstance(error, TimeoutError) or (
            isinstance(error, Unavailable) and not isinstance(error, StoreFailed)
        ):
            return
        if self.health.repeats.passes("metrics.failed", type(error).__name__) is not None:
            structlog.get_logger().error("metrics.failed", **logs.shown(error))
