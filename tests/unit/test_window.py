from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.words import Trigger
from tests.support.builders.records import LIMITS, later, window
from worker.domain.preflight.window import WindowLimits, closing_trigger, deferral_expired

REQUESTS = [Trigger.SETTLED, Trigger.FLUSH, Trigger.FILTER, Trigger.RESYNC, Trigger.APPROVAL]


def test_a_window_stays_open_while_events_keep_coming() -> None:
    busy = window(opened=0, last=290, events=49_999)

    assert closing_trigger(busy, later(299.9), LIMITS) is None


@pytest.mark.parametrize("requested", REQUESTS)
def test_a_window_that_somebody_asked_for_closes_at_once_whatever_it_holds(requested: Trigger) -> None:
    for events in (0, 1, 50_000):
        asked = window(events=events, requested=requested)

        assert closing_trigger(asked, later(0), LIMITS) is requested


def test_a_window_closes_ten_seconds_after_its_last_event() -> None:
    burst = window(opened=0, last=3)

    assert closing_trigger(burst, later(12.999), LIMITS) is None
    assert closing_trigger(burst, later(13), LIMITS) is Trigger.QUIET


def test_a_window_that_never_falls_quiet_closes_by_its_age() -> None:
    busy = window(opened=0, last=295)

    assert closing_trigger(busy, later(299.999), LIMITS) is None
    assert closing_trigger(busy, later(300), LIMITS) is Trigger.AGE


def test_a_window_closes_when_it_is_full() -> None:
    assert closing_trigger(window(events=49_999), later(0), LIMITS) is None
    assert closing_trigger(window(events=50_000), later(0), LIMITS) is Trigger.SIZE
    assert closing_trigger(window(events=50_001), later(0), LIMITS) is Trigger.SIZE


@pytest.mark.parametrize(
    ("limits", "before", "at", "trigger"),
    [
        (replace(LIMITS, quiet=timedelta(seconds=0.25)), 0.249, 0.25, Trigger.QUIET),
        (replace(LIMITS, max_age=timedelta(seconds=1.5)), 1.499, 1.5, Trigger.AGE),
    ],
)
def test_limits_count_in_fractions_of_a_second(
    limits: WindowLimits, before: float, at: float, trigger: Trigger
) -> None:
    assert closing_trigger(window(), later(before), limits) is None
    assert closing_trigger(window(), later(at), limits) is trigger


@pytest.mark.parametrize("requested", REQUESTS)
def test_a_request_goes_before_size_size_before_quiet_and_quiet_before_age(requested: Trigger) -> None:
    everything = window(events=50_000, requested=requested, deferred=0)
    a_day_later = later(86_400)

    assert closing_trigger(everything, a_day_later, LIMITS) is requested
    assert closing_trigger(replace(everything, requested=None), a_day_later, LIMITS) is Trigger.SIZE
    assert closing_trigger(window(deferred=0), a_day_later, LIMITS) is Trigger.QUIET


def test_age_counts_only_for_a_window_that_holds_events() -> None:
    put_off = window(opened=0, last=1000, events=0, deferred=0)

    assert closing_trigger(put_off, later(1005), LIMITS) is None
    assert closing_trigger(replace(put_off, events=1), later(1005), LIMITS) is Trigger.AGE


def test_a_deferred_window_closes_by_age_when_its_deferral_is_over() -> None:
    put_off = window(opened=1795, last=1795, events=0, deferred=0)

    assert closing_trigger(put_off, later(1799.999), LIMITS) is None
    assert closing_trigger(put_off, later(1800), LIMITS) is Trigger.AGE


def test_a_deferral_is_over_at_its_limit_and_never_where_there_is_none() -> None:
    assert not deferral_expired(None, later(1e6), LIMITS)
    assert not deferral_expired(later(0), later(1799.999), LIMITS)
    assert deferral_expired(later(0), later(1800), LIMITS)
