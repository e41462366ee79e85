"""One process of the worker: its stages, from start to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Final

import structlog

from config.settings import Settings
from worker.adapters.inprocess.broker import InProcessBroker
from worker.adapters.postgres import schema
from worker.adapters.rabbitmq.broker import RabbitBroker
from worker.alerts.channel import Channel
from worker.alerts.inspect import InspectStage
from worker.alerts.report_stages import ReportStage
from worker.bootstrap import alerts, mail, time_bounds
from worker.bootstrap.broker import dead_letters, open_broker
from worker.bootstrap.broker_check import BrokerCheck
from worker.bootstrap.checks import STAGES, check_stages
from worker.bootstrap.clever import open_source
from worker.bootstrap.console import build_console
from worker.bootstrap.housekeeping import housekeeping
from worker.bootstrap.settings import process_name, window_limits
from worker.bootstrap.store import Stores, open_store
from worker.bootstrap.tracing import open_tracing
from worker.console.probes import Probes
from worker.console.server import WebServer
from worker.messaging.broker import Broker
from worker.onboarding.advance import AdvanceStage
from worker.operations.clock import ClockStage
from worker.pipeline.evaluate.stage import EvaluateStage, Watcher
from worker.pipeline.ingest.quarantine import QuarantineStage
from worker.pipeline.ingest.stage import IngestStage
from worker.pipeline.poll.context import PollContext
from worker.pipeline.poll.stage import ListStage, PollStage
from worker.pipeline.relay.stage import RelayStage
from worker.runtime import logs
from worker.runtime.errors import SettingsError
from worker.runtime.loop import Health, Stage, Stop, run, when_there
from worker.runtime.metrics import Metrics
from worker.runtime.progress import Progress
from worker.runtime.tracing import NO_TRACES, Tracer
from worker.runtime.watchdog import Watchdog

POLLS: Final = 8
"""Districts read from Clever side by side in one process: a turn is mostly waiting."""
EVALUATIONS: Final = 2
"""Districts evaluated side by side in one process, so that a full run holds no small district up."""
NEED_BROKER: Final = ("ingest", "quarantine", "watchdog", "poll.list", "poll", "relay", "relay.alerts")
"""Stages that begin once the broker is there; evaluation, alerts and pages do not wait for it."""


@dataclass(frozen=True, slots=True)
class RunningWorker:
    """A worker that runs: what it works on, and the address of its page (None: not served)."""

    store: Stores
    broker: RabbitBroker | InProcessBroker
    url: str | None
    opening_link: str | None = None
    """What opens the page, once, where it has no users; for a terminal, and for no log."""


class Worker:
    """The stages of one process, from start to stop."""

    def __init__(self, settings: Settings, stages: Collection[str], *, needs_http: bool = True) -> None:
        check_stages(stages, settings)
        self._settings = settings
        self._stages = [
            name for name in STAGES if name in stages and (name != "notify" or alerts.notifies(settings))
        ]
        self._delivers = "notify" in self._stages and alerts.delivers(settings)
        self._needs_http = needs_http
        self.stop = Stop()
        self.metrics = Metrics()
        self.health = Health(self.metrics)
        self.tracer: Tracer = NO_TRACES
        self.watch: Watcher | None = None
        self.progress: Callable[[str], Progress] | None = None
        self.started: Callable[[RunningWorker], None] | None = None
        """Told once everything runs."""

    async def run(self) -> int:
        """Run until asked to stop; return the exit code: 0, or 1 where a supervisor should start anew."""
        async with AsyncExitStack() as stack:
            self.tracer = await stack.enter_async_context(open_tracing(self._settings, self.metrics))
            opened = partial(open_store, self._settings, is_worker="evaluate" in self._stages)
            store = await when_there(lambda: stack.enter_async_context(opened()), self.stop, self.health)
            if store is None or self.stop.requested:
                return 0
            broker = open_broker(self._settings, store)
            stack.push_async_callback(broker.close)
            check = BrokerCheck(broker, self._stages, self.stop, self.health)
            await check.first_look()
            opening = open_source(self._settings, store, broker, self.metrics, self.tracer)
            source = await stack.enter_async_context(opening)
            channels: list[Channel] = []
            if self._delivers:
                channels = await stack.enter_async_context(alerts.open_channels(self._settings))
            return await self._run(store, broker, source, channels, check)

    async def _run(
        self,
        store: Stores,
        broker: RabbitBroker | InProcessBroker,
        source: PollContext | None,
        channels: Sequence[Channel],
        check: BrokerCheck,
    ) -> int:
        ingest = IngestStage(broker, store.inbox, self.metrics, tracer=self.tracer)
        watchdog = Watchdog(ingest, self.health, self.stop, self._settings.watchdog_seconds)
        absent = {
            name
            for name, is_absent in (("poll", source is None), ("notify", not self._delivers))
            if is_absent
        }
        self.health.starting(set(self._stages) - absent)
        server = await self._serve(store, broker, ingest)
        if "evaluate" in self._stages:
            await when_there(store.evaluations.demand_policy, self.stop, self.health)
        made = self._pipeline(store, broker, ingest, source) + self._beside(store, channels)
        quarantine = QuarantineStage(broker, store.losses, dead_letters(broker, store), self.metrics)
        if "ingest" in self._stages:
            made.append(watchdog)
            if isinstance(broker, RabbitBroker):
                made.append(quarantine)
        work = [check.until_stopped()]
        for stage in made:
            running = run(stage, self.stop, self.health)
            work.append(check.before(running) if stage.name in NEED_BROKER else running)
        tasks = [asyncio.create_task(piece) for piece in work]
        url = server.url if server else None
        probes = server.probes_url if server else None
        structlog.get_logger().info("worker.started", stages=self._stages, url=url, probes=probes)
        if self.started:
            link = await when_there(server.opening_link, self.stop, self.health) if server else None
            self.started(RunningWorker(store, broker, url, link))
        try:
            await self._until_stopped(tasks)
        finally:
            await _closed(ingest.close, quarantine.close, *([server.close] if server else []))
        structlog.get_logger().info("worker.stopped", expired=watchdog.expired)
        return 1 if watchdog.expired else 0

    def _beside(self, store: Stores, channels: Sequence[Channel]) -> list[Stage]:
        """Return the stages beside the pipeline."""
        made: list[Stage] = []
        if self._delivers:
            made += alerts.delivery_stages(store.deliveries, channels, self.metrics, self.tracer)
        if "notify" in self._stages:
            made += mail.mail_stages(store.mails, self.metrics, self._settings, self.tracer)
        check_schema = partial(schema.check_still, store.dsn)
        return [
            *made,
            housekeeping(store, self.stop, self._settings),
            ClockStage(store.clock(time_bounds.longest(self._settings)), self.stop.sleep),
            ReportStage(store.stage_failures, self.health, process_name(), self.stop.sleep, check_schema),
        ]

    def _pipeline(
        self, store: Stores, broker: Broker, ingest: IngestStage, source: PollContext | None
    ) -> list[Stage]:
        made: list[Stage] = [ingest] if "ingest" in self._stages else []
        if "poll" in self._stages and source is not None:
            made += [ListStage(source), *(PollStage(source, self.progress) for _ in range(POLLS))]
        if "evaluate" in self._stages:
            made += [
                EvaluateStage(
                    store.evaluations,
                    window_limits(self._settings),
                    self.metrics,
                    self.watch,
                    self.progress,
                    suggest_seconds=self._settings.preflight.suggest_seconds,
                    tracer=self.tracer,
                )
                for _ in range(EVALUATIONS)
            ]
        if "relay" in self._stages:
            made += [
                RelayStage(store.outbox, broker, self.metrics, self.tracer, repeats=self.health.repeats),
                RelayStage(
                    store.alerts,
                    broker,
                    self.metrics,
                    self.tracer,
                    name="relay.alerts",
                    repeats=self.health.repeats,
                ),
                InspectStage(
                    store.inspections,
                    broker,
                    timedelta(seconds=self._settings.alerts.inspect_seconds),
                    self.stop.sleep,
                ),
                AdvanceStage(
                    store.onboarding,
                    self._settings.onboarding.look_seconds,
                    self.stop.sleep,
                    self.metrics,
                    self.tracer,
                ),
            ]
        return made

    async def _serve(
        self, store: Stores, broker: RabbitBroker | InProcessBroker, ingest: IngestStage
    ) -> WebServer | None:
        if "http" not in self._stages:
            return None
        outboxes = [store.outbox, store.alerts]
        probes = Probes(store.districts, outboxes, store.inspections, broker, self.health, self.metrics)
        if "ingest" in self._stages:
            probes.consuming = lambda: ingest.consuming
        served = build_console(self._settings, store, broker)
        if await when_there(served.access.may_be_served, self.stop, self.health) is False:
            raise SettingsError(
                f"ROSTERING_HTTP__HOST: {self._settings.http.host} can be reached from other machines, but "
                "there are no users: add one with `rostering users add NAME --role admin`, or set the proxy "
                "that logs users in (ROSTERING_HTTP__TRUSTED_PROXIES and ROSTERING_HTTP__USER_HEADER)"
            )
        server = WebServer(probes, served, self.tracer)
        http = self._settings.http
        try:
            await server.start(http.host, http.port, http.probes_port)
        except SettingsError as error:
            if self._needs_http:
                raise
            structlog.get_logger().error("http.unavailable", reason=str(error))
            return None
        return server

    async def _until_stopped(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for the stop, then for what is in hand; what no repetition can mend stops all."""
        stopping = asyncio.create_task(self.stop.wait())
        await asyncio.wait([stopping, *tasks], return_when=asyncio.FIRST_COMPLETED)
        self.stop.set()
        _, late = await asyncio.wait(tasks, timeout=self._settings.shutdown_seconds)
        for task in late:
            task.cancel()
        results = await asyncio.gather(stopping, *tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception):
                raise result


async def _closed(*closing: Callable[[], Awaitable[None]]) -> None:
    """Close one after the other; an error of one is written down, and keeps none of the others open."""
    for close in closing:
        try:
            await close()
        except Exception as error:  # noqa: BLE001 — the process ends: what it held goes with it
            structlog.get_logger().warning("worker.not_closed", **logs.shown(error))
