"""`/live`, `/ready`, `/metrics`, and the list of districts at `/`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Final

import jinja2
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from config.topology import DEAD_LETTER_QUEUE
from worker.errors import Unavailable
from worker.ports.broker import Broker
from worker.ports.desk import Desk
from worker.ports.inspection import FiguresOfAll
from worker.ports.outbox import OutboxGauge
from worker.stages.loop import Health
from worker.telemetry import Metrics
from worker.web.figures import show_figures

ANSWER_SECONDS: Final = 3.0
"""How long a probe may take before the part it asks counts as away."""
STATUSES: Final = ("waiting", "review", "rostered", "on_hold", "parked", "disconnected", "purged")
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class WebServer:
    """The HTTP side of one process."""

    def __init__(
        self,
        desk: Desk,
        outboxes: Sequence[OutboxGauge],
        figures: FiguresOfAll,
        broker: Broker,
        health: Health,
        metrics: Metrics,
    ) -> None:
        self._desk = desk
        self._outboxes = outboxes
        self._figures = figures
        self._broker = broker
        self._health = health
        self._metrics = metrics
        self.consuming: Callable[[], bool] | None = None
        """Whether the ingest stage has its consumer; None where that stage does not run here."""
        self.url: str | None = None
        self._runner: web.AppRunner | None = None
        self._pages = jinja2.Environment(
            loader=jinja2.PackageLoader("worker.web"), autoescape=True, undefined=jinja2.StrictUndefined
        )
        self._pages.filters["number"] = lambda number: f"{number:,}"

    async def start(self, host: str, port: int) -> None:
        """Listen; raises `OSError` where the address cannot be had."""
        application = web.Application()
        application.add_routes(
            [
                web.get("/live", self.live),
                web.get("/ready", self.ready),
                web.get("/metrics", self.metrics),
                web.get("/", self.districts),
                web.get("/style.css", self.style),
            ]
        )
        self._runner = web.AppRunner(application, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port, shutdown_timeout=2)
        try:
            await site.start()
        except OSError:
            await self.close()
            raise
        actual = self._runner.addresses[0][1]
        self.url = f"http://{f'[{host}]' if ':' in host else host}:{actual}/"

    async def close(self) -> None:
        """Stop listening; may be called twice."""
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()

    async def live(self, _request: web.Request) -> web.Response:
        """Say that the process turns over; asks nobody else."""
        return web.json_response({"live": True})

    async def ready(self, _request: web.Request) -> web.Response:
        """Say whether the process does its work, and if not, which part fails."""
        problems = self._health.problems
        if self.consuming is not None and not self.consuming() and "ingest" not in problems:
            problems["ingest"] = "no consumer on clever.events"
        if not self._broker.healthy():
            problems["broker"] = "not connected"
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                await self._desk.ping()
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
                statuses = await self._desk.statuses()
                waiting = [await outbox.unpublished() for outbox in self._outboxes]
                self._metrics.outbox_unpublished.set(sum(waiting))
                show_figures(self._metrics, await self._figures.figures())
            for status in STATUSES:
                self._metrics.districts.labels(status).set(statuses.get(status, 0))
        except (Unavailable, TimeoutError):
            pass
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                self._metrics.dead_letters_waiting.set(await self._broker.depth(DEAD_LETTER_QUEUE) or 0)
        except (Unavailable, TimeoutError):
            pass
        body = generate_latest(self._metrics.registry)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    async def districts(self, _request: web.Request) -> web.Response:
        """Return the list of districts as a page."""
        try:
            districts = await self._desk.districts()
        except Unavailable:
            page = self._pages.get_template("away.html").render()
            return web.Response(text=page, content_type="text/html", status=503, headers=HEADERS)
        page = self._pages.get_template("districts.html").render(districts=districts)
        return web.Response(text=page, content_type="text/html", headers=HEADERS)

    async def style(self, _request: web.Request) -> web.Response:
        """Return the page's style sheet."""
        text = resources.files("worker.web").joinpath("static/style.css").read_text()
        return web.Response(text=text, content_type="text/css")
