"""Metrics: every one of a process in one place; none has a district in a label."""

from __future__ import annotations

from typing import Final

from prometheus_client import (
    GC_COLLECTOR,
    PLATFORM_COLLECTOR,
    PROCESS_COLLECTOR,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
)

from worker.runtime.logs import version

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)


class Metrics:
    """Every metric of one process, in a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        for collector in (PROCESS_COLLECTOR, PLATFORM_COLLECTOR, GC_COLLECTOR):
            self.registry.register(collector)
        self._count_work()
        self._measure_times()
        self._show_what_is_so()

    def _count_work(self) -> None:
        self.events_received = self._counter(
            "events_received", "Messages taken from clever.events, by result.", "outcome"
        )
        self.dead_letters = self._counter(
            "dead_letters", "Messages put into clever.events.dead, by reason.", "reason"
        )
        self.floors_corrected = self._counter(
            "floors_corrected", "Baseline floors of districts that were in the future and were corrected."
        )
        self.fields_unread = self._counter(
            "fields_unread",
            "Fields that were left out because they could not be read; no roster needs them.",
            "collection",
        )
        self.batches_closed = self._counter("batches_closed", "Windows closed and evaluated.", "trigger")
        self.decisions = self._counter("decisions", "Batches by decision.", "outcome")
        self.stage_errors = self._counter(
            "stage_errors", "Unexpected errors of stages; each was retried.", "stage"
        )
        self.evaluation_failures = self._counter("evaluation_failures", "Evaluations that failed.")
        self.messages_published = self._counter("messages_published", "Messages published.", "schema")
        self.feed_events = self._counter("feed_events", "Events read from Clever and published.")
        self.baselines = self._counter("baselines", "Baselines read to their end.", "outcome")
        self.baseline_rows = self._counter("baseline_rows", "Rows that baselines read.", "collection")
        self.turns = self._counter("turns", "Turns of reading a district from Clever.", "outcome")
        self.onboarding_moves = self._counter(
            "onboarding_moves", "Automatic state changes of districts in onboarding.", "move"
        )
        self.spans = self._counter("spans", "Trace spans, by whether the collector accepted them.", "outcome")
        self.alerts_delivered = self._counter(
            "alerts_delivered", "Alerts that a channel accepted.", "channel"
        )
        self.alert_delivery_failures = self._counter(
            "alert_delivery_failures", "Attempts to deliver an alert that failed.", "channel"
        )
        self.mails = self._counter(
            "mails",
            "E-mails to districts by result.",
            "kind",
            "outcome",
        )

    def _measure_times(self) -> None:
        self.preflight_seconds = self._histogram(
            "preflight_duration_seconds", "Time to stage, evaluate and decide one batch."
        )
        self.event_to_decision_seconds = self._histogram(
            "event_to_decision_seconds", "Time from storing a batch's first event to its decision."
        )
        self.store_seconds = self._histogram("store_duration_seconds", "Time to store one micro-batch.")
        self.publish_seconds = self._histogram(
            "publish_duration_seconds", "From handing a message to the broker to its confirm."
        )
        self.http_seconds = self._histogram(
            "http_request_duration_seconds", "Time to answer one request.", "method", "route", "status"
        )
        self.http_refused = self._counter(
            "http_connections_refused", "Connections over the limit of one peer or of all.", "address"
        )

    def _show_what_is_so(self) -> None:
        self.outbox_unpublished = self._gauge("outbox_unpublished", "Messages that wait to be published.")
        self.districts = self._gauge("districts", "Districts by status.", "status")
        self.onboarding_districts = self._gauge(
            "onboarding_districts", "Districts in onboarding, by state.", "state"
        )
        self.stage_up = self._gauge("stage_up", "Whether a stage can work: 1, or 0.", "stage")
        self.stage_last_worked = self._gauge(
            "stage_last_worked_timestamp_seconds",
            "When a stage last finished a piece of work, or last saw that there was none.",
            "stage",
        )
        self.alert_deliveries_waiting = self._gauge(
            "alert_deliveries_waiting", "Alerts that wait to be delivered.", "channel"
        )
        self.alert_deliveries_dead = self._gauge(
            "alert_deliveries_dead", "Alerts that a channel did not accept in time.", "channel"
        )
        self.mails_for_a_person = self._gauge(
            "mails_for_a_person",
            "E-mails to districts that are uncertain, dead or bounced and need attention.",
        )
        self.incidents = self._gauge("incidents", "Open incidents by code.", "code")
        self.outbox_oldest_seconds = self._gauge(
            "outbox_oldest_seconds", "Age of the oldest message that waits to be published."
        )
        self.windows_due = self._gauge("windows_due", "Windows that are due and not evaluated yet.")
        self.window_overdue_seconds = self._gauge(
            "window_overdue_seconds", "How long the most overdue window has been due."
        )
        self.dead_letters_waiting = self._gauge(
            "dead_letters_waiting", "Messages that wait on clever.events.dead."
        )
        build = self._gauge("build_info", "Always 1; the label has the version.", "version")
        build.labels(version()).set(1)

    def _counter(self, name: str, meaning: str, *labels: str) -> Counter:
        return Counter(f"rostering_{name}", meaning, labels, registry=self.registry)

    def _gauge(self, name: str, meaning: str, *labels: str) -> Gauge:
        return Gauge(f"rostering_{name}", meaning, labels, registry=self.registry)

    def _histogram(self, name: str, meaning: str, *labels: str) -> Histogram:
        return Histogram(f"rostering_{name}", meaning, labels, buckets=_SECONDS, registry=self.registry)
