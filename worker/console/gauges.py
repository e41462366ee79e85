"""The figures of all districts, as gauges."""

from __future__ import annotations

from worker.alerts.inspection_store import Figures
from worker.domain.alerts.codes import CATALOGUE
from worker.domain.onboarding.states import State
from worker.runtime.metrics import Metrics


def show_figures(metrics: Metrics, figures: Figures) -> None:
    """Set the gauges to what is so now; a code without incidents shows as 0, so that a rule can tell."""
    for code in CATALOGUE:
        metrics.incidents.labels(code).set(figures.incidents.get(code, 0))
    for state in State:
        metrics.onboarding_districts.labels(state.value).set(figures.onboarding.get(state.value, 0))
    metrics.outbox_oldest_seconds.set(figures.outbox_oldest_seconds)
    metrics.windows_due.set(figures.windows_due)
    metrics.window_overdue_seconds.set(figures.window_overdue_seconds)
    metrics.mails_for_a_person.set(figures.mails_for_a_person)
    for gauge, by_channel in (
        (metrics.alert_deliveries_waiting, figures.deliveries_waiting),
        (metrics.alert_deliveries_dead, figures.deliveries_dead),
    ):
        gauge.clear()  # a channel that has neither any more
        for channel, count in by_channel.items():
            gauge.labels(channel).set(count)
