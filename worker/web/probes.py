"""`/live`, `/ready` and `/metrics`: for machines, without a log-in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from config.topology import DEAD_LETTER_QUEUE
from worker import telemetry
from worker.errors import StoreFailed, Unavailable
from worker.metrics import Metrics
from worker.ports.broker import Broker
from worker.ports.desk import Desk
from worker.ports.inspection import FiguresOfAll
from worker.ports.outbox import OutboxGauge
from worker.stages.loop import Health
from worker.web.figures import show_figures
from worker.web.page import Page

ANSWER_SECONDS: Final = 3.0
"""How long a probe may take before the part it asks counts as away."""
STATUSES: Final = ("waiting", "review", "rostered", "on_hold", "parked", "disconnected", "purged")


@dataclass(slots=True)
class Probes:
    """What a supervisor and a Prometheus ask of one process."""

    desk: Desk
    outboxes: Sequence[OutboxGauge]
    figures: FiguresOfAll
    broker: Broker
    health: Health
    measures: Metrics
    consuming: Callable[[], bool] | None = None
    """Whether the ingest stage has its consumer; None where that stage does not run here."""

    def pages(self) -> list[Page]:
        """Return what is answered."""
        return [
            Page("GET", "/live", self.live, None),
            Page("GET", "/ready", self.ready, None),
            Page("GET", "/metrics", self.metrics, None),
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
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self.desk.ping()
        except (Unavailable, TimeoutError) as error:
            problems["database"] = str(error) or f"no answer within {ANSWER_SECONDS:.0f} seconds"
        except Exception as error:  # noqa: BLE001 — a probe answers whatever happens, and names the part
            problems["database"] = f"no answer ({type(error).__name__})"
        return web.json_response(
            {"ready": not problems, "failing": problems}, status=503 if problems else 200
        )

    async def metrics(self, _request: web.Request) -> web.Response:
        """Return the metrics; those counted in the database stay as they were while it is away."""
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                statuses = await self.desk.statuses()
                waiting = [await outbox.unpublished() for outbox in self.outboxes]
                self.measures.outbox_unpublished.set(sum(waiting))
                show_figures(self.measures, await self.figures.figures())
            for status in STATUSES:
                self.measures.districts.labels(status).set(statuses.get(status, 0))
        except Exception as error:  # noqa: BLE001 — the metrics of this process are there whatever fails
            self._tell(error)
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                waiting_letters = await self.broker.depth(DEAD_LETTER_QUEUE)
                self.measures.dead_letters_waiting.set(waiting_letters or 0)
        except Exception as error:  # noqa: BLE001 — the metrics of this process are there whatever fails
            self._tell(error)
        body = generate_latest(self.measures.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    def _tell(self, error: Exception) -> None:
        """Write down what kept figures from being counted, unless it is only away."""
        if isinstance(error, TimeoutError) or (
            isinstance(error, Unavailable) and not isinstance(error, StoreFailed)
        ):
            return
        if self.health.repeats.passes("metrics.failed", type(error).__name__) is not None:
            structlog.get_logger().error("metrics.failed", **telemetry.shown(error))
